#include "minet/clips/code_cache.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "minet/core/files.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

namespace minet::clips {
namespace fs = std::filesystem;

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

CodeCache::CodeCache(models::Model& model, const TrackStore& store, const fs::path& folder) {
  const std::string hash = vqvae_hash(model);
  const fs::path mark = folder / "vqvae.sha256";
  const bool current = fs::exists(mark) && read_file(mark, 1024) == hash;
  if (!current) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    save_file(mark, hash);
  }
  model.vqvae->eval();
  const auto tracks = static_cast<std::int64_t>(store.tracks().size());
  Progress progress("encoding", tracks, "tracks");
  for (std::int64_t track = 0; track < tracks; ++track) {
    const std::int64_t frames = store.frames()[static_cast<std::size_t>(track)];
    const fs::path path =
        safe_child(folder, store.tracks()[static_cast<std::size_t>(track)].id + ".npy");
    if (fs::exists(path)) {
      const IntArray array = read_npy_int(path);
      const bool in_range = std::all_of(
          array.values.begin(), array.values.end(),
          [&](std::int32_t code) { return code >= 0 && code < model.config.vqvae.codes; });
      if (in_range && static_cast<std::int64_t>(array.values.size()) == frames) {
        codes_.push_back(at::tensor(at::ArrayRef<std::int32_t>(array.values), at::kLong));
        progress.update(track + 1);
        continue;
      }
    }
    throw_if_stopped("stopped while encoding the tracks; go on with the option 'resume'");
    const at::Tensor spectrogram = store.track_spectrogram(track, model.scale).to(model.device());
    const at::Tensor codes = model.vqvae->encode_long(spectrogram).squeeze(0).to(at::kCPU);  // [T]
    codes_.push_back(codes);
    const at::Tensor narrow = codes.to(at::kInt).contiguous();
    const std::int32_t* values = narrow.const_data_ptr<std::int32_t>();
    save_npy(path, IntArray{.shape = {frames}, .values = {values, values + frames}});
    progress.update(track + 1);
  }
  progress.finish();
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
