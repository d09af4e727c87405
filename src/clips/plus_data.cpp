// The training data of plus.
#include <ATen/ATen.h>
#include <c10/core/ScalarType.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>  // defines __GLIBC__ if it is glibc

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "clips/control_tokens.hpp"
#include "corpus/parallel.hpp"
#include "minet/audio/controls.hpp"
#include "minet/clips/plus_data.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"
#include "minet/models/frame_stream.hpp"
#include "minet/models/safetensors.hpp"
#include "minet/pose/prepare.hpp"

namespace minet::clips {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kGiveBack = std::size_t{64} << 20;  // bytes

struct TrackData {
  std::vector<std::int16_t> sound;  // whole frames
  std::vector<float> energies;      // mean square of each frame
  std::vector<float> pose;          // [P, 94]
  std::vector<score::Note> notes;
  audio::Controls controls;
};

// Sound, energies, pose and notes; controls only if `with_controls`.
TrackData read_track(const corpus::Corpus& corpus, const corpus::Track& track,
                     const config::TrainConfig& config, bool with_controls) {
  TrackData data;
  const audio::Sound sound = corpus.read_audio(track);
  const auto hop = static_cast<std::size_t>(config.spectrogram.hop);
  const std::size_t frames = sound.samples.size() / hop;
  data.sound.reserve(frames * hop);
  for (std::size_t t = 0; t < frames; ++t) {
    double sum = 0;
    for (std::size_t i = t * hop; i < (t + 1) * hop; ++i) {
      const float sample = sound.samples[i];
      sum += sample * sample;
      data.sound.push_back(static_cast<std::int16_t>(
          std::lrint(std::clamp(sample * 32768.0f, -32768.0f, 32767.0f))));
    }
    data.energies.push_back(static_cast<float>(sum / static_cast<double>(hop)));
  }
  pose::PoseSequence pose = corpus.read_pose(track);
  pose::normalise(pose);
  const auto pose_frames =
      std::max<std::int64_t>(1, std::llround(pose.seconds() * config.pose.fps));
  data.pose = pose::pose_window(pose, 0, pose_frames, config.pose.fps);
  if (track.has_notes) data.notes = corpus.read_notes(track);
  if (with_controls) data.controls = audio::find_controls(sound, config.spectrogram.hop);
  return data;
}

// hz, loudness [frames] and onsets (track, s) of all tracks; empty if not cached for this corpus.
models::TensorFile cached_controls(const fs::path& cache, const std::string& hash,
                                   std::int64_t tracks) {
  if (!fs::exists(cache)) return {};
  try {
    models::TensorFile file = models::read_safetensors(cache);
    const bool whole = file.metadata["corpus_hash"] == hash && file.tensors.contains("onsets") &&
                       file.tensors.contains("hz") && file.tensors.contains("loudness") &&
                       file.tensors.contains("frames") && file.tensors["frames"].size(0) == tracks;
    if (whole) return file;
  } catch (const InputError& error) {
    log::warning(text("cached controls are computed again: ", error.what()));
  }
  return {};
}

void take_controls(const models::TensorFile& file, std::vector<TrackData>& tracks) {
  const auto floats = [&](const char* name) {
    return file.tensors.at(name).const_data_ptr<float>();
  };
  const float *hz = floats("hz"), *loudness = floats("loudness");
  for (TrackData& track : tracks) {
    const std::size_t frames = track.energies.size();
    track.controls.hz.assign(hz, hz + frames);
    track.controls.loudness.assign(loudness, loudness + frames);
    hz += frames, loudness += frames;
  }
  const at::Tensor& onsets = file.tensors.at("onsets");  // [n, 2]: track, s
  const auto rows = onsets.accessor<double, 2>();
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    tracks.at(static_cast<std::size_t>(rows[i][0])).controls.onsets.push_back(rows[i][1]);
  }
}

void keep_controls(const fs::path& cache, const std::string& hash,
                   const std::vector<TrackData>& tracks) {
  std::vector<float> hz, loudness;
  std::vector<double> onsets;
  std::vector<std::int64_t> frames;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const audio::Controls& controls = tracks[i].controls;
    hz.insert(hz.end(), controls.hz.begin(), controls.hz.end());
    loudness.insert(loudness.end(), controls.loudness.begin(), controls.loudness.end());
    frames.push_back(static_cast<std::int64_t>(controls.hz.size()));
    for (const double onset : controls.onsets) {
      onsets.push_back(static_cast<double>(i));
      onsets.push_back(onset);
    }
  }
  models::TensorFile file;
  file.tensors = {{"hz", at::tensor(hz)},
                  {"loudness", at::tensor(loudness)},
                  {"frames", at::tensor(frames)},
                  {"onsets", at::tensor(onsets, at::kDouble).view({-1, 2})}};
  file.metadata = {{"corpus_hash", hash}};
  models::save_safetensors(cache, file);
}

// The allocator keeps freed memory that lies below a block still in use.
void give_back_freed_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

// All tracks' values, one after the other: [rows, width]. Each track's own are freed right away, so
// that hours of sound are not in memory twice.
template <class Value>
at::Tensor joined(std::vector<TrackData>& tracks, std::vector<Value> TrackData::*part,
                  std::int64_t width) {
  std::size_t size = 0;
  for (const TrackData& track : tracks) size += (track.*part).size();
  at::Tensor all = at::empty({static_cast<std::int64_t>(size) / width, width},
                             c10::CppTypeToScalarType<Value>::value);
  Value* to = all.mutable_data_ptr<Value>();
  std::size_t freed = 0;
  for (TrackData& track : tracks) {
    to = std::copy((track.*part).begin(), (track.*part).end(), to);
    freed += (track.*part).size() * sizeof(Value);
    std::vector<Value>().swap(track.*part);  // = {} would keep its memory
    if (freed > kGiveBack) give_back_freed_memory(), freed = 0;
  }
  give_back_freed_memory();
  return all;
}

template <class Value>
void append(std::vector<Value>& all, const std::vector<Value>& some) {
  all.insert(all.end(), some.begin(), some.end());
}

}  // namespace

PlusData::PlusData(const corpus::Corpus& corpus, std::string_view split,
                   const config::TrainConfig& config, const fs::path& cache,
                   const at::Device& device, int threads)
    : config_(config), device_(device) {
  const std::vector<corpus::Track> tracks = corpus.tracks_of(split);
  const auto count = static_cast<std::int64_t>(tracks.size());
  const models::TensorFile known = cached_controls(cache, corpus.hash(), count);
  const bool is_known = !known.tensors.empty();
  std::vector<TrackData> data(tracks.size());
  corpus::for_each_track(
      {.count = count, .threads = std::max(1, threads), .label = text("controls of ", split)},
      [&](std::int64_t i) {
        const auto at = static_cast<std::size_t>(i);
        data[at] = read_track(corpus, tracks[at], config, !is_known);
      });
  if (is_known) take_controls(known, data);
  if (!is_known && !cache.empty()) keep_controls(cache, corpus.hash(), data);

  std::vector<float> hz, voiced, loudness;
  std::int64_t pose_rows = 0;
  TokenColumns tokens;
  for (std::size_t i = 0; i < data.size(); ++i) {
    TrackData& track = data[i];
    frames_.push_back(static_cast<std::int64_t>(track.energies.size()));
    first_frame_.push_back(static_cast<std::int64_t>(hz.size()));
    first_token_.push_back(static_cast<std::int64_t>(tokens.pitch.size()));
    first_pose_.push_back(pose_rows);
    pose_frames_.push_back(static_cast<std::int64_t>(track.pose.size()) / models::kPoseValues);
    has_notes_.push_back(tracks[i].has_notes);
    append_tokens(track.controls, track.notes, config, tokens);
    pose_rows += pose_frames_.back();
    append(energies_, track.energies);
    append(loudness, track.controls.loudness);
    for (const float value : track.controls.hz) voiced.push_back(value > 0 ? 1.0f : 0.0f);
    audio::hold_pitch(track.controls.hz);
    append(hz, track.controls.hz);
  }
  const auto floats = [&](const std::vector<float>& values) {
    return at::tensor(values).to(device);
  };
  const auto wholes = [&](const std::vector<std::int64_t>& values) {
    return at::tensor(values, at::kLong).to(device);
  };
  sound_ = joined(data, &TrackData::sound, config.spectrogram.hop).to(device);
  pose_ = joined(data, &TrackData::pose, models::kPoseValues).to(device);
  std::vector<at::Tensor> means;
  for (std::size_t i = 0; i < data.size(); ++i) {
    means.push_back(pose_.slice(0, first_pose_[i], first_pose_[i] + pose_frames_[i]).mean(0));
  }
  if (!means.empty()) mean_pose_ = at::stack(means);
  onset_ = wholes(tokens.onset), pitch_ = wholes(tokens.pitch);
  note_ = wholes(tokens.note), note_onset_ = wholes(tokens.note_onset);
  forced_ = wholes(tokens.forced);
  level_ = models::levels_of(floats(tokens.loudness), config.plus.levels);
  const models::SynthesiserInput heard = drawn_frames(false), asked = drawn_frames(true);
  seen_ = {at::stack({floats(hz), heard.hz, asked.hz}),
           at::stack({floats(voiced), heard.voiced, asked.voiced}),
           at::stack({floats(loudness), heard.loudness, asked.loudness})};
}

models::SynthesiserInput PlusData::drawn_frames(bool with_notes) const {
  std::vector<at::Tensor> hz, voiced, loudness;
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    const std::int64_t tokens = frames_[i] / models::kFramesOfToken;
    if (tokens == 0) {  // shorter than a clip: never used
      for (auto* all : {&hz, &voiced, &loudness}) all->push_back(at::ones({frames_[i]}));
      continue;
    }
    const at::Tensor& pitch = with_notes && has_notes_[i] ? forced_ : pitch_;
    const auto part = [&](const at::Tensor& column) {
      return column.slice(0, first_token_[i], first_token_[i] + tokens).to(at::kCPU).unsqueeze(0);
    };
    const models::SynthesiserInput drawn =
        models::frames_of({part(onset_), part(pitch), part(level_)}, config_);
    // If a track has one frame more than two per token, the last value is repeated.
    const at::Tensor at = at::arange(frames_[i], at::kLong).clamp_max(drawn.hz.size(1) - 1);
    const auto add = [&](std::vector<at::Tensor>& all, const at::Tensor& row) {
      all.push_back(row[0].index_select(0, at));
    };
    add(hz, drawn.hz), add(voiced, drawn.voiced), add(loudness, drawn.loudness);
  }
  const auto whole = [&](const std::vector<at::Tensor>& parts) {
    return (parts.empty() ? at::empty({0}) : at::cat(parts)).to(device_);
  };
  return {whole(hz), whole(voiced), whole(loudness)};
}

std::vector<std::vector<float>> PlusData::energies() const {
  std::vector<std::vector<float>> result;
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    const auto first = energies_.begin() + first_frame_[i];
    result.emplace_back(first, first + frames_[i]);
  }
  return result;
}

at::Tensor PlusData::poses(const std::vector<Clip>& clips) const {
  std::vector<double> first;
  std::vector<std::int64_t> last;
  for (const Clip& clip : clips) {
    const auto track = static_cast<std::size_t>(clip.track);
    first.push_back(static_cast<double>(first_pose_[track]) +
                    static_cast<double>(clip.first_frame) / config_.frame_rate() *
                        config_.pose.fps);
    last.push_back(first_pose_[track] + pose_frames_[track] - 1);
  }
  const std::int64_t frames = config_.clip_pose_frames();
  const at::Tensor end = at::tensor(last, at::kLong).to(device_).unsqueeze(1);
  const at::Tensor at = at::tensor(first, at::kDouble).to(device_).unsqueeze(1) +
                        at::arange(frames, pose_.options().dtype(at::kDouble));  // [B, P]
  const at::Tensor whole = at.floor();
  const at::Tensor part = (at - whole).to(at::kFloat).unsqueeze(-1);
  const at::Tensor before = whole.to(at::kLong);
  const auto rows = [&](const at::Tensor& index) {
    return pose_.index_select(0, at::minimum(index, end).flatten())
        .view({-1, frames, models::kPoseValues});
  };
  return rows(before) * (1 - part) + rows(before + 1) * part;
}

at::Tensor PlusData::mean_poses(const std::vector<Clip>& clips) const {
  std::vector<std::int64_t> tracks;
  tracks.reserve(clips.size());
  for (const Clip& clip : clips) tracks.push_back(clip.track);
  return mean_pose_.index_select(0, at::tensor(tracks, at::kLong).to(device_)).unsqueeze(1);
}

models::SynthesiserBatch PlusData::sounds(const std::vector<Clip>& clips,
                                          const std::vector<std::int64_t>& offsets,
                                          const std::vector<ControlsSeen>& seen) const {
  std::vector<std::int64_t> first;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    first.push_back(first_frame_[static_cast<std::size_t>(clips[i].track)] + clips[i].first_frame +
                    offsets[i]);
  }
  const std::int64_t frames = config_.plus.sound_frames;
  const at::Tensor index = at::tensor(first, at::kLong).to(device_).unsqueeze(1) +
                           at::arange(frames + 1, onset_.options());  // [B, S + 1]
  std::vector<std::int64_t> how(clips.size());
  std::transform(seen.begin(), seen.end(), how.begin(),
                 [](ControlsSeen one) { return static_cast<std::int64_t>(one); });
  const at::Tensor row = at::tensor(how, at::kLong).to(device_).unsqueeze(1);  // [B, 1]
  const auto pick = [&](const at::Tensor& column) { return column.index({row, index}); };
  models::SynthesiserBatch result;
  result.input = {pick(seen_.hz), pick(seen_.voiced), pick(seen_.loudness)};
  result.hz = seen_.hz[0].index({index});
  result.sound =
      sound_.index_select(0, index.slice(1, 0, frames).flatten())
          .to(at::kFloat)
          .view({static_cast<std::int64_t>(clips.size()), frames * config_.spectrogram.hop}) /
      32768;
  result.pose = poses(clips);
  result.clip = whole_sounds(clips);
  return result;
}

at::Tensor PlusData::whole_sounds(const std::vector<Clip>& clips) const {
  std::vector<at::Tensor> rows;
  for (const Clip& clip : clips) {
    const std::int64_t first =
        first_frame_[static_cast<std::size_t>(clip.track)] + clip.first_frame;
    rows.push_back(sound_.slice(0, first, first + config_.clip_frames()).flatten());
  }
  return at::stack(rows).to(at::kFloat) / 32768;
}

models::ControlBatch PlusData::controls(const std::vector<Clip>& clips,
                                        const std::vector<bool>& hidden) const {
  std::vector<Clip> even = clips;
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> shown;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const auto track = static_cast<std::size_t>(clips[i].track);
    even[i].first_frame -= clips[i].first_frame % models::kFramesOfToken;
    first.push_back(first_token_[track] + even[i].first_frame / models::kFramesOfToken);
    shown.push_back(has_notes_[track] && !hidden[i] ? 1 : 0);
  }
  const std::int64_t frames = config_.clip_frames() / models::kFramesOfToken;
  const at::Tensor index =
      at::tensor(first, at::kLong).to(device_).unsqueeze(1) + at::arange(frames, onset_.options());
  const auto pick = [&](const at::Tensor& column) {
    return column.index_select(0, index.flatten()).view({-1, frames});
  };
  models::ControlBatch batch;
  const at::Tensor present = at::tensor(shown, at::kLong).to(device_).to(at::kBool);  // [B]
  batch.notes = {pick(note_), pick(note_onset_), present};
  const at::Tensor each = present.unsqueeze(1);
  batch.tokens = {at::where(each, batch.notes.onset, pick(onset_)),
                  at::where(each, pick(forced_), pick(pitch_)), pick(level_)};
  batch.pose = poses(even);
  return batch;
}

}  // namespace minet::clips
