#include "evaluation/clip_notes.hpp"

namespace minet::evaluation {

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

}  // namespace minet::evaluation
