// The paper's comparison in one command: trains the runs it needs or uses existing ones, evaluates
// them, and writes the paper's tables, numbered as in the paper, one of our own, and a page with
// images and sound. The paper's results are shown beside ours (src/comparison/paper_figures.cpp).
//
// Contents of `out`, kept so that an interrupted command resumes where it stopped:
//   runs/vqvae-seed<N>/   the VQ-VAE that MI Net with and without notes and the GRU-Seq2Seq share
//   runs/<run>-seed<N>/   run folders as mi_train makes them: minet (without notes), content (with
//                         notes), no_mbr, gru_seq2seq, seq2seq, graph_transformer, and plus (our
//                         own model, if requested)
//   results/<name>.json   each measurement with its inputs; repeated if those change
//   sound/                the page's examples as .wav
//   table-<key>.csv, tables.json, tables.txt, report.html   written at the end
//
// A run that is already under runs/ when the command starts, for instance because it was trained on
// another machine, is used if its configuration and the hash of its corpus match. A finished run
// needs only its model.safetensors and run.json; an unfinished one resumes from its checkpoint. The
// three runs that share a VQ-VAE must have the same one. A finished run samples as the config.yaml
// beside its weights says; `overrides` that say otherwise are refused.
//
// On several machines with a shared folder, each runs one shard, which measures its part of the
// clips of table 1 and its share of the other measurements. A shard trains nothing: the runs must
// be finished. Merging then writes what a single run would have written.
//   OUT.shards/<number>-of-<count>/ndb-<run>-seed<N>.json   a shard's part of table 1
//
// If a corpus has no notes in its training or test tracks, the tables that need notes are left out,
// and the report says why.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "minet/core/shard.hpp"

namespace minet::comparison {

struct TablesOptions {
  std::filesystem::path corpus;  // prepared, with instruments; with notes if there are any
  std::filesystem::path out;     // a new folder, or one that this command made before
  // Configurations. `config`: content-conditioned MI Net. Unset ones default to the files beside
  // it, named as in configs/ (unconditional.yaml and ablations/no_mbr.yaml for paper.yaml,
  // tiny-unconditional.yaml and ablations/tiny-no_mbr.yaml for tiny.yaml, ...).
  std::filesystem::path config;
  std::optional<std::filesystem::path> unconditional, no_mbr, gru_seq2seq, seq2seq,
      graph_transformer;
  std::optional<std::filesystem::path> plus;  // our own model; unset: it gets no rows
  std::vector<std::string> overrides;         // "a.b=c", for every run
  std::vector<std::uint64_t> seeds = {1};     // one training run per seed
  // Hashes of corpora whose runs are also accepted: the same recordings prepared on another
  // machine, where rounding or encoder versions change the hash. The report names those that were
  // used.
  std::vector<std::string> same_corpora;
  bool train = true;              // false: InputError if a finished run is missing
  std::int64_t clips = 64;        // of the test split, for everything but NDB
  std::int64_t ndb_clips = 1600;  // generated, and as many real ones for real sound's own score
  std::int64_t examples = 3;      // clips to see and hear on the page, of different instruments
  std::optional<std::filesystem::path> listening;  // output of mi_eval listening score --json
  std::optional<std::filesystem::path> paper;      // CSV: table, row, column, corpus, value
  std::string device = "auto";
  int threads = 0;                // 0: LibTorch's default
  Shard shard = {};               // a finished shard is marked by save_shard_command()
  std::vector<std::string> argv;  // for run.json and the page
};

struct TablesResult {
  // One object: tables, left_out, runs, options. Empty for a shard, like `page`.
  std::string json;
  std::string report;          // the tables, for a terminal
  std::filesystem::path page;  // report.html
};

// InputError: a configuration, corpus, folder or run that does not match, all reported before
// training starts; when merging, shards that are missing or made with other options. Interrupted:
// after a stop signal; the same command resumes.
TablesResult make_tables(const TablesOptions& options);

}  // namespace minet::comparison
