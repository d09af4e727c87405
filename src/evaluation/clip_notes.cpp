#include "evaluation/clip_notes.hpp"

namespace minet::evaluation {

std::vector<score::Note> notes_of(const Scene& scene, const clips::Clip& clip) {
  const double start_s =
      static_cast<double>(clip.first_frame) / scene.subject->config().frame_rate();
  std::vector<score::Note> notes = scene.corpus.read_notes(scene.track(scene.tracks, clip));
  for (score::Note& note : notes) note.onset_s -= start_s;
  return notes;
}

std::optional<std::vector<std::vector<score::Note>>> given_notes(
    const Scene& scene, const std::vector<clips::Clip>& clips, bool wanted) {
  if (!wanted) return std::nullopt;
  std::vector<std::vector<score::Note>> all;
  for (const clips::Clip& clip : clips) all.push_back(notes_of(scene, clip));
  return all;
}

}  // namespace minet::evaluation
