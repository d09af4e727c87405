// Used between the stages: each track's codes by the trained VQ-VAE, cached as RUN/codes/<id>.npy
// (int32 [T]) with the hash of the model that made them. They can be rebuilt at any time.
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
  // Reads the codes of `store`'s tracks; encodes those that are missing or made by a different
  // model. Checks for a stop signal between tracks.
  // `ready`: the tracks' spectrograms, if they are on a GPU already. `part`: encode only these
  // tracks, because other processes encode the others.
  CodeCache(models::Model& model, const TrackStore& store, const std::filesystem::path& folder,
            const DeviceSpectrograms* ready = nullptr,
            const std::optional<models::Part>& part = std::nullopt);
  at::Tensor clips(const std::vector<Clip>& clips, std::int64_t frames) const;  // [B, T] int64

 private:
  // Reads the codes that are already in the folder; returns the tracks without codes.
  std::vector<std::int64_t> read_known(const TrackStore& store, const std::filesystem::path& folder,
                                       std::int64_t codes);
  std::vector<at::Tensor> codes_;  // by track: [T] int64
};

// SHA-256 of the VQ-VAE's weights and the spectrogram scale.
std::string vqvae_hash(const models::Model& model);

}  // namespace minet::clips
