// URMP's folders -> a corpus: finds each part's files, splits by instrument, and builds the corpus.
#include <map>

#include "corpus/instrument_split.hpp"
#include "corpus/urmp_tree.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/importers.hpp"

namespace minet::corpus {
namespace {

struct NotesName {
  std::string_view name;
  UrmpNotes notes;
};
constexpr NotesName kNotesNames[] = {
    {"performed", UrmpNotes::performed}, {"score", UrmpNotes::score}, {"none", UrmpNotes::none}};

std::string_view name_of(UrmpNotes notes) {
  for (const NotesName& entry : kNotesNames) {
    if (entry.notes == notes) return entry.name;
  }
  return "none";
}

std::string safe_id(std::string id) {
  for (char& c : id) {
    if (!is_safe_name(std::string(2, c).replace(0, 1, "a"))) c = '_';
  }
  return id.substr(0, 128);
}

// Finds all files of one part; missing files are reported as one problem.
class PartFinder {
 public:
  PartFinder(const PrepareUrmpOptions& options, const Piece& piece, int part)
      : options_(options), piece_(piece), part_(part) {}

  TrackSource find() {
    TrackSource source;
    const std::string& code = piece_.codes[static_cast<std::size_t>(part_ - 1)];
    source.id = safe_id(text(piece_.number, "_", piece_.title, "_", part_, "_", code));
    source.group = piece_.title;
    source.instrument = code;
    source.place = text(piece_.folder.filename().string(), " part ", part_);
    source.pose_options.fps = options_.fps;
    attempt([&] {
      source.audio = find_part(piece_.folder, "AuSep", part_, {".wav", ".flac", ".ogg"});
    });
    attempt([&] {
      const PieceFile pose = find_pose(options_.pose, piece_, part_);
      source.pose = pose.path;
      if (!pose.whole_piece) return;
      source.pose_options.person = part_ - 1;
      source.pose_options.players = static_cast<int>(piece_.codes.size());
    });
    attempt([&] { find_notes(source); });
    return source;
  }

  const std::vector<std::string>& missing() const { return missing_; }

 private:
  void find_notes(TrackSource& source) const {
    if (options_.notes == UrmpNotes::performed) {
      source.notes = find_part(piece_.folder, "Notes", part_, {".txt"});
    } else if (options_.notes == UrmpNotes::score) {
      source.notes = find_score(piece_).path;
      source.score_part = ScorePart{part_, static_cast<int>(piece_.codes.size())};
    }
  }

  template <class Find>
  void attempt(const Find& find) {
    try {
      find();
    } catch (const InputError& error) {
      missing_.emplace_back(error.what());
    }
  }

  const PrepareUrmpOptions& options_;
  const Piece& piece_;
  int part_;
  std::vector<std::string> missing_;
};

void find_tracks(const PrepareUrmpOptions& options, const std::vector<Piece>& pieces,
                 BuildJob& job) {
  std::map<std::string, std::string> place_of;  // by id
  std::size_t line = 0;
  for (const Piece& piece : pieces) {
    for (int part = 1; part <= static_cast<int>(piece.codes.size()); ++part) {
      PartFinder finder(options, piece, part);
      TrackSource source = finder.find();
      source.line = ++line;
      std::string problem = join(finder.missing(), "; ");
      const auto [taken, fresh] = place_of.emplace(source.id, source.place);
      if (problem.empty() && !fresh) {
        problem = text("has the same name as ", taken->second, "; give the pieces other numbers");
      }
      if (problem.empty()) {
        job.tracks.push_back(std::move(source));
      } else {
        job.problems.push_back({line, problem, source.place});
      }
    }
  }
}

void split_tracks(const PrepareUrmpOptions& options, BuildJob& job) {
  std::vector<PlayedTrack> played;
  for (const TrackSource& track : job.tracks) {
    played.push_back({track.id, track.group, track.instrument});
  }
  const bool as_paper = options.split == UrmpSplit::paper;
  const InstrumentSplit split =
      as_paper ? split_as_paper(played, options.seed) : split_by_instrument(played, options.seed);
  if (split.test == 0) {
    job.notes.emplace_back(
        "No instrument has a composition to spare for testing, so the test split is made of whole "
        "compositions, chosen at random.");
    return;  // the builder chooses
  }
  (split.leaks > 0 ? job.warnings : job.notes).push_back(describe(split));
  job.splits_given = true;
  std::vector<TrackSource> kept;
  for (std::size_t i = 0; i < job.tracks.size(); ++i) {
    if (split.splits[i].empty()) continue;
    job.tracks[i].split = split.splits[i];
    kept.push_back(std::move(job.tracks[i]));
  }
  job.tracks = std::move(kept);
}

}  // namespace

UrmpNotes parse_urmp_notes(std::string_view name) {
  for (const NotesName& entry : kNotesNames) {
    if (entry.name == name) return entry.notes;
  }
  throw InputError(
      text("expected notes from performed, score or none, got '", printable(name), "'"));
}

UrmpSplit parse_urmp_split(std::string_view name) {
  if (name == "leak-free") return UrmpSplit::leak_free;
  if (name == "paper") return UrmpSplit::paper;
  throw InputError(text("expected a split from leak-free or paper, got '", printable(name), "'"));
}

PrepareReport prepare_urmp(const PrepareUrmpOptions& options) {
  if (!(options.fps > 0 && options.fps <= 1000)) {
    throw InputError(text("fps should be a number above 0 and up to 1000, not ", options.fps));
  }
  std::error_code ignored;
  if (!std::filesystem::is_directory(options.pose, ignored)) {
    throw InputError(text("expected a folder of keypoints at ", options.pose.string(),
                          ", with a folder for each piece; URMP itself has none, so run OpenPose "
                          "on its videos first"));
  }
  BuildJob job;
  job.importer = text("urmp, notes ", name_of(options.notes));
  job.table = options.root.string();
  job.unit = "parts";
  job.check_first = true;
  std::vector<std::string> strange;
  const std::vector<Piece> pieces = list_pieces(options.root, strange);
  if (pieces.empty()) {
    throw InputError(text("expected URMP's folders <NN>_<Title>_<codes> in ", options.root.string(),
                          ", such as 01_Jupiter_vn_vc, got none",
                          strange.empty() ? "" : text(" (", strange.front(), " is none)"),
                          "; give the folder that holds the pieces"));
  }
  for (const std::string& name : strange) {
    job.notices.push_back({NoticeKind::left_out,
                           text("the folder ", name, " is skipped: its name should end in URMP's ",
                                "instrument codes, as 01_Jupiter_vn_vc")});
  }
  find_tracks(options, pieces, job);
  if (job.problems.empty() || options.skip_bad) split_tracks(options, job);
  if (options.notes == UrmpNotes::score) {
    job.notes.emplace_back("Notes are the score's, which is not aligned with the sound.");
  } else if (options.notes == UrmpNotes::performed) {
    job.notes.emplace_back("Notes are the performed ones, aligned with the sound.");
  }
  return build_corpus(job, {.table = options.root,
                            .out = options.out,
                            .force = options.force,
                            .skip_bad = options.skip_bad,
                            .seed = options.seed,
                            .threads = options.threads,
                            .gaps = options.gaps,
                            .shard = options.shard,
                            .arguments = options.arguments});
}

}  // namespace minet::corpus
