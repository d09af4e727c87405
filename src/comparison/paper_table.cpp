#include "comparison/paper_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/html.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"

namespace minet::comparison {
namespace {

// The paper's own figures (arXiv 2012.03478, section 4, on URMP), with where they go.
const std::vector<PaperFigure>& known_figures() {
  static const std::vector<PaperFigure> figures{
      {.table = "1", .row = "real test clips", .column = "NDB", .value = 36},
      {.table = "2", .row = "MI Net", .column = "accuracy", .value = 0.937},
      {.table = "2", .row = "GRU Seq2Seq", .column = "accuracy", .value = 0.826},
      {.table = "2", .row = "Graph-Transformer", .column = "accuracy", .value = 0.892},
      {.table = "3", .row = "MI Net", .column = "L2", .value = 0.78},
      {.table = "3", .row = "MI Net without MBR blocks", .column = "L2", .value = 0.89},
      {.table = "4", .row = "MI Net, with notes", .column = "nats a code", .value = 2.55},
      {.table = "4", .row = "GRU-Seq2Seq, with notes", .column = "nats a code", .value = 2.93}};
  return figures;
}

// Student's two-sided 95 % quantile for 1 to 30 degrees of freedom; the normal one beyond.
double student_95(std::size_t degrees) {
  constexpr std::array<double, 30> kQuantiles{
      12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
      2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
      2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
  return degrees <= kQuantiles.size() ? kQuantiles[degrees - 1] : 1.960;
}

std::optional<double> paper_value(const std::vector<PaperFigure>& paper, const PaperTable& table,
                                  const TableRow& row, const std::string& column) {
  for (const PaperFigure& figure : paper) {
    if (figure.table == table.key && figure.row == row.name && figure.column == column) {
      return figure.value;
    }
  }
  return std::nullopt;
}

bool has_paper_values(const std::vector<PaperFigure>& paper, const PaperTable& table) {
  return std::any_of(paper.begin(), paper.end(),
                     [&](const PaperFigure& figure) { return figure.table == table.key; });
}

std::string interval_of(const Measured& measured) {
  if (!measured.low || !measured.high) return {};
  return text(figure(*measured.low), " to ", figure(*measured.high));
}

std::string cell_text(const Cell& cell) {
  if (!cell) return "-";
  const std::string interval = interval_of(*cell);
  return interval.empty() ? figure(cell->value) : text(figure(cell->value), " (", interval, ")");
}

}  // namespace

Measured over_runs(const std::vector<Measured>& runs) {
  if (runs.size() == 1) return runs.front();
  const auto count = static_cast<double>(runs.size());
  double mean = 0, squares = 0;
  for (const Measured& run : runs) mean += run.value / count;
  for (const Measured& run : runs) squares += (run.value - mean) * (run.value - mean);
  const double half = student_95(runs.size() - 1) * std::sqrt(squares / (count - 1) / count);
  return {.value = mean, .low = mean - half, .high = mean + half};
}

TableRow& PaperTable::row(const std::string& name) {
  for (TableRow& row : rows) {
    if (row.name == name) return row;
  }
  return rows.emplace_back(TableRow{.name = name, .cells = std::vector<Cell>(columns.size())});
}

std::vector<PaperFigure> paper_figures(const std::optional<std::string>& csv_path,
                                       const std::vector<PaperTable>& tables) {
  std::vector<PaperFigure> figures = known_figures();
  if (!csv_path) return figures;
  const CsvTable csv = read_csv(*csv_path);
  const std::size_t table = csv.column("table"), row = csv.column("row"),
                    column = csv.column("column"), value = csv.column("value");
  for (const CsvRow& line : csv.rows) {
    const auto number = parse_double(line.cells[value]);
    const bool known = std::any_of(tables.begin(), tables.end(), [&](const PaperTable& candidate) {
      return candidate.key == line.cells[table] &&
             std::any_of(candidate.rows.begin(), candidate.rows.end(),
                         [&](const TableRow& place) { return place.name == line.cells[row]; }) &&
             std::find(candidate.columns.begin(), candidate.columns.end(), line.cells[column]) !=
                 candidate.columns.end();
    });
    if (!known || !number) {
      throw InputError(text(*csv_path, ", line ", line.line,
                            ": expected a table, a row and a column as in tables.txt and a number, "
                            "got '",
                            printable(line.cells[table]), "', '", printable(line.cells[row]),
                            "', '", printable(line.cells[column]), "', '",
                            printable(line.cells[value]), "'; correct the line"));
    }
    figures.push_back({line.cells[table], line.cells[row], line.cells[column], *number});
  }
  return figures;
}

std::string as_text(const PaperTable& paper_table, const std::vector<PaperFigure>& paper) {
  const bool beside = has_paper_values(paper, paper_table);
  std::vector<std::vector<std::string>> lines(1, {""});
  for (const std::string& column : paper_table.columns) {
    lines[0].push_back(column);
    if (beside) lines[0].push_back("paper");
  }
  for (const TableRow& row : paper_table.rows) {
    std::vector<std::string>& line = lines.emplace_back(1, row.name);
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      line.push_back(cell_text(row.cells[i]));
      if (!beside) continue;
      const auto value = paper_value(paper, paper_table, row, paper_table.columns[i]);
      line.push_back(value ? figure(*value) : "");
    }
  }
  std::string result =
      text("Table ", paper_table.key, ". ", paper_table.title, "\n\n", table(lines));
  for (const std::string& note : paper_table.notes) result += note + "\n";
  return result;
}

std::string as_csv(const PaperTable& table, const std::vector<PaperFigure>& paper) {
  std::string result = csv_line({"row", "column", "value", "low", "high", "paper"});
  const auto number = [](const std::optional<double>& value) {
    return value && std::isfinite(*value) ? to_text(*value) : std::string();
  };
  for (const TableRow& row : table.rows) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const Cell& cell = row.cells[i];
      const auto paper_number = paper_value(paper, table, row, table.columns[i]);
      if (!cell && !paper_number) continue;
      result += csv_line({row.name, table.columns[i],
                          number(cell ? std::optional(cell->value) : std::nullopt),
                          number(cell ? cell->low : std::nullopt),
                          number(cell ? cell->high : std::nullopt), number(paper_number)});
    }
  }
  return result;
}

std::string as_html(const PaperTable& table, const std::vector<PaperFigure>& paper) {
  std::string html =
      text("<section><h2>Table ", html_escape(table.key), ". ", html_escape(table.title),
           "</h2>\n<div class=\"wide\"><table><tr><th></th>");
  for (const std::string& column : table.columns)
    html += text("<th>", html_escape(column), "</th>");
  html += "</tr>\n";
  for (const TableRow& row : table.rows) {
    html += text("<tr><th>", html_escape(row.name), "</th>");
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const Cell& cell = row.cells[i];
      html += text("<td>", cell ? figure(cell->value) : std::string("&ndash;"));
      if (cell && !interval_of(*cell).empty()) {
        html += text("<small>", html_escape(interval_of(*cell)), "</small>");
      }
      if (const auto value = paper_value(paper, table, row, table.columns[i])) {
        html += text("<small>paper: ", figure(*value), "</small>");
      }
      html += "</td>";
    }
    html += "</tr>\n";
  }
  html += "</table></div>\n";
  for (const std::string& note : table.notes) {
    html += text("<p class=\"note\">", html_escape(note), "</p>\n");
  }
  return html + "</section>\n";
}

nlohmann::ordered_json as_json(const PaperTable& table, const std::vector<PaperFigure>& paper) {
  nlohmann::ordered_json json;
  json["table"] = table.key;
  json["title"] = table.title;
  json["rows"] = nlohmann::ordered_json::array();
  for (const TableRow& row : table.rows) {
    nlohmann::ordered_json line;
    line["row"] = row.name;
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      nlohmann::ordered_json cell;
      if (row.cells[i]) {
        cell["value"] = row.cells[i]->value;
        if (row.cells[i]->low) cell["low"] = *row.cells[i]->low;
        if (row.cells[i]->high) cell["high"] = *row.cells[i]->high;
      }
      if (const auto value = paper_value(paper, table, row, table.columns[i])) {
        cell["paper"] = *value;
      }
      if (!cell.is_null()) line["figures"][table.columns[i]] = cell;
    }
    json["rows"].push_back(line);
  }
  json["notes"] = table.notes;
  return json;
}

}  // namespace minet::comparison
