#include "comparison/check_corpus.hpp"
#include "comparison/paper_tables.hpp"
#include "minet/core/text.hpp"
#include "minet/evaluation/instrument.hpp"
#include "minet/evaluation/notes.hpp"

namespace minet::comparison {
namespace {

struct Heard {
  std::vector<Measurement> notes;  // empty: not measured
  std::vector<Measurement> instrument;
};

std::vector<Measurement> hear_instrument(Measuring& measuring, RunKind kind,
                                         const std::string& metric, bool notes) {
  // All rows are of the same clips.
  const bool with_notes = measuring.no_notes().empty();
  return measuring.measure(
      metric, kind, {{"clips", measuring.options().clips}, {"clips_with_notes", with_notes}},
      [&](std::uint64_t seed) {
        return evaluation::evaluate_instrument({.common = measuring.common(kind, seed),
                                                .notes = notes,
                                                .clips_with_notes = with_notes});
      });
}

Heard hear(Measuring& measuring, RunKind kind, bool hears_notes) {
  Heard heard;
  if (hears_notes) {
    heard.notes = measuring.measure(
        "notes", kind, {{"clips", measuring.options().clips}}, [&](std::uint64_t seed) {
          return evaluation::evaluate_notes({.common = measuring.common(kind, seed)});
        });
  }
  heard.instrument = hear_instrument(measuring, kind, "instrument", needs_notes(kind));
  return heard;
}

void add_row(PaperTable& table, const std::string& name, const Heard& heard,
             const std::string& notes_path, const std::string& instrument_path) {
  TableRow& line = table.row(name);
  if (!heard.notes.empty()) {
    line.cells[0] = cell(heard.notes, number(notes_path + "pitch_accuracy"));
    line.cells[1] = cell(heard.notes, number(notes_path + "onset_f1"));
    line.cells[2] = cell(heard.notes, number(notes_path + "chroma_distance"));
  }
  line.cells[3] = cell(heard.instrument, number(instrument_path));
}

void stage_row(PaperTable& table, const std::string& name, const Heard& heard,
               const std::string& stage) {
  add_row(table, name, heard, text("chain.", stage, "."), text("chain.", stage, ".accuracy"));
}

// One network plays both ways: without notes and, if there are any, with them.
void plus_rows(Measuring& measuring, PaperTable& table, bool hears_notes) {
  Heard heard = hear(measuring, RunKind::plus, hears_notes);
  const std::string title = title_of(RunKind::plus), instrument = "chain.generated.accuracy";
  add_row(table, title + ", keypoints alone", heard, "chain.keypoints_alone.", instrument);
  if (!hears_notes) return;
  heard.instrument = hear_instrument(measuring, RunKind::plus, "instrument_with_notes", true);
  add_row(table, title + ", with notes", heard, "chain.generated.", instrument);
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
                "given the notes, and plus where its row says so; the others are not. Chance: the "
                "real sound against another track's notes; the most common instrument."}};
  if (measuring.no_notes().empty() && measuring.has_mixed_test()) {
    table.notes.emplace_back(kClipsWithNotes);
  }
  const double clip_seconds = measuring.runs().config(RunKind::minet).data.clip_seconds;
  const bool hears_notes =
      measuring.no_notes().empty() && noted_test_tracks(measuring.corpus(), clip_seconds) >= 2;
  if (measuring.no_notes().empty() && !hears_notes) {
    measuring.leave_out("pitch, onsets and chroma of table A",
                        "only one test track has notes, so no other's can be compared with");
  }
  for (const RunKind kind : {RunKind::minet, RunKind::content, RunKind::gru_seq2seq,
                             RunKind::seq2seq, RunKind::graph_transformer}) {
    if (!measuring.has(kind)) continue;
    const Heard heard = hear(measuring, kind, hears_notes);
    if (kind == RunKind::minet) {
      stage_row(table, "real sound", heard, "real");
      stage_row(table, "real magnitudes, phases reconstructed", heard, "inverted");
      stage_row(table, "MI Net's codes of it", heard, "reconstruction");
    }
    stage_row(table, title_of(kind) + ", generated", heard, "generated");
  }
  if (measuring.has(RunKind::plus)) plus_rows(measuring, table, hears_notes);
  // From real sound: a model that plays no notes would give 0.
  add_row(table, "chance", hear(measuring, RunKind::minet, hears_notes), "chain.real.chance.",
          "chance");
  return table;
}

}  // namespace minet::comparison
