// The paper's comparison as one command: trains or reuses the runs that it needs, measures them,
// and writes five tables and a page with pictures and sound.
//
// Of the paper's own figures only those that are known to us stand beside ours (src/evaluation/
// paper_table.cpp); `paper` adds others. What is kept under `out`, so that an interrupted command
// goes on where it stopped:
//   runs/<run>-seed<N>/      run folders, as mi_train makes them
//   results/<name>.json      each measurement with what it was made from; made again if that
//   changed sound/                   the page's examples as .wav table-<key>.csv  tables.json
//   tables.txt  report.html     published at the end
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace minet::comparison {

struct TablesOptions {
  std::filesystem::path corpus;  // prepared, with instruments and notes
  std::filesystem::path out;     // a new folder, or one that this command made before
  // Configurations. `config` is MI Net's own. The others unset: beside it, as configs/ has them
  // (ablations/no_mbr.yaml for paper.yaml, ablations/tiny-no_mbr.yaml for tiny.yaml, ...).
  std::filesystem::path config;
  std::optional<std::filesystem::path> no_mbr, gru_seq2seq, seq2seq, graph_transformer;
  std::vector<std::string> overrides;      // "a.b=c", for every run
  std::vector<std::uint64_t> seeds = {1};  // a training each, and of the measurements
  std::int64_t clips = 64;                 // of the test split, for all but NDB
  std::int64_t ndb_clips = 1600;           // generated, and as many real ones for the bins' floor
  std::int64_t examples = 3;               // clips to see and hear on the page, by instrument
  std::optional<std::filesystem::path> paper;  // CSV: table, row, column, value
  std::string device = "auto";
  int threads = 0;                // 0: LibTorch's default
  std::vector<std::string> argv;  // for run.json and the page
};

struct TablesResult {
  std::string json;            // one object: tables, runs, options
  std::string report;          // the tables, for a terminal
  std::filesystem::path page;  // report.html
};

// InputError: a configuration, corpus or folder that does not fit, all said before anything is
// trained. Interrupted: after a stop signal; the same command goes on.
TablesResult make_tables(const TablesOptions& options);

}  // namespace minet::comparison
