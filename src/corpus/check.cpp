// Reads every file of a corpus once, one track per thread at a time, and judges the results.
#include "minet/corpus/check.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <span>

#include "corpus/fitness.hpp"
#include "corpus/in_step.hpp"
#include "corpus/index.hpp"
#include "corpus/landmarks.hpp"
#include "corpus/level.hpp"
#include "corpus/parallel.hpp"
#include "corpus/same_take.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"
#include "minet/pose/gaps.hpp"

namespace minet::corpus {
namespace {

constexpr double kDriftLimit = 0.5;             // s, audio against pose
constexpr double kSilentFrameDb = -60;          // dBFS
constexpr double kMuchSilence = 0.6;            // share of frames; more is a warning
constexpr double kMuchClipping = 1e-3;          // share of samples; more is a warning
constexpr double kManyGaps = 0.5;               // share of joint positions; more is a warning
constexpr float kFullScale = 32766 / 32768.0f;  // 16 bit: both ends of the range

struct TrackFacts {
  std::vector<std::string> problems;
  std::string hash_lines;   // for the content hash
  std::string sample_hash;  // of the decoded samples
  std::int64_t samples = 0, clipped = 0, frames = 0;
  double silent_share = 0;
  double drift_s = 0;
  std::array<bool, pose::kJoints> seen{};
  TrackFitness fitness;
  std::vector<Landmark> landmarks;
  InStep in_step;
  bool readable = false;
};

audio::Sound look_at_audio(const std::filesystem::path& path, const Track& track,
                           TrackFacts& facts) {
  audio::Sound sound = audio::read_sound(path, kSampleRate);
  facts.samples = static_cast<std::int64_t>(sound.samples.size());
  facts.clipped = std::count_if(sound.samples.begin(), sound.samples.end(),
                                [](float sample) { return std::abs(sample) >= kFullScale; });
  facts.silent_share = silent_share(sound.samples, kSilentFrameDb);
  if (measure_level(sound.samples).silent()) {
    facts.problems.push_back(text("audio.flac should have sound in it, but never gets louder than ",
                                  to_text(kSilenceDb), " dBFS"));
  }
  if (std::abs(sound.seconds() - track.seconds) > 1e-3) {
    facts.problems.push_back(text("audio.flac is ", to_text(sound.seconds()), " s long, but ",
                                  kTracksFile, " says ", to_text(track.seconds)));
  }
  Sha256 hash;
  hash.update(std::as_bytes(std::span(sound.samples)));
  facts.sample_hash = hash.finish();
  facts.landmarks = find_landmarks(sound.samples);
  return sound;
}

pose::PoseSequence look_at_pose(const std::filesystem::path& path, const Track& track,
                                TrackFacts& facts) {
  pose::PoseSequence pose = pose::read_pose_npy(path, kFps);
  facts.frames = pose.frames;
  if (pose.frames != track.pose_frames) {
    facts.problems.push_back(text("pose.npy has ", counted(pose.frames, "frame"), ", but ",
                                  kTracksFile, " says ", track.pose_frames));
  }
  std::int64_t right = 0, left = 0;
  for (std::int64_t frame = 0; frame < pose.frames; ++frame) {
    for (int joint = 0; joint < pose::kJoints; ++joint) {
      const float confidence = pose.joint(frame, joint)[2];
      if (confidence > 0) facts.seen[static_cast<std::size_t>(joint)] = true;
      const bool gap = confidence <= static_cast<float>(pose::kGapConfidence);
      if (joint >= pose::kRightHand && gap) ++(joint < pose::kLeftHand ? right : left);
    }
  }
  const auto joints = static_cast<double>(pose.frames * pose::kHandJoints);
  facts.fitness = {.pose_hash = sha256_of_file(path),
                   .right_hand_gaps = static_cast<double>(right) / joints,
                   .left_hand_gaps = static_cast<double>(left) / joints};
  return pose;
}

void look_at_notes(const std::filesystem::path& path, const Track& track, TrackFacts& facts) {
  const score::NoteList list = score::read_notes(path);
  if (list.notes.empty()) facts.problems.push_back("notes.csv has no notes");
  for (const score::Note& note : list.notes) {
    if (note.onset_s < track.seconds) continue;
    facts.problems.push_back(text("notes.csv has a note at ", to_text(note.onset_s),
                                  " s, after the end at ", to_text(track.seconds)));
    break;
  }
}

template <class Look>
bool attempt(TrackFacts& facts, const Look& look) {
  try {
    look();
    return true;
  } catch (const InputError& error) {
    facts.problems.push_back(error.what());
    return false;
  }
}

TrackFacts look_at(const std::filesystem::path& root, const Track& track,
                   const CheckOptions& options) {
  TrackFacts facts;
  std::error_code ignored;
  for (const std::string& file : files_of(track)) {
    if (std::filesystem::is_regular_file(root / file, ignored)) {
      facts.hash_lines += hash_line(sha256_of_file(root / file), file);
    } else {
      facts.problems.push_back("the file " + file + " is missing");
    }
  }
  if (!facts.problems.empty()) return facts;
  const std::filesystem::path folder = safe_child(root, track.id);
  audio::Sound sound;
  pose::PoseSequence pose;
  const bool heard =
      attempt(facts, [&] { sound = look_at_audio(folder / "audio.flac", track, facts); });
  const bool seen = attempt(facts, [&] { pose = look_at_pose(folder / "pose.npy", track, facts); });
  if (track.has_notes) attempt(facts, [&] { look_at_notes(folder / "notes.csv", track, facts); });
  if (!heard || !seen) return facts;
  facts.readable = true;
  facts.in_step = judge_in_step(sound.samples, pose);
  const double audio_s = static_cast<double>(facts.samples) / kSampleRate;
  const double pose_s = static_cast<double>(facts.frames) / kFps;
  facts.drift_s = std::abs(audio_s - pose_s);
  if (facts.drift_s > kDriftLimit) {
    facts.problems.push_back(text("audio (", to_text(audio_s), " s) and pose (", to_text(pose_s),
                                  " s) differ by more than ", to_text(kDriftLimit), " s"));
  }
  if (std::min(audio_s, pose_s) < options.clip_seconds) {
    facts.problems.push_back(text("shorter than one clip of ", to_text(options.clip_seconds),
                                  " s: audio ", to_text(audio_s), " s, pose ", to_text(pose_s),
                                  " s"));
  }
  return facts;
}

// Averages are weighted by length.
SplitSummary summarise(const std::string& split, const Index& index,
                       const std::vector<TrackFacts>& facts) {
  SplitSummary sum;
  sum.split = split;
  double clipped = 0, samples = 0, weights = 0;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const Track& track = index.entries[i].track;
    if (track.split != split) continue;
    ++sum.tracks;
    sum.tracks_with_notes += track.has_notes;
    sum.seconds += track.seconds;
    weights += track.seconds;
    sum.silent_share += facts[i].silent_share * track.seconds;
    sum.gap_share += track.gap_share * track.seconds;
    clipped += static_cast<double>(facts[i].clipped);
    samples += static_cast<double>(facts[i].samples);
  }
  if (weights > 0) {
    sum.silent_share /= weights;
    sum.gap_share /= weights;
  }
  if (samples > 0) sum.clipped_share = clipped / samples;
  return sum;
}

std::vector<TrackSummary> summarise_tracks(const Index& index,
                                           const std::vector<TrackFacts>& facts) {
  std::vector<TrackSummary> summaries;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const Track& track = index.entries[i].track;
    TrackSummary sum{.id = track.id,
                     .split = track.split,
                     .instrument = index.entries[i].instrument,
                     .group = track.group,
                     .seconds = track.seconds,
                     .silent_share = facts[i].silent_share,
                     .gap_share = track.gap_share,
                     .drift_s = facts[i].drift_s,
                     .lag_s = std::nullopt,
                     .readable = facts[i].readable};
    if (facts[i].samples > 0) {
      sum.clipped_share =
          static_cast<double>(facts[i].clipped) / static_cast<double>(facts[i].samples);
    }
    const auto& lag = facts[i].in_step.whole;
    if (lag && lag->significant) sum.lag_s = lag->seconds;
    summaries.push_back(std::move(sum));
  }
  return summaries;
}

void warn_of_tracks(const Index& index, const std::vector<TrackFacts>& facts,
                    std::vector<std::string>& warnings) {
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const Track& track = index.entries[i].track;
    if (!facts[i].problems.empty()) continue;
    const auto warn = [&](const std::string& what) { warnings.push_back(track.id + ": " + what); };
    if (facts[i].silent_share > kMuchSilence) {
      warn(percent(facts[i].silent_share) + " of the sound is silence");
    }
    const double clipped =
        static_cast<double>(facts[i].clipped) / static_cast<double>(facts[i].samples);
    if (clipped > kMuchClipping) warn(percent(clipped) + " of the samples are clipped");
    if (track.gap_share > kManyGaps) {
      warn(percent(track.gap_share) + " of the joint positions were filled in");
    }
    const auto noticed = index.notices.find(track.id);
    if (noticed != index.notices.end()) {
      for (const Notice& notice : noticed->second) {
        if (is_warning(notice.kind)) warn(notice.sentence);
      }
    }
    const std::string complaint = facts[i].in_step.complaint();
    if (!complaint.empty()) warn(complaint);
  }
}

// Reports takes that are in both splits, which make every test result too good.
void find_leaks(const Index& index, const std::vector<TrackFacts>& facts, CheckReport& report) {
  std::map<std::string, const Track*> by_group, by_audio;
  std::set<std::string> told;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const Track& track = index.entries[i].track;
    const Track& mate = *by_group.emplace(track.group, &track).first->second;
    if (mate.split != track.split && told.insert(track.group).second) {
      report.problems.push_back(text("group ", track.group, " is in both splits (", mate.id, " in ",
                                     mate.split, ", ", track.id, " in ", track.split, ")"));
    }
    if (facts[i].sample_hash.empty()) continue;
    const Track& twin = *by_audio.emplace(facts[i].sample_hash, &track).first->second;
    if (&twin == &track) continue;
    const std::string what = text(twin.id, " and ", track.id, " have the same sound");
    if (twin.split != track.split) {
      report.problems.push_back(text(what, ", one in ", twin.split, " and one in ", track.split));
    } else {
      report.warnings.push_back(what);
    }
  }
  report.groups = static_cast<std::int64_t>(by_group.size());
}

// Reports recordings that occur twice: cut differently, at another level, compressed or with noise.
void find_shared_sounds(const std::filesystem::path& root, const Index& index,
                        std::vector<TrackFacts>& facts, const CheckOptions& options,
                        CheckReport& report) {
  std::vector<std::vector<Landmark>> landmarks;
  std::vector<int> sides;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    landmarks.push_back(std::move(facts[i].landmarks));
    sides.push_back(index.entries[i].track.split == "test");
  }
  const auto path_of = [&](std::size_t i) {
    return safe_child(root, index.entries[i].track.id) / "audio.flac";
  };
  for (const SameTake& take :
       find_same_takes(landmarks, sides, path_of, {.threads = options.threads})) {
    if (facts[take.first].sample_hash == facts[take.second].sample_hash) continue;  // known
    const Track& first = index.entries[take.first].track;
    const Track& second = index.entries[take.second].track;
    const double offset = std::round(take.offset_s * 1000) / 1000;
    std::string what = text(first.id, " and ", second.id, " hold the same recording");
    if (offset != 0) {
      what += text(" (", to_text(std::abs(offset)), " s ", offset > 0 ? "later" : "earlier", " in ",
                   second.id, ")");
    }
    const bool leak = first.split != second.split;
    if (leak) {
      report.problems.push_back(text(what, ", one in ", first.split, " and one in ", second.split,
                                     "; give both one group"));
    } else {
      report.warnings.push_back(what);
    }
    report.shared_sounds.push_back({first.id, second.id, offset, take.correlation, leak});
  }
}

void judge_hash(const std::filesystem::path& root, const Index& index,
                const std::vector<TrackFacts>& facts, CheckReport& report) {
  std::vector<std::string> lines;
  for (const TrackFacts& fact : facts) lines.push_back(fact.hash_lines);
  const std::string found = content_hash(read_file(root / kTracksFile, kMaxTracksCsv), lines);
  if (found != index.hash) {
    report.problems.push_back(text("the content hash is ", found, ", but ", kCorpusFile, " says ",
                                   index.hash,
                                   ": files were changed or lost since the corpus was prepared"));
  }
}

void judge_joints(const std::vector<TrackFacts>& facts, CheckReport& report) {
  std::int64_t tracks_with_unseen = 0;
  std::array<bool, pose::kJoints> seen{};
  for (const TrackFacts& fact : facts) {
    tracks_with_unseen +=
        std::any_of(fact.seen.begin(), fact.seen.end(), [](bool value) { return !value; });
    for (std::size_t joint = 0; joint < seen.size(); ++joint) seen[joint] |= fact.seen[joint];
  }
  for (std::size_t joint = 0; joint < seen.size(); ++joint) {
    if (!seen[joint]) report.joints_never_seen.emplace_back(pose::kSkeleton[joint].name);
  }
  if (tracks_with_unseen > 0) {
    report.warnings.push_back(text("some joints are never seen in ", tracks_with_unseen, " of ",
                                   counted(facts.size(), "track")));
  }
}

}  // namespace

CheckReport check(const std::filesystem::path& root, const CheckOptions& options) {
  const Index index = read_index(root);
  CheckReport report;
  report.root = root;
  report.hash = index.hash;
  report.source = index.source;
  std::vector<TrackFacts> facts(index.entries.size());
  for_each_track({.count = static_cast<std::int64_t>(facts.size()),
                  .threads = options.threads,
                  .label = "check"},
                 [&](std::int64_t i) {
                   const auto at = static_cast<std::size_t>(i);
                   facts[at] = look_at(root, index.entries[at].track, options);
                 });

  for (std::size_t i = 0; i < facts.size(); ++i) {
    report.longest_drift_s = std::max(report.longest_drift_s, facts[i].drift_s);
    for (const std::string& problem : facts[i].problems) {
      report.problems.push_back(index.entries[i].track.id + ": " + problem);
    }
  }
  judge_hash(root, index, facts, report);
  find_leaks(index, facts, report);
  find_shared_sounds(root, index, facts, options, report);
  judge_joints(facts, report);
  warn_of_tracks(index, facts, report.warnings);
  std::vector<TrackFitness> fitness;
  for (const TrackFacts& fact : facts) fitness.push_back(fact.fitness);
  for (std::string& warning : judge_fitness(index, fitness)) {
    report.warnings.push_back(std::move(warning));
  }
  report.tracks = summarise_tracks(index, facts);
  for (const IndexEntry& entry : index.entries) {
    const auto noticed = index.notices.find(entry.track.id);
    if (noticed != index.notices.end()) append(report.notices, noticed->second, entry.track.id);
  }
  for (const char* split : {"train", "test"}) {
    report.splits.push_back(summarise(split, index, facts));
  }
  std::map<std::string, InstrumentSummary> by_instrument;
  for (const IndexEntry& entry : index.entries) {
    InstrumentSummary& sum = by_instrument[entry.instrument];
    sum.instrument = entry.instrument;
    (entry.track.split == "test" ? sum.test_seconds : sum.train_seconds) += entry.track.seconds;
  }
  for (const auto& [name, sum] : by_instrument) report.instruments.push_back(sum);
  if (report.splits[0].tracks == 0) report.problems.push_back("there is no track to train on");
  if (report.splits[1].tracks == 0) report.warnings.push_back("there is no test split");
  return report;
}

}  // namespace minet::corpus
