// A user's own recordings: reads the table, then does what all importers share.
#include "corpus/build.hpp"
#include "corpus/table.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"
#include "minet/corpus/prepare.hpp"

namespace minet::corpus {

PrepareReport prepare_folder(const PrepareFolderOptions& options) {
  RecordingTable table = read_table(options.table);
  return build_corpus({.tracks = std::move(table.tracks),
                       .problems = std::move(table.problems),
                       .importer = "folder",
                       .table = options.table.string()},
                      options);
}

std::string describe(const PrepareReport& report) {
  const auto side = [](std::int64_t tracks, double seconds) {
    return text(counted(tracks, "track"), ", ", human_duration(seconds));
  };
  if (report.shard.count > 0) {
    return text(report.out.string(), ": ", side(report.train_tracks, report.train_seconds), ", ",
                report.reused_tracks, " of them already finished; left out ", report.skipped.size(),
                "\n");
  }
  std::string out =
      text(report.out.string(), ": train ", side(report.train_tracks, report.train_seconds),
           "; test ", side(report.test_tracks, report.test_seconds), "; notes for ",
           report.tracks_with_notes, "\n");
  if (report.reused_tracks > 0) {
    out += text(counted(report.reused_tracks, "track"), " reused: nothing about ",
                report.reused_tracks == 1 ? "it" : "them", " has changed\n");
  }
  for (const std::string& note : report.notes) out += printable(note) + "\n";
  if (!report.skipped.empty()) {
    out += text("left out ", report.skipped.size(), ":\n");
    for (const std::string& line : report.skipped) out += "  " + line + "\n";
  }
  return out;
}

}  // namespace minet::corpus
