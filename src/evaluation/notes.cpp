#include "minet/evaluation/notes.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <set>
#include <vector>

#include "evaluation/clip_notes.hpp"
#include "evaluation/held_notes.hpp"
#include "evaluation/labels.hpp"
#include "evaluation/note_report.hpp"
#include "evaluation/note_scores.hpp"
#include "evaluation/sound_chain.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "minet/pose/prepare.hpp"

namespace minet::evaluation {
namespace {

std::vector<clips::Clip> clips_of_two_tracks(const Scene& scene) {
  std::vector<clips::Clip> clips = noted_clips(scene);
  if (clips::clips_of_others(clips).empty()) {
    throw InputError(text(scene.options.corpus.string(),
                          ": expected clips of at least two tracks with notes in split '",
                          scene.options.split, "', got ", clips.empty() ? 0 : 1,
                          "; prepare the corpus with notes or choose more clips"));
  }
  return clips;
}

// The corpus's labels serve evaluation only; clips without one count in the totals alone.
void add_clip(NoteFindings& findings, const std::vector<std::vector<score::Note>>& notes,
              std::size_t clip, std::size_t other, std::int64_t instrument,
              std::span<const Stage> stages) {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (i == findings.stages.size()) {
      findings.stages.push_back({.name = stages[i].name});
      findings.stages.back().by_instrument.resize(findings.instruments.size());
    }
    StageScores& scores = findings.stages[i];
    const Heard heard = hear(stages[i].sound);
    scores.own.add(heard, notes[clip]);
    scores.other.add(heard, notes[other]);
    if (instrument >= 0) {
      scores.by_instrument[static_cast<std::size_t>(instrument)].add(heard, notes[clip]);
    }
    const std::vector<double> held = held_notes(heard.pitch);
    scores.held_s.insert(scores.held_s.end(), held.begin(), held.end());
    if (!stages[i].codes.empty()) scores.codes.push_back(stages[i].codes);
  }
  if (instrument >= 0) ++findings.instrument_clips[static_cast<std::size_t>(instrument)];
}

// Clips cut off longer notes, so whole tracks are played too, from the keypoints alone.
WholeTracks hear_whole_tracks(Scene& scene, const NotesOptions& options,
                              const std::vector<clips::Clip>& clips) {
  WholeTracks whole;
  std::vector<clips::Clip> starts;
  std::set<std::int64_t> seen;  // a track's clips need not be adjacent
  for (const clips::Clip& clip : clips) {
    if (seen.insert(clip.track).second) starts.push_back({.track = clip.track, .first_frame = 0});
  }
  for_each_batch(
      "whole tracks", starts,
      [&](std::size_t index, const std::vector<clips::Clip>& one) {
        const corpus::Track& track = scene.track(scene.tracks, one[0]);
        pose::PoseSequence pose = scene.corpus.read_pose(track);
        pose::normalise(pose);
        const double seconds = std::min(options.whole_seconds, pose.seconds());
        const generation::SamplingChoice sampling = scene.sampling("whole track", index);
        const audio::Sound made =
            scene.subject->play({.pose = pose,
                                 .seconds = seconds,
                                 .sampling = sampling,
                                 .inversion = {.iterations = options.iterations,
                                               .seed = sampling.seed,
                                               .threads = at::get_num_threads()}});
        const audio::Sound real = audio::read_sound_segment(
            scene.corpus.audio_path(track), 0, static_cast<std::int64_t>(made.samples.size()));
        const auto add = [](std::vector<double>& to, const audio::Sound& sound) {
          const std::vector<double> held = held_notes(audio::track_pitch(sound));
          to.insert(to.end(), held.begin(), held.end());
        };
        add(whole.real_s, real);
        add(whole.alone_s, made);
        ++whole.tracks;
        whole.seconds += made.seconds();
      },
      1);
  return whole;
}

}  // namespace

EvalResult evaluate_notes(const NotesOptions& options) {
  if (!(options.whole_seconds >= 0 && options.whole_seconds <= audio::kMaxSoundSeconds)) {
    throw InputError(text("whole_seconds: expected 0 (none) to ", audio::kMaxSoundSeconds, ", got ",
                          options.whole_seconds));
  }
  Scene scene(options.common, "notes");
  const std::vector<clips::Clip> clips = clips_of_two_tracks(scene);
  std::vector<std::vector<score::Note>> notes;
  for (const clips::Clip& clip : clips) notes.push_back(notes_of(scene, clip));
  const bool given = scene.subject->takes_notes();
  const Labels labels(scene.corpus);
  const std::vector<std::int64_t> instruments = labels.of(scene.tracks, clips);
  NoteFindings findings{.instruments = labels.names(),
                        .instrument_clips = std::vector<std::int64_t>(labels.names().size()),
                        .code_count = scene.subject->model() ? scene.config().vqvae.codes : 0};
  const std::vector<std::size_t> others = clips::clips_of_others(clips);  // for the chance level
  for_each_chain(scene, clips, {.notes = given, .alone = true, .iterations = options.iterations},
                 [&](std::size_t clip, std::span<const Stage> stages) {
                   add_clip(findings, notes, clip, others[clip], instruments[clip], stages);
                 });
  if (options.whole_seconds > 0) findings.whole = hear_whole_tracks(scene, options, clips);

  const NoteScores& real = findings.stage("real").own;
  const NoteScores& made = findings.stage("generated").own;
  warn_of_floor("pitch accuracy", real.pitch.accuracy(), made.pitch.accuracy());
  warn_of_floor("onset F1", real.onset_f1(), made.onset_f1());
  const Heading heading = scene.heading(clips);
  nlohmann::ordered_json json = begin_json(heading);
  put(json, findings);
  json["notes_given"] = given;
  json["sampling"] =
      sampling_json(scene.subject->sampling(options.common.sampling, given), scene.config());
  const std::string report =
      text(headline(heading), "\n\n", tables_of(findings), made.pitch.frames, " frames and ",
           made.onsets, " onsets of notes. The model was ", given ? "" : "not ",
           "given the notes.\nPitch accuracy: frames with a pitch, within 50 cents of the note; "
           "recall: frames without one count as wrong.\nOnset F1: within 50 ms. Chroma distance: "
           "lower is better. The line 'real' is the reference for all.\n"
           "Chance for keypoints alone: the score with another player's movements.\n");
  return {.json = dump(json), .report = report};
}

}  // namespace minet::evaluation
