#include "clips/device_spectrograms.hpp"

#include <ATen/ATen.h>

#include "clips/prefetch.hpp"
#include "minet/core/log.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

namespace minet::clips {

std::optional<DeviceSpectrograms> DeviceSpectrograms::load(const TrackStore& store,
                                                           const audio::SpectrogramScale& scale,
                                                           const at::Device& device) {
  if (device.is_cpu()) return std::nullopt;
  DeviceSpectrograms all;
  all.first_.push_back(0);
  for (const std::int64_t frames : store.frames()) {
    all.first_.push_back(all.first_.back() + frames);
  }
  const auto tracks = static_cast<std::int64_t>(store.tracks().size());
  if (tracks == 0) return std::nullopt;
  Prefetch<at::Tensor> spectrograms(
      [&](std::int64_t track) { return store.track_spectrogram(track, scale); }, 0, tracks,
      at::get_num_threads());
  Progress progress("spectrograms to the GPU", tracks, "tracks");
  for (std::int64_t track = 0; track < tracks; ++track) {
    throw_if_stopped("stopped while computing the spectrograms");
    const at::Tensor rows = spectrograms.take().squeeze(0).to(device).t().to(at::kHalf);  // [T, F]
    if (!all.frames_.defined()) {
      try {
        all.frames_ = at::empty({all.first_.back(), rows.size(1)}, rows.options());
      } catch (const c10::OutOfMemoryError&) {
        log::info("the spectrograms do not fit into the GPU's memory: batches are made by the CPU");
        return std::nullopt;
      }
    }
    const auto row = static_cast<std::size_t>(track);
    all.frames_.narrow(0, all.first_[row], rows.size(0)).copy_(rows);
    progress.update(track + 1);
  }
  progress.finish();
  return all;
}

at::Tensor DeviceSpectrograms::clips(const std::vector<Clip>& clips, std::int64_t frames) const {
  const auto count = static_cast<std::int64_t>(clips.size());
  at::Tensor first = at::empty({count, 1}, at::kLong);
  for (std::int64_t i = 0; i < count; ++i) {
    const Clip& clip = clips[static_cast<std::size_t>(i)];
    first.mutable_data_ptr<std::int64_t>()[i] =
        first_[static_cast<std::size_t>(clip.track)] + clip.first_frame;
  }
  const at::Device device = frames_.device();
  const at::Tensor rows = moved(staged(first, device), device) +
                          at::arange(frames, at::TensorOptions(device).dtype(at::kLong));  // [B, T]
  return frames_.index_select(0, rows.flatten())
      .view({count, frames, frames_.size(1)})
      .transpose(1, 2)
      .contiguous()
      .to(at::kFloat);  // [B, F, T]
}

at::Tensor DeviceSpectrograms::track(std::int64_t track) const {
  const auto row = static_cast<std::size_t>(track);
  return frames_.narrow(0, first_[row], first_[row + 1] - first_[row])
      .t()
      .unsqueeze(0)
      .to(at::kFloat)
      .contiguous();  // [1, F, T]
}

}  // namespace minet::clips
