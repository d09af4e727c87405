// Recordings in a folder, cut into clips end to end, in the model's input format.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>

#include "minet/audio/spectrogram.hpp"
#include "minet/config/train_config.hpp"

namespace minet::evaluation {

// Calls `action` with the number of each *.wav (by name) and its clips, standardised [B, F, T];
// shows progress, can be interrupted between files. Recordings shorter than a clip cause a warning;
// InputError if no clip is left.
void for_each_sound_clip(
    const std::filesystem::path& folder, const config::TrainConfig& config,
    const audio::SpectrogramScale& scale,
    const std::function<void(std::int64_t file, const at::Tensor& clips)>& action);

}  // namespace minet::evaluation
