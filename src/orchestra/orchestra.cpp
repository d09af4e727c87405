// Makes the folder: pieces in parallel, each renamed into OUT.unfinished once complete, and the
// whole folder renamed at the end.
#include "minet/orchestra/orchestra.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "minet/core/access.hpp"
#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "orchestra/detector.hpp"
#include "orchestra/ensemble.hpp"

namespace minet::orchestra {
namespace {

namespace fs = std::filesystem;

constexpr int kMostTracks = 10000, kMostThreads = 1024;
constexpr double kLeastSeconds = 5, kMostSeconds = 3600;
constexpr std::uint64_t kMostReadmeBytes = 1 << 16;

void check(const OrchestraOptions& options) {
  if (options.tracks < 1 || options.tracks > kMostTracks) {
    throw InputError(text("expected 1 to ", kMostTracks, " tracks, got ", options.tracks));
  }
  if (!(options.seconds >= kLeastSeconds && options.seconds <= kMostSeconds)) {
    throw InputError(text("expected ", kLeastSeconds, " to ", kMostSeconds,
                          " seconds a track, got ", to_text(options.seconds)));
  }
  if (options.threads < 0 || options.threads > kMostThreads) {
    throw InputError(text("expected 0 to ", kMostThreads, " threads, got ", options.threads));
  }
  const std::vector<std::string> known = instrument_codes();
  for (const std::string& code : options.instruments) {
    if (std::find(known.begin(), known.end(), code) == known.end()) {
      throw InputError(
          text("expected instruments of ", join(known, ", "), "; got \"", printable(code), "\""));
    }
  }
}

// Everything that determines the output's bytes.
std::string readme(const OrchestraOptions& options, const std::optional<Sampler>& sampler) {
  return text(
      "A synthetic orchestra, made by mi_prepare orchestra: no person played or moved here.\n",
      "Names and formats are those of the data set URMP; the music, the sound and the keypoints "
      "are "
      "not from it.\n\n",
      "tracks: ", options.tracks, "\nseconds: ", to_text(options.seconds), "\nseed: ", options.seed,
      "\nsound: ",
      sampler ? "fluidsynth with " + printable(sampler->bank.filename().string()) : "additive",
      "\nkeypoints: ", options.pose == PoseFiles::npy ? "npy" : "openpose",
      options.cameras == Cameras::anywhere ? "\ncameras: anywhere" : "",
      options.habits == Habits::varied ? "\nhabits: varied" : "",
      options.instruments.empty() ? "" : "\ninstruments: " + join(options.instruments, ","),
      "\nmixtures: ", options.mix ? "yes" : "no", "\n");
}

// OUT.unfinished: new, or that of an interrupted run with the same options.
class Workshop {
 public:
  Workshop(const OrchestraOptions& options, const std::string& readme)
      : out_(options.out.has_filename() ? options.out : options.out.parent_path()),
        path_(out_.string() + ".unfinished") {
    if (out_.empty() || out_.filename() == "." || out_.filename() == "..") {
      throw InputError(text("expected the name of a folder to make, got \"",
                            printable(options.out.string()), "\""));
    }
    refuse_overwrite(out_, options.force);
    refuse_overwrite(path_, true);
    std::error_code error;
    if (fs::exists(fs::symlink_status(out_, error)) && !fs::is_directory(out_, error)) {
      throw InputError(text(printable(out_.string()),
                            " is not a folder, so it cannot be replaced by one; choose another "
                            "name"));
    }
    const fs::path parent = out_.has_parent_path() ? out_.parent_path() : fs::path(".");
    if (!fs::is_directory(parent, error)) {
      throw InputError(
          text("the folder of ", printable(out_.string()), " does not exist; make it first"));
    }
    if (!fs::exists(path_, error) && !fs::create_directory(path_, error)) {
      throw WorkError(text("cannot make ", printable(path_.string()), ": ", error.message()));
    }
    lock_.emplace(path_);
    const fs::path mark = path_ / "README.txt";
    if (fs::exists(mark, error) && read_file(mark, kMostReadmeBytes) != readme) {
      if (!options.force) {
        throw InputError(
            text(printable(path_.string()),
                 " holds an unfinished orchestra with other options; use the same ones (listed in "
                 "its README.txt), remove it, or use the option 'force' to start over"));
      }
      for (const fs::path& entry : entries_of(path_)) {
        if (entry.filename() != ".lock") fs::remove_all(entry, error);
      }
    }
    save_file(mark, readme);
  }

  const fs::path& path() const { return path_; }

  // No other process uses OUT.unfinished, so its contents are complete.
  void finish(const std::string& table) {
    save_file(path_ / "tracks.csv", table);
    lock_.reset();
    std::error_code error;
    fs::remove(path_ / ".lock", error);
    const fs::path old = out_.string() + ".replaced";
    const bool replaces = fs::exists(out_, error);
    if (replaces) {
      fs::remove_all(old, error);
      fs::rename(out_, old, error);
      if (error) fail(error);
    }
    fs::rename(path_, out_, error);
    if (error) {
      std::error_code ignored;
      if (replaces) fs::rename(old, out_, ignored);
      fail(error);
    }
    if (replaces) fs::remove_all(old, error);
    const fs::path parent = out_.has_parent_path() ? out_.parent_path() : fs::path(".");
    FileOps::system().sync_folder(parent);
  }

 private:
  [[noreturn]] void fail(const std::error_code& error) const {
    throw WorkError(text("cannot rename ", printable(path_.string()), " to ",
                         printable(out_.string()), ": ", error.message()));
  }

  fs::path out_, path_;
  std::optional<FolderLock> lock_;
};

struct Made {
  std::int64_t notes = 0;
  bool before = false;
  std::string rows;
};

std::string rows_of(const Piece& piece, const std::vector<PlayedPart>& parts,
                    const OrchestraOptions& options) {
  std::string rows;
  const std::string folder = piece.name() + "/";
  const bool npy = options.pose == PoseFiles::npy;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const std::string& name = parts[p].name;
    std::vector<std::string> cells = {
        folder + "AuSep_" + name + ".wav",
        npy ? folder + "Pose_" + name + ".npy" : folder + "Pose_" + piece.name(),
        folder + "Notes_" + name + ".txt",
        parts[p].instrument->code,
        piece.group(),
        piece.test ? "test" : "train",
        to_text(kFps)};
    if (!npy) cells.insert(cells.end(), {text(p), "openpose"});
    rows += csv_line(cells);
  }
  return rows;
}

std::string header_of(const OrchestraOptions& options) {
  std::vector<std::string> cells = {"audio", "pose",  "notes", "instrument",
                                    "group", "split", "fps"};
  if (options.pose == PoseFiles::openpose) cells.insert(cells.end(), {"person", "pose_format"});
  return csv_line(cells);
}

// Calls work(i) for every index on several threads; stops at the first error or on request.
template <class Work>
void in_parallel(const char* what, std::size_t count, int threads, const Work& work) {
  std::atomic<std::size_t> next{0}, done{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;  // guards `error`
  std::exception_ptr error;
  const auto run = [&] {
    while (!failed && stop_signal() == 0) {
      const std::size_t index = next++;
      if (index >= count) return;
      try {
        work(index);
        ++done;
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
        failed = true;
      }
    }
  };
  const std::size_t wanted = threads > 0 ? static_cast<std::size_t>(threads)
                                         : std::max(1u, std::thread::hardware_concurrency());
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min(wanted, count); ++i) others.emplace_back(run);
    run();
  }
  if (error) std::rethrow_exception(error);
  if (done < count) {
    throw_if_stopped(text("stopped at ", what, " ", done.load(), " of ", count,
                          "; run the same command again to continue: finished pieces are kept"));
  }
}

// Measures the instruments that play. `scratch` may remain from an interrupted run.
void tune_sampler(Sampler& sampler, const std::vector<Piece>& pieces, int threads,
                  const fs::path& scratch) {
  std::vector<const Instrument*> playing;
  for (const Instrument& instrument : instruments()) {
    const bool plays = std::any_of(pieces.begin(), pieces.end(), [&](const Piece& piece) {
      const auto codes = piece.made();
      return std::find(codes.begin(), codes.end(), instrument.code) != codes.end();
    });
    if (plays) playing.push_back(&instrument);
  }
  fs::remove_all(scratch);
  std::mutex mutex;  // guards the sampler's keys
  in_parallel("instrument", playing.size(), threads, [&](std::size_t i) {
    const fs::path folder = scratch / playing[i]->code;
    make_folders(folder);
    std::vector<Key> keys = measure_keys(sampler, *playing[i], folder);
    const std::lock_guard lock(mutex);
    sampler.keys.emplace(playing[i]->code, std::move(keys));
  });
  fs::remove_all(scratch);
}

}  // namespace

std::vector<std::string> instrument_codes() {
  std::vector<std::string> codes;
  for (const Instrument& instrument : instruments()) codes.push_back(instrument.code);
  return codes;
}

SoundSource parse_sound_source(const std::string& name) {
  if (name == "auto") return SoundSource::automatic;
  if (name == "fluidsynth") return SoundSource::fluidsynth;
  if (name == "additive") return SoundSource::additive;
  throw InputError(
      text("expected the sound auto, fluidsynth or additive, got \"", printable(name), "\""));
}

PoseFiles parse_pose_files(const std::string& name) {
  if (name == "npy") return PoseFiles::npy;
  if (name == "openpose") return PoseFiles::openpose;
  throw InputError(
      text("expected the keypoints as npy or openpose, got \"", printable(name), "\""));
}

Cameras parse_cameras(const std::string& name) {
  if (name == "stage") return Cameras::stage;
  if (name == "anywhere") return Cameras::anywhere;
  throw InputError(text("expected the cameras stage or anywhere, got \"", printable(name), "\""));
}

Habits parse_habits(const std::string& name) {
  if (name == "usual") return Habits::usual;
  if (name == "varied") return Habits::varied;
  throw InputError(text("expected the habits usual or varied, got \"", printable(name), "\""));
}

OrchestraReport make_orchestra(const OrchestraOptions& options) {
  check(options);
  OrchestraReport report;
  std::optional<Sampler> sampler;
  std::string reason = "as asked for";
  if (options.sound != SoundSource::additive) sampler = find_sampler(reason);
  if (!sampler && options.sound == SoundSource::fluidsynth) {
    throw WorkError(text("cannot use sampled instruments: ", reason,
                         "; install it, or take the built-in sound (additive)"));
  }
  report.sound = sampler ? SoundSource::fluidsynth : SoundSource::additive;
  report.why = sampler ? text("sampled sound: fluidsynth with ", printable(sampler->bank.string()))
                       : text("built-in additive sound: ", reason);

  const std::vector<Piece> pieces = choose_pieces(options.tracks, options.instruments);
  Workshop workshop(options, readme(options, sampler));
  if (sampler) tune_sampler(*sampler, pieces, options.threads, workshop.path() / ".tuning");
  Progress progress("orchestra", options.tracks, "tracks");
  std::mutex mutex;  // guards the progress line and `done`
  std::int64_t done = 0;
  std::vector<Made> made(pieces.size());
  in_parallel("piece", pieces.size(), options.threads, [&](std::size_t index) {
    const Piece& piece = pieces[index];
    std::vector<PlayedPart> parts = rehearse(piece, options);
    for (const PlayedPart& part : parts)
      made[index].notes += static_cast<std::int64_t>(part.tune.notes.size());
    made[index].rows = rows_of(piece, parts, options);
    const auto at = safe_child(workshop.path(), piece.name());
    made[index].before = fs::exists(at);
    if (!made[index].before) {
      FolderWriter folder(at);
      make_piece(piece, parts, options, sampler, folder.path());
      folder.commit();
    }
    const std::lock_guard lock(mutex);
    done += piece.parts;
    progress.update(done);
  });

  std::string table = header_of(options);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    table += made[i].rows;
    ++report.pieces;
    report.pieces_before += made[i].before;
    report.notes += made[i].notes;
    report.tracks += pieces[i].parts;
    if (pieces[i].test) report.test_tracks += pieces[i].parts;
    report.seconds += options.seconds * pieces[i].parts;
    for (const std::string& code : pieces[i].made()) ++report.tracks_of[code];
  }
  workshop.finish(table);
  progress.finish();
  return report;
}

}  // namespace minet::orchestra
