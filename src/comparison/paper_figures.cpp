// The paper's own figures (arXiv 2012.03478, section 4), and others from a file.
#include <algorithm>

#include "comparison/paper_table.hpp"
#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::comparison {
namespace {

PaperFigure urmp(const char* table, const char* row, const char* column, double value) {
  return {.table = table, .row = row, .column = column, .corpus = "URMP", .value = value};
}

PaperFigure solos(const char* table, const char* row, const char* column, double value) {
  return {.table = table, .row = row, .column = column, .corpus = "Solos", .value = value};
}

const std::vector<PaperFigure>& known_figures() {
  static const std::vector<PaperFigure> figures{
      urmp("1", "Seq2Seq", "NDB", 48),
      urmp("1", "Graph-Transformer", "NDB", 45),
      urmp("1", "MI Net", "NDB", 33),
      urmp("1", "Content cond. MI Net", "NDB", 35),
      urmp("1", "real test clips", "NDB", 36),
      solos("1", "Seq2Seq", "NDB", 44),
      solos("1", "Graph-Transformer", "NDB", 41),
      solos("1", "MI Net", "NDB", 36),
      solos("1", "real test clips", "NDB", 31),
      urmp("2", "Seq2Seq", "accuracy", 0.826),
      urmp("2", "Graph-Transformer", "accuracy", 0.892),
      urmp("2", "MI Net", "accuracy", 0.937),
      solos("2", "Seq2Seq", "accuracy", 0.378),
      solos("2", "Graph-Transformer", "accuracy", 0.383),
      solos("2", "MI Net", "accuracy", 0.615),
      urmp("3", "MI Net", "taken for real", 0.24),
      urmp("3", "nobody can tell", "taken for real", 0.5),
      urmp("4", "MI Net without MBR blocks", "L2", 0.89),
      urmp("4", "MI Net", "L2", 0.78),
      urmp("4", "with over without", "L2", 0.78 / 0.89),
      urmp("5", "GRU-Seq2Seq", "nats per code", 2.93),
      urmp("5", "Content cond. MI Net", "nats per code", 2.55)};
  return figures;
}

bool has_place(const PaperTable& table, const PaperFigure& figure) {
  return table.key == figure.table &&
         std::any_of(table.rows.begin(), table.rows.end(),
                     [&](const TableRow& row) { return row.name == figure.row; }) &&
         std::find(table.columns.begin(), table.columns.end(), figure.column) !=
             table.columns.end();
}

}  // namespace

std::vector<PaperFigure> paper_figures(const std::optional<std::string>& csv_path,
                                       const std::vector<PaperTable>& tables) {
  std::vector<PaperFigure> figures = known_figures();
  for (const PaperFigure& figure : figures) {
    if (std::none_of(tables.begin(), tables.end(),
                     [&](const PaperTable& table) { return has_place(table, figure); })) {
      throw WorkError(text("the paper's figure ", figure.value, ": expected a table ", figure.table,
                           " with the row '", figure.row, "' and the column '", figure.column,
                           "', got none"));
    }
  }
  if (!csv_path) return figures;
  const CsvTable csv = read_csv(*csv_path);
  const std::size_t table = csv.column("table"), row = csv.column("row"),
                    column = csv.column("column"), corpus = csv.column("corpus"),
                    value = csv.column("value");
  for (const CsvRow& line : csv.rows) {
    const auto number = parse_double(line.cells[value]);
    PaperFigure figure{.table = line.cells[table],
                       .row = line.cells[row],
                       .column = line.cells[column],
                       .corpus = line.cells[corpus],
                       .value = number.value_or(0)};
    const bool known = std::any_of(tables.begin(), tables.end(), [&](const PaperTable& candidate) {
      return has_place(candidate, figure);
    });
    if (!known || !number || figure.corpus.empty()) {
      throw InputError(text(*csv_path, ", line ", line.line,
                            ": expected a table, a row and a column as in tables.txt, a corpus and "
                            "a number, got '",
                            printable(figure.table), "', '", printable(figure.row), "', '",
                            printable(figure.column), "', '", printable(figure.corpus), "', '",
                            printable(line.cells[value]), "'; correct the line"));
    }
    figures.push_back(std::move(figure));
  }
  return figures;
}

}  // namespace minet::comparison
