#include <algorithm>
#include <filesystem>
#include <vector>

#include "comparison/paper_tables.hpp"
#include "minet/core/text.hpp"
#include "minet/evaluation/ndb.hpp"

namespace minet::comparison {
namespace {

// The row of a kind; for MI Net also those of real clips.
void ndb_row(Measuring& measuring, PaperTable& table, RunKind kind) {
  const bool notes = needs_notes(kind), floors = kind == RunKind::minet;
  const auto options_of = [&measuring, kind, notes, floors](std::uint64_t seed) {
    evaluation::NdbOptions options{
        .common = measuring.common(kind, seed), .notes = notes, .floors = floors};
    options.common.clips = measuring.options().ndb_clips;
    options.train_clips = measuring.options().ndb_clips;
    options.cache = measuring.options().out / "cache";
    return options;
  };
  using Paths = std::vector<std::filesystem::path>;
  const auto all = measuring.measure_in_parts(
      "ndb", kind, {{"clips", measuring.options().ndb_clips}},
      {.whole = [&](std::uint64_t seed) { return evaluation::evaluate_ndb(options_of(seed)); },
       .part =
           [&](std::uint64_t seed, const std::filesystem::path& file) {
             evaluation::measure_ndb_shard(options_of(seed), measuring.options().shard, file,
                                           /*replace=*/true);
           },
       .join = [&](std::uint64_t seed,
                   const Paths& files) { return evaluation::merge_ndb(options_of(seed), files); }});
  const auto row = [&](const std::string& name, const std::string& prefix) {
    put(table, name, all,
        {number(prefix + "ndb", prefix + "ndb_interval"),
         number(prefix + "js", prefix + "js_interval")});
  };
  row(title_of(kind), "");
  if (!floors) return;
  row("real test clips", "floor_");
  if (all_have(all, "halves_ndb")) row("real training halves", "halves_");
  row("MI Net's codes of real test clips", "codes_");
}

}  // namespace

PaperTable ndb_table(Measuring& measuring) {
  PaperTable table = {
      .key = "1",
      .title = "Does generated sound fill the bins of training sound as real sound does?",
      .columns = {"NDB", "JS"},
      .rows = {},
      .notes = {text("NDB: bins of 50 whose share differs at the 0.05 level; JS: "
                     "Jensen-Shannon divergence in nats; lower is better. Real test clips are the "
                     "reference: no generator can be expected to score lower. Codes: the real "
                     "clips through the VQ-VAE, the reference for a perfect prior. With one "
                     "seed, intervals are a bootstrap over tracks.")}};
  // The paper's rows in the paper's order, whether or not all can be measured here.
  for (const RunKind kind :
       {RunKind::seq2seq, RunKind::graph_transformer, RunKind::minet, RunKind::content}) {
    table.row(title_of(kind));
  }
  ndb_row(measuring, table, RunKind::seq2seq);
  ndb_row(measuring, table, RunKind::graph_transformer);
  ndb_row(measuring, table, RunKind::minet);
  table.row("real test clips");
  if (measuring.has(RunKind::plus)) ndb_row(measuring, table, RunKind::plus);
  if (!measuring.no_notes().empty()) return table;
  const auto test = measuring.corpus().tracks_of("test");
  const bool everywhere = std::all_of(test.begin(), test.end(),
                                      [](const corpus::Track& track) { return track.has_notes; });
  if (everywhere) {
    ndb_row(measuring, table, RunKind::content);
  } else {
    measuring.leave_out("table 1, Content cond. MI Net",
                        "not every track of split 'test' has notes");
  }
  return table;
}

}  // namespace minet::comparison
