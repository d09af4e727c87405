// The paper's own results (arXiv 2012.03478, section 4), and others from a file.
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

struct Line {
  PaperFigure figure;
  std::string value;  // as written there
  std::size_t number = 0;
};

InputError wrong_line(const std::string& path, const Line& line) {
  const PaperFigure& figure = line.figure;
  return InputError(text(path, ", line ", line.number,
                         ": expected a table, a row and a column as in tables.txt, a corpus and a "
                         "number, got '",
                         printable(figure.table), "', '", printable(figure.row), "', '",
                         printable(figure.column), "', '", printable(figure.corpus), "', '",
                         printable(line.value), "'; correct the line"));
}

std::vector<Line> read_lines(const std::string& path) {
  const CsvTable csv = read_csv(path);
  const std::size_t table = csv.column("table"), row = csv.column("row"),
                    column = csv.column("column"), corpus = csv.column("corpus"),
                    value = csv.column("value");
  std::vector<Line> lines;
  for (const CsvRow& cells : csv.rows) {
    const auto number = parse_double(cells.cells[value]);
    const Line line{{.table = cells.cells[table],
                     .row = cells.cells[row],
                     .column = cells.cells[column],
                     .corpus = cells.cells[corpus],
                     .value = number.value_or(0)},
                    cells.cells[value],
                    cells.line};
    if (!number || line.figure.corpus.empty()) throw wrong_line(path, line);
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

void check_paper_figures(const std::string& csv_path) {
  read_lines(csv_path);
}

std::vector<PaperFigure> paper_figures(const std::optional<std::string>& csv_path,
                                       const std::vector<PaperTable>& tables) {
  std::vector<PaperFigure> figures = known_figures();
  for (const PaperFigure& figure : figures) {
    if (std::none_of(tables.begin(), tables.end(),
                     [&](const PaperTable& table) { return has_place(table, figure); })) {
      throw WorkError(text("the paper's value ", figure.value, ": expected a table ", figure.table,
                           " with the row '", figure.row, "' and the column '", figure.column,
                           "', got none"));
    }
  }
  if (!csv_path) return figures;
  for (const Line& line : read_lines(*csv_path)) {
    if (std::none_of(tables.begin(), tables.end(),
                     [&](const PaperTable& table) { return has_place(table, line.figure); })) {
      throw wrong_line(*csv_path, line);
    }
    figures.push_back(line.figure);
  }
  return figures;
}

}  // namespace minet::comparison
