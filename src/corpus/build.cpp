// Builds a corpus beside its target and renames it once. Each thread holds one track at a time, so
// memory does not grow with the table, and the result does not depend on the number of threads.
#include "corpus/build.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <optional>

#include "corpus/index.hpp"
#include "corpus/level.hpp"
#include "corpus/parallel.hpp"
#include "corpus/reuse.hpp"
#include "corpus/score_part.hpp"
#include "corpus/shards.hpp"
#include "corpus/split.hpp"
#include "minet/audio/sound.hpp"
#include "minet/core/access.hpp"
#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/scratch.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"
#include "minet/pose/film_pose.hpp"
#include "minet/pose/prepare.hpp"
#include "minet/score/notes.hpp"

namespace minet::corpus {
namespace {

constexpr double kLengthWarning = 0.5;  // s, difference between audio and pose
constexpr double kLoudGain = 30;        // dB; a larger gain brings up noise

struct BuiltTrack {
  IndexEntry entry;
  std::vector<std::string> hashes;  // of its files
  std::string source;               // fingerprint of its inputs
  Notices notices;
  bool reused = false;
  bool missing = false;  // when merging shards: in none of them
  std::optional<std::string> problem;
};

std::string seconds_text(double seconds) {
  return text(std::round(seconds * 100) / 100, " s");
}

void cut_to_shorter(const TrackSource& source, double clip_seconds, audio::Sound& sound,
                    pose::PoseSequence& pose, Notices& notices) {
  const auto frames = std::min<std::int64_t>(
      static_cast<std::int64_t>(sound.samples.size()) / kSamplesPerPoseFrame, pose.frames);
  const double seconds = static_cast<double>(frames) / kFps;
  const double audio_s = sound.seconds(), pose_s = pose.seconds();
  if (seconds < clip_seconds) {
    throw InputError(text("a track should be at least one clip of ", to_text(clip_seconds),
                          " s, but ", source.audio.string(), " is ", seconds_text(audio_s),
                          " long and ", source.pose.string(), " ", seconds_text(pose_s),
                          "; record longer ones, or train on shorter clips (the option ",
                          "'clip_seconds')"));
  }
  if (std::abs(audio_s - pose_s) > kLengthWarning) {
    notices.push_back(
        {NoticeKind::length, text(source.audio.string(), " is ", seconds_text(audio_s),
                                  " long and ", source.pose.string(), " ", seconds_text(pose_s),
                                  ": both cut to ", seconds_text(seconds))});
  }
  sound.samples.resize(static_cast<std::size_t>(frames * kSamplesPerPoseFrame));
  pose.frames = frames;
  pose.data.resize(static_cast<std::size_t>(frames) * pose::kJoints * pose::kJointValues);
}

// The share of joint positions that were filled in, to four decimals.
double gap_share(const pose::PoseSequence& pose, double gap_confidence) {
  const auto limit = static_cast<float>(gap_confidence);
  std::int64_t gaps = 0;
  for (std::int64_t frame = 0; frame < pose.frames; ++frame) {
    for (int joint = 0; joint < pose::kJoints; ++joint) {
      gaps += pose.joint(frame, joint)[2] <= limit ? 1 : 0;
    }
  }
  const auto all = static_cast<double>(pose.frames * pose::kJoints);
  return std::round(static_cast<double>(gaps) / all * 1e4) / 1e4;
}

double level_sound(const TrackSource& source, bool keep_level, audio::Sound& sound,
                   Notices& notices) {
  const double offset = remove_offset(sound.samples);
  if (offset != 0) {
    notices.push_back(
        {NoticeKind::offset,
         text(source.audio.string(), " has an offset of ", std::round(offset * 1e4) / 1e4,
              " of full scale, which is inaudible: ", "removed")});
  }
  const Level level = measure_level(sound.samples);
  if (level.silent()) {
    throw InputError(text("a track should have sound in it, but ", source.audio.string(),
                          " never gets louder than ", to_text(kSilenceDb), " dBFS in its first ",
                          seconds_text(sound.seconds())));
  }
  if (keep_level) {
    if (level.peak > 1) {
      notices.push_back({NoticeKind::level, text(source.audio.string(), " goes beyond full scale (",
                                                 std::round(level.peak * 100) / 100,
                                                 ") and is clipped, as its level is kept")});
    }
    return 0;
  }
  const double gain_db = levelling_gain_db(level);
  if (gain_db > kLoudGain) {
    notices.push_back({NoticeKind::level,
                       text(source.audio.string(), " is very quiet: raised by ", gain_db, " dB")});
  }
  apply_gain(sound.samples, gain_db);
  return gain_db;
}

std::vector<score::Note> read_track_notes(const TrackSource& source, double seconds,
                                          Notices& notices) {
  score::NoteList list = source.score_part ? read_score_part(source.notes, *source.score_part)
                                           : score::read_notes(source.notes);
  score::leave_out_drums(list);
  if (!list.notes.empty() && list.notes.front().drum) {
    throw InputError(text("expected notes with pitches in ", source.notes.string(), ", got ",
                          counted(list.notes.size(), "note"), ", all on the drums' channel 10; ",
                          "choose another part, or take them as pitches with mi_prepare notes"));
  }
  for (const std::string& repair : list.repairs) {
    notices.push_back({NoticeKind::score, repair, 0, source.notes.string()});
  }
  score::NoteList voice = list;
  voice.repairs.clear();
  score::make_monophonic(voice);
  for (const std::string& repair : voice.repairs) {
    notices.push_back({NoticeKind::score, "in training, " + repair, 0, source.notes.string()});
  }
  std::vector<score::Note> notes;
  for (score::Note note : list.notes) {
    if (note.onset_s >= seconds) continue;
    note.duration_s = std::min(note.duration_s, seconds - note.onset_s);
    notes.push_back(note);
  }
  if (notes.empty()) {
    throw InputError(text("notes should lie inside the track's ", seconds_text(seconds),
                          ", but of ", counted(list.notes.size(), "note"), " in ",
                          source.notes.string(), " none does"));
  }
  return notes;
}

// The video that has this sound and gives the keypoints' clock; null if there is only sound.
std::shared_ptr<const Film> film_of(const std::filesystem::path& audio) {
  static constexpr std::array kSounds = {".wav", ".flac", ".ogg", ".mp3", ".m4a", ".opus"};
  const std::string extension = lower(audio.extension().string());
  if (std::find(kSounds.begin(), kSounds.end(), extension) != kSounds.end()) return nullptr;
  std::optional<Film> film = read_film(audio);
  return film ? std::make_shared<const Film>(std::move(*film)) : nullptr;
}

// The track from an earlier corpus, under its current name, group and label.
BuiltTrack reuse_track(const TrackSource& source, EarlierTrack before, const EarlierCorpus& earlier,
                       const std::filesystem::path& root) {
  BuiltTrack built;
  built.reused = true;
  built.notices = std::move(before.notices);
  const std::filesystem::path folder = safe_child(root, source.id);
  make_folders(folder);
  earlier.take_files(before, folder);
  built.entry = std::move(before.entry);
  built.entry.track.id = source.id;
  built.entry.track.group = source.group;
  built.entry.instrument = source.instrument;
  built.hashes = std::move(before.hashes);
  return built;
}

// The keypoints from a file, or found in a video, on the clock of the sound.
pose::PoseSequence read_track_pose(const TrackSource& source, const PrepareFolderOptions& options,
                                   pose::GapReport& gaps) {
  pose::PreparePoseOptions prepare{.read = source.pose_options,
                                   .fps = kFps,
                                   .gap_confidence = options.gap_confidence,
                                   .gaps = options.gaps};
  if (!is_video_name(source.pose)) {
    prepare.read.film = film_of(source.audio);
    return pose::prepare_pose(source.pose, prepare, &gaps);
  }
  const ScratchFolder scratch("film");
  const std::filesystem::path found = scratch.path() / "pose.json";
  pose::write_film_pose(source.pose, found,
                        {.person = source.pose_options.person, .gaps = options.gaps});
  prepare.read = {.format = pose::PoseFormat::mediapipe};
  return pose::prepare_pose(found, prepare, &gaps);
}

BuiltTrack build_track(const TrackSource& source, const PrepareFolderOptions& options,
                       const std::filesystem::path& root) {
  BuiltTrack built;
  Track& track = built.entry.track;
  track.id = source.id;
  track.group = source.group;
  built.entry.instrument = source.instrument;

  Notices heard;
  audio::Sound sound = audio::read_sound(source.audio, kSampleRate, &heard);
  append(built.notices, std::move(heard), source.audio.string());
  throw_if_stopped_while("preparing a track");
  pose::GapReport gaps;
  pose::PoseSequence pose = read_track_pose(source, options, gaps);
  append(built.notices, std::move(gaps.notices), source.pose.string());
  cut_to_shorter(source, options.clip_seconds, sound, pose, built.notices);
  track.seconds = sound.seconds();
  track.pose_frames = pose.frames;
  track.gap_share = gap_share(pose, options.gap_confidence);
  built.entry.gain_db = level_sound(source, options.keep_level, sound, built.notices);
  std::vector<score::Note> notes;
  if (!source.notes.empty()) {
    notes = read_track_notes(source, track.seconds, built.notices);
    track.has_notes = true;
  }

  throw_if_stopped_while("preparing a track");
  const std::filesystem::path folder = safe_child(root, track.id);
  make_folders(folder);
  audio::save_flac(folder / "audio.flac", sound);
  pose::save_pose_npy(folder / "pose.npy", pose);
  if (track.has_notes) save_file(folder / "notes.csv", score::notes_csv(notes));
  throw_if_stopped_while("preparing a track");
  built.hashes = hashes_of(root, track);
  return built;
}

std::string row_text(const RowProblem& problem) {
  return text(problem.place.empty() ? text("line ", problem.line) : problem.place, ": ",
              problem.message);
}

[[noreturn]] void throw_problems(const BuildJob& job, const std::vector<RowProblem>& problems) {
  if (problems.size() == 1) {
    throw InputError(
        text(job.table, problems.front().place.empty() ? " " : ", ", row_text(problems.front())));
  }
  std::string message =
      text(problems.size(), " of ", job.tracks.size() + job.problems.size(), " ", job.unit, " of ",
           job.table, " cannot be used; fix them, or leave them out with the option 'skip_bad':");
  for (const RowProblem& problem : problems) message += "\n  " + row_text(problem);
  throw InputError(message);
}

// --force replaces a folder only if it is a corpus and contains none of the inputs.
void check_output(const BuildJob& job, const PrepareFolderOptions& options, bool replace) {
  std::error_code ignored;
  refuse_overwrite(options.out, replace);
  if (!std::filesystem::exists(options.out, ignored)) return;
  if (!std::filesystem::exists(options.out / kCorpusFile, ignored) &&
      !(std::filesystem::is_directory(options.out, ignored) &&
        std::filesystem::is_empty(options.out, ignored))) {
    throw InputError(text("the option 'force' replaces a prepared corpus, but ",
                          options.out.string(), " is none (it has no ", kCorpusFile,
                          "); choose another name"));
  }
  const auto out = std::filesystem::weakly_canonical(options.out);
  const auto inside = [&](const std::filesystem::path& path) {
    const auto whole = std::filesystem::weakly_canonical(path);
    return std::mismatch(out.begin(), out.end(), whole.begin(), whole.end()).first == out.end();
  };
  std::vector<std::filesystem::path> inputs = {options.table};
  for (const TrackSource& track : job.tracks) {
    for (const auto& path : {track.audio, track.pose, track.notes}) {
      if (!path.empty()) inputs.push_back(path);
    }
  }
  for (const std::filesystem::path& input : inputs) {
    if (inside(input)) {
      throw InputError(text("the option 'force' would delete ", options.out.string(),
                            " with the input ", input.string(), " in it; choose another name"));
    }
  }
}

// Lets neighbouring tracks whose keypoints are in one folder read it once. Only neighbours, so that
// no more folders are in memory than there are threads.
void share_folders(std::vector<TrackSource>& tracks) {
  for (std::size_t i = 1; i < tracks.size(); ++i) {
    TrackSource &before = tracks[i - 1], &track = tracks[i];
    std::error_code ignored;
    if (track.pose != before.pose || !std::filesystem::is_directory(track.pose, ignored)) continue;
    if (!before.pose_options.memory) before.pose_options.memory = pose::make_folder_memory();
    track.pose_options.memory = before.pose_options.memory;
  }
}

std::vector<BuiltTrack> build_tracks(const BuildJob& job, const PrepareFolderOptions& options,
                                     const std::filesystem::path& root) {
  std::vector<BuiltTrack> built(job.tracks.size());
  std::vector<TrackSource> sources = job.tracks;
  share_folders(sources);
  ReadyTracks ready;
  if (options.force) ready.add(options.out);
  if (options.shard.merge) ready.add_shards(options.out);
  for_each_track({.count = static_cast<std::int64_t>(job.tracks.size()),
                  .threads = options.threads,
                  .label = "prepare"},
                 [&](std::int64_t i) {
                   const auto index = static_cast<std::size_t>(i);
                   // Moved out, so that the folder's memory is freed with its last track.
                   const TrackSource source = std::move(sources[index]);
                   try {
                     const std::string print = fingerprint(source, options);
                     auto before = ready.find(print);
                     if (before) {
                       built[index] =
                           reuse_track(source, std::move(before->second), *before->first, root);
                     } else if (options.shard.merge) {
                       built[index].problem = ready.problem_of(source.id);
                       built[index].missing = !built[index].problem;
                     } else {
                       built[index] = build_track(source, options, root);
                     }
                     built[index].source = print;
                   } catch (const InputError& error) {
                     built[index].problem = error.what();
                   } catch (const std::filesystem::filesystem_error& error) {
                     throw WorkError(error.what());
                   }
                 });
  return built;
}

void set_splits(const BuildJob& job, const PrepareFolderOptions& options,
                const std::vector<std::size_t>& good, std::vector<IndexEntry>& entries) {
  if (job.splits_given) {
    for (std::size_t i = 0; i < good.size(); ++i) {
      entries[i].track.split = job.tracks[good[i]].split;
    }
    return;
  }
  std::vector<SplitWish> wishes;
  for (const std::size_t i : good) wishes.push_back({job.tracks[i].group, job.tracks[i].split});
  const std::vector<std::string> splits =
      assign_splits(wishes, {.test_share = options.test_share, .seed = options.seed});
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].track.split = splits[i];
}

// Warns if the user's own groups or splits put the same recording on both sides.
void warn_of_leaks(const BuildJob& job, const std::vector<std::size_t>& good,
                   const std::vector<IndexEntry>& entries, std::vector<std::string>& warnings) {
  std::map<std::filesystem::path, std::size_t> first_with;  // audio file -> place in `good`
  for (std::size_t i = 0; i < good.size(); ++i) {
    const TrackSource& source = job.tracks[good[i]];
    std::error_code ignored;
    const auto file = std::filesystem::weakly_canonical(source.audio, ignored);
    const std::size_t first = first_with.emplace(file, i).first->second;
    if (entries[first].track.split == entries[i].track.split) continue;
    const TrackSource& other = job.tracks[good[first]];
    warnings.push_back(
        row_text({source.line,
                  text(source.audio.string(), " is also in ",
                       other.place.empty() ? text("line ", other.line) : other.place,
                       ", but in the other split: give both ", job.unit, " one group"),
                  source.place}));
  }
}

void count(PrepareReport& report, const Track& track) {
  const bool test = track.split == "test";
  (test ? report.test_tracks : report.train_tracks) += 1;
  (test ? report.test_seconds : report.train_seconds) += track.seconds;
  report.tracks_with_notes += track.has_notes;
}

void refuse_missing(const BuildJob& job, const std::vector<BuiltTrack>& built) {
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < built.size(); ++i) {
    if (built[i].missing) missing.push_back(job.tracks[i].id);
  }
  if (missing.empty()) return;
  const std::string example = missing.front();
  throw InputError(text("expected all ", built.size(), " tracks in finished shards, but ",
                        missing.size(), (missing.size() == 1 ? " is" : " are"),
                        " in none or damaged, such as ", example,
                        "; run all shards again: finished tracks are kept"));
}

// The usable tracks, and the problems of the others.
std::pair<std::vector<std::size_t>, std::vector<RowProblem>> judge(
    const BuildJob& job, const std::vector<BuiltTrack>& built) {
  std::vector<RowProblem> problems = job.problems;
  std::vector<std::size_t> good;
  for (std::size_t i = 0; i < built.size(); ++i) {
    if (built[i].problem) {
      problems.push_back({job.tracks[i].line, *built[i].problem, job.tracks[i].place});
    } else {
      good.push_back(i);
    }
  }
  std::stable_sort(problems.begin(), problems.end(),
                   [](const RowProblem& a, const RowProblem& b) { return a.line < b.line; });
  return {std::move(good), std::move(problems)};
}

std::map<std::string, std::string> problems_by_track(const BuildJob& job,
                                                     const std::vector<BuiltTrack>& built) {
  std::map<std::string, std::string> problems;
  for (std::size_t i = 0; i < built.size(); ++i) {
    if (built[i].problem) problems[job.tracks[i].id] = *built[i].problem;
  }
  return problems;
}

// Why no track is in the test split, and what to do.
std::string no_test_split(const BuildJob& job, const PrepareFolderOptions& options) {
  const auto given = std::ranges::count_if(
      job.tracks, [](const TrackSource& track) { return !track.split.empty(); });
  if (static_cast<std::size_t>(given) == job.tracks.size()) {
    return text("no track has split 'test', so there is no test split: give some of the ", job.unit,
                " split 'test'");
  }
  if (options.test_share <= 0) return "there is no test split";
  return job.tracks.size() == 1
             ? "there is only one track, so there is no test split: add more"
             : "all tracks belong to one group, so there is no test split: give more groups";
}

void warn_of_splits(const BuildJob& job, const PrepareFolderOptions& options,
                    PrepareReport& report) {
  if (report.test_tracks == 0) report.warnings.push_back(no_test_split(job, options));
  if (report.train_tracks == 0) report.warnings.push_back("there is no track to train on");
}

// Whether the corpus in `root`, which has the hash of `index`, still has the files of that hash.
bool is_intact(const std::filesystem::path& root, const Index& index) {
  std::vector<std::string> lines;
  try {
    for (const IndexEntry& entry : index.entries) {
      lines.push_back(hash_lines(entry.track, hashes_of(root, entry.track)));
    }
    return content_hash(read_file(root / kTracksFile, kMaxTracksCsv), lines) == index.hash;
  } catch (const InputError&) {  // a missing file
    return false;
  }
}

PrepareReport build_whole(const BuildJob& job, const PrepareFolderOptions& options) {
  if (!(options.test_share >= 0 && options.test_share <= 0.9)) {
    throw InputError(text("the test share should be from 0 to 0.9, not ", options.test_share));
  }
  if (!(options.clip_seconds > 0)) {
    throw InputError(text("a clip should be longer than 0 s, not ", options.clip_seconds));
  }
  // Merging the same shards again gives the same corpus, which is then kept.
  const bool compare =
      options.shard.merge && !options.force && std::filesystem::exists(options.out / kCorpusFile);
  if (!compare) check_output(job, options, options.force);
  if (job.check_first && !options.skip_bad && !job.problems.empty()) {
    throw_problems(job, job.problems);
  }
  FolderWriter folder(options.out, options.force || compare);
  std::vector<BuiltTrack> built = build_tracks(job, options, folder.path());
  refuse_missing(job, built);
  const bool is_shard = options.shard.count > 0;
  const auto [good, problems] = judge(job, built);
  if (!problems.empty() && (!options.skip_bad || (good.empty() && !is_shard))) {
    throw_problems(job, problems);
  }

  PrepareReport report;
  report.out = options.out;
  report.shard = options.shard;
  report.notes = job.notes;
  report.warnings = job.warnings;
  report.notices = job.notices;
  for (const RowProblem& problem : problems) report.skipped.push_back(row_text(problem));
  Index index;
  index.source = job.importer;
  std::vector<std::string> lines;  // as sha256sum prints them, by track
  std::string origins = csv_line({"track", "source", "content"});
  for (const std::size_t i : good) {
    origins +=
        csv_line({job.tracks[i].id, built[i].source, content_of(built[i].entry, built[i].hashes)});
    report.reused_tracks += built[i].reused ? 1 : 0;
    const TrackSource& source = job.tracks[i];
    index.notices.insert({source.id, built[i].notices});
    append(report.notices, std::move(built[i].notices),
           source.place.empty() ? text("line ", source.line) : source.place);
    lines.push_back(hash_lines(built[i].entry.track, built[i].hashes));
    index.entries.push_back(std::move(built[i].entry));
  }
  set_splits(job, options, good, index.entries);
  for (const IndexEntry& entry : index.entries) count(report, entry.track);
  if (is_shard) {
    save_shard_files(folder.path(), options, problems_by_track(job, built));
  } else {
    warn_of_leaks(job, good, index.entries, report.warnings);
    warn_of_splits(job, options, report);
  }

  const std::string tracks = tracks_csv(index.entries);
  index.hash = report.hash = content_hash(tracks, lines);
  if (compare) {
    if (read_index(options.out).hash != index.hash) refuse_overwrite(options.out, /*force=*/false);
    if (is_intact(options.out, index)) return report;
    check_output(job, options, /*replace=*/true);
  }
  save_file(folder.path() / kTracksFile, tracks);
  save_file(folder.path() / kNoticesFile, notices_csv(index));
  save_file(folder.path() / kSourcesFile, origins);
  save_file(folder.path() / kCorpusFile, corpus_yaml(index));
  folder.commit();
  return report;
}

PrepareReport build_shard(const BuildJob& job, const PrepareFolderOptions& options) {
  PrepareFolderOptions own = options;
  own.out = shard_folder(options.out, options.shard);
  own.force = true;
  make_folders(own.out.parent_path());
  return build_whole(job_of_shard(job, options.shard), own);
}

}  // namespace

PrepareReport build_corpus(const BuildJob& job, const PrepareFolderOptions& options) {
  return options.shard.count > 0 ? build_shard(job, options) : build_whole(job, options);
}

}  // namespace minet::corpus
