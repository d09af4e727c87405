#include "comparison/paper_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "minet/core/csv.hpp"
#include "minet/core/page.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"

namespace minet::comparison {
namespace {

// Student's two-sided 95 % quantile for 1 to 30 degrees of freedom; beyond, the normal one.
double student_95(std::size_t degrees) {
  constexpr std::array<double, 30> kQuantiles{
      12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
      2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
      2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
  return degrees <= kQuantiles.size() ? kQuantiles[degrees - 1] : 1.960;
}

// The paper's values for one cell, in the order in which they are listed.
std::vector<PaperFigure> paper_of(const std::vector<PaperFigure>& paper, const PaperTable& table,
                                  const std::string& row, const std::string& column) {
  std::vector<PaperFigure> found;
  for (const PaperFigure& figure : paper) {
    if (figure.table == table.key && figure.row == row && figure.column == column) {
      found.push_back(figure);
    }
  }
  return found;
}

// The corpora for which the paper has values in a column, in the order in which they are listed.
std::vector<std::string> corpora_of(const std::vector<PaperFigure>& paper, const PaperTable& table,
                                    const std::string& column) {
  std::vector<std::string> corpora;
  for (const PaperFigure& figure : paper) {
    if (figure.table == table.key && figure.column == column &&
        std::find(corpora.begin(), corpora.end(), figure.corpus) == corpora.end()) {
      corpora.push_back(figure.corpus);
    }
  }
  return corpora;
}

std::string of_corpus(const std::vector<PaperFigure>& figures, const std::string& corpus) {
  for (const PaperFigure& one : figures) {
    if (one.corpus == corpus) return figure(one.value);
  }
  return {};
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

std::string as_text(const PaperTable& paper_table, const std::vector<PaperFigure>& paper) {
  std::vector<std::vector<std::string>> lines(1, {""});
  for (const std::string& column : paper_table.columns) {
    lines[0].push_back(column);
    for (const std::string& corpus : corpora_of(paper, paper_table, column)) {
      lines[0].push_back(text("paper, ", corpus));
    }
  }
  for (const TableRow& row : paper_table.rows) {
    std::vector<std::string>& line = lines.emplace_back(1, row.name);
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const std::string& column = paper_table.columns[i];
      line.push_back(cell_text(row.cells[i]));
      const auto figures = paper_of(paper, paper_table, row.name, column);
      for (const std::string& corpus : corpora_of(paper, paper_table, column)) {
        line.push_back(of_corpus(figures, corpus));
      }
    }
  }
  std::string result =
      text("Table ", paper_table.key, ". ", paper_table.title, "\n\n", table(lines));
  for (const std::string& note : paper_table.notes) result += note + "\n";
  return result;
}

std::string as_csv(const PaperTable& table, const std::vector<PaperFigure>& paper) {
  std::string result = csv_line({"row", "column", "corpus", "value", "low", "high"});
  const auto number = [](const std::optional<double>& value) {
    return value && std::isfinite(*value) ? to_text(*value) : std::string();
  };
  for (const TableRow& row : table.rows) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const std::string& column = table.columns[i];
      if (const Cell& cell = row.cells[i]) {
        result += csv_line(
            {row.name, column, "ours", number(cell->value), number(cell->low), number(cell->high)});
      }
      for (const PaperFigure& one : paper_of(paper, table, row.name, column)) {
        result +=
            csv_line({row.name, column, text("paper, ", one.corpus), number(one.value), "", ""});
      }
    }
  }
  return result;
}

std::string as_html(const PaperTable& table, const std::vector<PaperFigure>& paper) {
  std::string html = text("<section><h2>Table ", safe(table.key), ". ", safe(table.title),
                          "</h2>\n<div class=\"wide\"><table><tr><th></th>");
  for (const std::string& column : table.columns) {
    html += text("<th>", safe(column), "</th>");
    for (const std::string& corpus : corpora_of(paper, table, column)) {
      html += text("<th>paper, ", safe(corpus), "</th>");
    }
  }
  html += "</tr>\n";
  for (const TableRow& row : table.rows) {
    html += text("<tr><th>", safe(row.name), "</th>");
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const Cell& cell = row.cells[i];
      html += text("<td>", cell ? figure(cell->value) : std::string("&ndash;"));
      if (cell && !interval_of(*cell).empty()) {
        html += text("<small>", safe(interval_of(*cell)), "</small>");
      }
      html += "</td>";
      const auto figures = paper_of(paper, table, row.name, table.columns[i]);
      for (const std::string& corpus : corpora_of(paper, table, table.columns[i])) {
        html += text("<td>", safe(of_corpus(figures, corpus)), "</td>");
      }
    }
    html += "</tr>\n";
  }
  html += "</table></div>\n";
  for (const std::string& note : table.notes) {
    html += text("<p class=\"note\">", safe(note), "</p>\n");
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
      for (const PaperFigure& one : paper_of(paper, table, row.name, table.columns[i])) {
        cell["paper"][one.corpus] = one.value;
      }
      if (!cell.is_null()) line["figures"][table.columns[i]] = cell;
    }
    json["rows"].push_back(line);
  }
  json["notes"] = table.notes;
  return json;
}

}  // namespace minet::comparison
