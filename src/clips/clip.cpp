#include "minet/clips/clip.hpp"

#include <algorithm>
#include <utility>

#include "minet/core/random.hpp"

namespace minet::clips {
namespace {

// `count` of the tracks, in order: always the same ones, but drawn, as every n-th track may play
// the same instrument.
std::vector<std::int64_t> some_of(const std::vector<std::int64_t>& tracks, std::int64_t count) {
  Random random(derive_seed(0, "tracks of even clips"));
  std::vector<std::int64_t> some;
  for (const std::int64_t place : random.permutation(std::ssize(tracks))) {
    if (std::ssize(some) == count) break;
    some.push_back(tracks[static_cast<std::size_t>(place)]);
  }
  std::sort(some.begin(), some.end());
  return some;
}

}  // namespace

std::vector<Clip> even_clips(const std::vector<std::int64_t>& track_frames,
                             std::int64_t clip_frames, std::int64_t count) {
  std::vector<std::int64_t> usable;
  for (std::size_t track = 0; track < track_frames.size(); ++track) {
    if (track_frames[track] >= clip_frames) usable.push_back(static_cast<std::int64_t>(track));
  }
  if (count < std::ssize(usable)) usable = some_of(usable, count);
  std::vector<Clip> clips;
  if (usable.empty()) return clips;
  const auto tracks = static_cast<std::int64_t>(usable.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t track = usable[static_cast<std::size_t>(i % tracks)];
    const std::int64_t of_track = i / tracks;  // this track's clip number
    const std::int64_t clips_of_track = (count - 1 - i % tracks) / tracks + 1;
    const std::int64_t room = track_frames[static_cast<std::size_t>(track)] - clip_frames;
    clips.push_back(
        {.track = track, .first_frame = room * (2 * of_track + 1) / (2 * clips_of_track)});
  }
  return clips;
}

std::vector<std::size_t> clips_of_others(const std::vector<Clip>& clips) {
  const auto other = [&](const Clip& clip) { return clip.track != clips.front().track; };
  if (std::none_of(clips.begin(), clips.end(), other)) return {};
  std::vector<std::size_t> others;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    std::size_t found = (i + clips.size() / 2) % clips.size();
    while (clips[found].track == clips[i].track) found = (found + 1) % clips.size();
    others.push_back(found);
  }
  return others;
}

std::int64_t distinct_frames(const std::vector<Clip>& clips, std::int64_t clip_frames) {
  std::vector<std::pair<std::int64_t, std::int64_t>> starts;  // track, first frame
  for (const Clip& clip : clips) starts.emplace_back(clip.track, clip.first_frame);
  std::sort(starts.begin(), starts.end());
  std::int64_t frames = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const bool follows = i > 0 && starts[i - 1].first == starts[i].first;
    frames +=
        follows ? std::min(clip_frames, starts[i].second - starts[i - 1].second) : clip_frames;
  }
  return frames;
}

}  // namespace minet::clips
