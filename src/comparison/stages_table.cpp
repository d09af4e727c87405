#include <algorithm>

#include "comparison/paper_tables.hpp"
#include "minet/core/text.hpp"
#include "minet/evaluation/instrument.hpp"
#include "minet/evaluation/notes.hpp"

namespace minet::comparison {
namespace {

void stage_rows(Measuring& measuring, PaperTable& table, RunKind kind, bool hears_notes) {
  const nlohmann::ordered_json own{{"clips", measuring.options().clips}};
  const bool told = needs_notes(kind);
  std::vector<Measurement> notes;
  if (hears_notes) {
    notes = measuring.measure("notes", kind, own, [&](std::uint64_t seed) {
      return evaluation::evaluate_notes({.common = measuring.common(kind, seed)});
    });
  }
  const auto instrument = measuring.measure("instrument", kind, own, [&](std::uint64_t seed) {
    return evaluation::evaluate_instrument({.common = measuring.common(kind, seed), .notes = told});
  });
  const auto row = [&](const std::string& name, const std::string& stage, bool chance) {
    TableRow& line = table.row(name);
    const std::string place = text("chain.", stage, chance ? ".chance." : ".");
    if (!notes.empty()) {
      line.cells[0] = cell(notes, number(place + "pitch_accuracy"));
      line.cells[1] = cell(notes, number(place + "onset_f1"));
      line.cells[2] = cell(notes, number(place + "chroma_distance"));
    }
    line.cells[3] =
        cell(instrument, number(chance ? "chance" : text("chain.", stage, ".accuracy")));
  };
  if (kind == RunKind::minet) {
    row("real sound", "real", false);
    row("real magnitudes, phases reconstructed", "inverted", false);
    row("MI Net's codes of it", "reconstruction", false);
  }
  row(title_of(kind) + ", generated", "generated", false);
  if (kind == RunKind::graph_transformer) row("chance", "generated", true);
}

}  // namespace

PaperTable stages_table(Measuring& measuring) {
  PaperTable table = {
      .key = "A",
      .title = "Which stage loses the notes, which the instrument? (ours)",
      .columns = {"pitch accuracy", "onset F1", "chroma distance", "instrument"},
      .rows = {},
      .notes = {"Pitch, onsets and chroma of the sound against the track's notes; instrument: "
                "the share that a classifier of real training sound names correctly. Lower is "
                "better in chroma distance only. Content cond. MI Net and the GRU-Seq2Seq are "
                "given the notes, the others are not. Chance: another track's notes, the "
                "most common instrument."}};
  const auto test = measuring.corpus().tracks_of("test");
  const auto count = std::count_if(test.begin(), test.end(),
                                   [](const corpus::Track& track) { return track.has_notes; });
  const bool hears_notes = measuring.no_notes().empty() && count >= 2;
  if (measuring.no_notes().empty() && !hears_notes) {
    measuring.leave_out("pitch, onsets and chroma of table A",
                        "only one test track has notes, so no other's can be compared with");
  }
  for (const RunKind kind : {RunKind::minet, RunKind::content, RunKind::gru_seq2seq,
                             RunKind::seq2seq, RunKind::graph_transformer}) {
    if (!measuring.has(kind)) continue;
    stage_rows(measuring, table, kind, hears_notes);
  }
  return table;
}

}  // namespace minet::comparison
