#include "comparison/paper_tables.hpp"
#include "minet/core/text.hpp"
#include "minet/evaluation/nll.hpp"

namespace minet::comparison {

PaperTable nll_table(Measuring& measuring) {
  PaperTable table = {
      .key = "5",
      .title = "How well are held-out codes predicted?",
      .columns = {"nats per code", "another track's body costs"},
      .rows = {},
      .notes = {"Lower is better in the first column; in the second, a value above 0 means that "
                "the model uses the body. The first two rows are given the notes, the others are "
                "not; all predict the codes of one VQ-VAE. With one seed, intervals are over "
                "clips."}};
  table.row(title_of(RunKind::gru_seq2seq));
  table.row(title_of(RunKind::content));
  // All rows are of the same clips.
  const bool with_notes = measuring.no_notes().empty();
  if (with_notes && measuring.has_mixed_test()) table.notes.emplace_back(kClipsWithNotes);
  const auto of = [&](RunKind kind, const std::string& prefix) {
    const auto all = measuring.measure(
        "nll", kind, {{"clips", measuring.options().clips}, {"clips_with_notes", with_notes}},
        [&](std::uint64_t seed) {
          return evaluation::evaluate_nll(
              {.common = measuring.common(kind, seed), .clips_with_notes = with_notes});
        });
    TableRow& row = table.row(title_of(kind));
    row.cells[0] = cell(all, with_error(prefix + "_nats", prefix + "_standard_error"));
    // If all clips are of one track, there is no other body.
    if (all_have(all, prefix + "_pose_gain_nats")) {
      row.cells[1] =
          cell(all, with_error(prefix + "_pose_gain_nats", prefix + "_pose_gain_standard_error"));
    }
    return all;
  };
  if (with_notes) {
    of(RunKind::gru_seq2seq, "nll_notes");
    of(RunKind::content, "nll_notes");
  }
  const auto minet = of(RunKind::minet, "nll");
  for (const char* baseline : {"bigram", "unigram", "uniform"}) {
    table.row(baseline).cells[0] = cell(minet, number(text("baselines.", baseline, ".nll_nats")));
  }
  return table;
}

}  // namespace minet::comparison
