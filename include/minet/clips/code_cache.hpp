// Between the stages: each track as the codes of the trained VQ-VAE, kept as RUN/codes/<id>.npy
// (int32 [T]) with the hash of the model that made them. They can be made again at any time.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "minet/clips/track_store.hpp"
#include "minet/models/model.hpp"
#include "minet/models/peers.hpp"

namespace minet::clips {

class DeviceSpectrograms;

class CodeCache {
 public:
  // Reads the codes of `store`'s tracks, or encodes them where they are missing or of another
  // model. Honours a stop between tracks.
  // `ready`: the tracks' spectrograms, if they are on a GPU already. `part`: only these are
  // encoded, because other processes encode the others.
  CodeCache(models::Model& model, const TrackStore& store, const std::filesystem::path& folder,
            const DeviceSpectrograms* ready = nullptr,
            const std::optional<models::Part>& part = std::nullopt);
  at::Tensor clips(const std::vector<Clip>& clips, std::int64_t frames) const;  // [B, T] int64

 private:
  // Takes over the codes that the folder has already; returns the tracks without.
  std::vector<std::int64_t> read_known(const TrackStore& store, const std::filesystem::path& folder,
                                       std::int64_t codes);
  std::vector<at::Tensor> codes_;  // by track: [T] int64
};

// SHA-256 of the VQ-VAE's weights and the spectrogram scale.
std::string vqvae_hash(const models::Model& model);

}  // namespace minet::clips
