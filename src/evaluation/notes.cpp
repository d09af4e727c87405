#include "minet/evaluation/notes.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "evaluation/note_scores.hpp"
#include "evaluation/sound_chain.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {
namespace {

// With times from the clip's start. A note that began before it keeps its negative onset, which is
// no onset of the clip.
std::vector<score::Note> notes_of(const Scene& scene, const clips::Clip& clip) {
  const double rate = scene.subject->config().frame_rate();
  const double start_s = static_cast<double>(clip.first_frame) / rate;
  const double seconds = static_cast<double>(scene.clip_frames()) / rate;
  std::vector<score::Note> result;
  for (score::Note note : scene.corpus.read_notes(scene.track(scene.tracks, clip))) {
    note.onset_s -= start_s;
    if (note.end_s() > 0 && note.onset_s < seconds) result.push_back(note);
  }
  return result;
}

std::vector<clips::Clip> clips_with_notes(const Scene& scene) {
  std::vector<clips::Clip> clips;
  for (const clips::Clip& clip : scene.clips) {
    if (scene.track(scene.tracks, clip).has_notes) clips.push_back(clip);
  }
  const auto other = [&](const clips::Clip& clip) { return clip.track != clips[0].track; };
  if (std::none_of(clips.begin(), clips.end(), other)) {
    throw InputError(text(scene.options.corpus.string(),
                          ": expected clips of at least two tracks with notes in split '",
                          scene.options.split, "', got ", clips.empty() ? 0 : 1,
                          "; prepare the corpus with notes or choose more clips"));
  }
  return clips;
}

struct StageScores {
  std::string name;
  NoteScores own = {}, other = {};
};

void put(nlohmann::ordered_json& json, const NoteScores& scores) {
  json["pitch_accuracy"] = scores.pitch_accuracy();
  json["pitch_recall"] = scores.pitch_recall();
  json["onset_f1"] = scores.onset_f1();
  json["chroma_distance"] = scores.chroma_distance();
}

std::vector<std::string> cells(std::string name, const NoteScores& scores) {
  return {std::move(name), figure(scores.pitch_accuracy()), figure(scores.pitch_recall()),
          figure(scores.onset_f1()), figure(scores.chroma_distance())};
}

}  // namespace

EvalResult evaluate_notes(const NotesOptions& options) {
  Scene scene(options.common, "notes");
  const std::vector<clips::Clip> clips = clips_with_notes(scene);
  std::vector<std::vector<score::Note>> notes;
  for (const clips::Clip& clip : clips) notes.push_back(notes_of(scene, clip));
  const bool given = scene.subject->takes_notes();
  std::vector<StageScores> scores;
  for_each_chain(scene, clips, {.notes = given, .iterations = options.iterations},
                 [&](std::size_t clip, std::span<const Stage> stages) {
                   // Chance: a clip of another track, half the list on.
                   std::size_t other = (clip + clips.size() / 2) % clips.size();
                   while (clips[other].track == clips[clip].track) {
                     other = (other + 1) % clips.size();
                   }
                   for (std::size_t i = 0; i < stages.size(); ++i) {
                     if (i == scores.size()) scores.push_back({.name = stages[i].name});
                     const Heard heard = hear(stages[i].sound);
                     scores[i].own.add(heard, notes[clip]);
                     scores[i].other.add(heard, notes[other]);
                   }
                 });

  Heading heading = scene.heading();
  heading.seconds *= static_cast<double>(clips.size()) / static_cast<double>(heading.clips);
  heading.clips = clips.size();
  nlohmann::ordered_json json = begin_json(heading);
  const NoteScores& generated = scores.back().own;
  put(json, generated);
  json["frames"] = generated.frames;
  json["onsets"] = generated.onsets;
  json["notes_given"] = given;
  std::vector<std::vector<std::string>> lines{
      {"", "pitch accuracy", "pitch recall", "onset F1", "chroma distance"}};
  for (const StageScores& stage : scores) {
    put(json["chain"][stage.name], stage.own);
    put(json["chain"][stage.name]["chance"], stage.other);
    lines.push_back(cells(stage.name, stage.own));
    lines.push_back(cells("  chance: another track's notes", stage.other));
  }
  const std::string report =
      text(headline(heading), "\n\n", table(lines), "\n", generated.frames, " frames and ",
           generated.onsets, " onsets of notes. The model was ", given ? "" : "not ",
           "told the notes.\nPitch accuracy: frames with a pitch, within 50 cents of the note; "
           "recall: frames without one count as wrong.\nOnset F1: within 50 ms. Chroma distance: "
           "lower is better; the floor of all is the line 'real'.\n");
  return {.json = dump(json), .report = report};
}

}  // namespace minet::evaluation
