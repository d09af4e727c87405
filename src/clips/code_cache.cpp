#include "minet/clips/code_cache.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "clips/device_spectrograms.hpp"
#include "clips/prefetch.hpp"
#include "minet/core/files.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

namespace minet::clips {
namespace fs = std::filesystem;
namespace {

fs::path code_file(const TrackStore& store, const fs::path& folder, std::int64_t track) {
  return safe_child(folder, store.tracks()[static_cast<std::size_t>(track)].id + ".npy");
}

}  // namespace

std::string vqvae_hash(const models::Model& model) {
  Sha256 hash;
  for (const auto& [name, tensor] : models::model_tensors(model)) {
    if (!name.starts_with("vqvae.")) continue;
    const at::Tensor bytes = tensor.detach().to(at::kCPU).contiguous();
    hash.update(name);
    hash.update({static_cast<const std::byte*>(bytes.const_data_ptr()), bytes.nbytes()});
  }
  const audio::SpectrogramScale& scale = model.scale;
  for (const double number : {scale.reference, scale.floor_db, scale.mean, scale.deviation}) {
    hash.update(to_text(number) + " ");
  }
  return hash.finish();
}

CodeCache::CodeCache(models::Model& model, const TrackStore& store, const fs::path& folder,
                     const DeviceSpectrograms* ready, const std::optional<models::Part>& part) {
  // Not the device: codes found on another one are as good, and differ only where two are equally
  // near. Resuming on another device warns.
  const std::string hash = vqvae_hash(model);
  const fs::path mark = folder / "vqvae.sha256";
  const bool current = fs::exists(mark) && read_file(mark, 1024) == hash;
  if (!current) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    save_file(mark, hash);
  }
  std::vector<std::int64_t> missing = read_known(store, folder, model.config.vqvae.codes);
  if (part) {
    std::erase_if(missing, [&](std::int64_t track) {
      return track < part->first || track >= part->first + part->count;
    });
  }
  if (missing.empty()) return;
  model.vqvae->eval();
  const auto count = static_cast<std::int64_t>(missing.size());
  std::optional<Prefetch<at::Tensor>> made;
  if (ready == nullptr) {
    made.emplace(
        [&](std::int64_t i) {
          return store.track_spectrogram(missing[static_cast<std::size_t>(i)], model.scale);
        },
        0, count, at::get_num_threads());
  }
  Progress progress("encoding", count, "tracks");
  for (std::int64_t i = 0; i < count; ++i) {
    throw_if_stopped("stopped while encoding the tracks");
    const std::int64_t track = missing[static_cast<std::size_t>(i)];
    const at::Tensor spectrogram = made ? made->take().to(model.device()) : ready->track(track);
    const at::Tensor codes = model.vqvae->encode_long(spectrogram).squeeze(0).to(at::kCPU);  // [T]
    codes_[static_cast<std::size_t>(track)] = codes;
    const at::Tensor narrow = codes.to(at::kInt).contiguous();
    const std::int32_t* values = narrow.const_data_ptr<std::int32_t>();
    save_npy(code_file(store, folder, track),
             IntArray{.shape = {codes.size(0)}, .values = {values, values + codes.size(0)}});
    progress.update(i + 1);
  }
  progress.finish();
}

std::vector<std::int64_t> CodeCache::read_known(const TrackStore& store, const fs::path& folder,
                                                std::int64_t count) {
  std::vector<std::int64_t> missing;
  for (std::size_t track = 0; track < store.tracks().size(); ++track) {
    const fs::path path = code_file(store, folder, static_cast<std::int64_t>(track));
    codes_.emplace_back();
    if (fs::exists(path)) {
      const IntArray array = read_npy_int(path);
      const bool in_range =
          std::all_of(array.values.begin(), array.values.end(),
                      [&](std::int32_t code) { return code >= 0 && code < count; });
      if (in_range && static_cast<std::int64_t>(array.values.size()) == store.frames()[track]) {
        codes_.back() = at::tensor(at::ArrayRef<std::int32_t>(array.values), at::kLong);
        continue;
      }
    }
    missing.push_back(static_cast<std::int64_t>(track));
  }
  return missing;
}

at::Tensor CodeCache::clips(const std::vector<Clip>& clips, std::int64_t frames) const {
  std::vector<at::Tensor> rows;
  for (const Clip& clip : clips) {
    rows.push_back(
        codes_[static_cast<std::size_t>(clip.track)].narrow(0, clip.first_frame, frames));
  }
  return at::stack(rows);
}

}  // namespace minet::clips
