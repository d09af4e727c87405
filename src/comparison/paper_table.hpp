// A table of results with intervals, and the four formats in which it is published.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace minet::comparison {

// A measured value. With one run the interval is the metric's own (described in the table's
// notes), with several it is Student's 95 % interval over the runs.
struct Measured {
  double value = 0;
  std::optional<double> low = std::nullopt, high = std::nullopt;
};

Measured over_runs(const std::vector<Measured>& runs);  // at least one

using Cell = std::optional<Measured>;  // empty: does not apply, or could not be measured

struct TableRow {
  std::string name;
  std::vector<Cell> cells;  // one per column
};

struct PaperTable {
  std::string key;  // "1" to "5": the paper's number; "A": minet's. Also in file names
  std::string title;
  std::vector<std::string> columns;
  std::vector<TableRow> rows;
  std::vector<std::string> notes;  // how to read it, one sentence each

  // The row of that name, appended if absent.
  TableRow& row(const std::string& name);
};

// A value from the paper, shown beside minet's in the same cell.
struct PaperFigure {
  std::string table, row, column;
  std::string corpus;  // that it was measured on: "URMP" or "Solos"
  double value = 0;
};

// The paper's own, and those from a CSV file with the columns table, row, column, corpus, value.
// InputError for a line that matches no table cell. Every value of the paper must have its cell
// (WorkError), even if minet measures nothing for it.
std::vector<PaperFigure> paper_figures(const std::optional<std::string>& csv_path,
                                       const std::vector<PaperTable>& tables);
// The checks of the file that need no tables yet: InputError for a line that is not a value.
void check_paper_figures(const std::string& csv_path);

std::string as_text(const PaperTable& table, const std::vector<PaperFigure>& paper);
std::string as_csv(const PaperTable& table, const std::vector<PaperFigure>& paper);
std::string as_html(const PaperTable& table, const std::vector<PaperFigure>& paper);
nlohmann::ordered_json as_json(const PaperTable& table, const std::vector<PaperFigure>& paper);

}  // namespace minet::comparison
