// The clips of plus (models/plus.hpp): whole tracks on the device, so that a batch copies nothing
// but clip numbers.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "minet/clips/clip.hpp"
#include "minet/config/train_config.hpp"
#include "minet/corpus/corpus.hpp"
#include "minet/models/plus.hpp"

namespace minet::clips {

// What the synthesiser sees of a clip: its controls as they were measured, or what these are where
// the prior draws them, of the pitch that was heard or that of the notes, if there are any.
enum class ControlsSeen : std::uint8_t { measured, drawn, drawn_with_notes };

// The tracks of a split. Pitch, loudness and onsets are found once, from the sound alone, and kept
// in `cache` (safetensors; made again where it is missing or of another corpus), unless that is
// empty.
class PlusData {
 public:
  PlusData(const corpus::Corpus& corpus, std::string_view split, const config::TrainConfig& config,
           const std::filesystem::path& cache, const at::Device& device, int threads);

  const std::vector<std::int64_t>& frames() const { return frames_; }  // of each track
  std::vector<std::vector<float>> energies() const;                    // for ClipOrder

  // `offsets`: the first frame of sound within each clip, at most clip_frames - S - 1. `seen`: one
  // of each clip, or none: all as measured.
  models::SynthesiserBatch sounds(const std::vector<Clip>& clips,
                                  const std::vector<std::int64_t>& offsets,
                                  const std::vector<ControlsSeen>& seen = {}) const;
  // `hidden`: clips whose notes are not shown. Odd first frames count as the even ones before.
  models::ControlBatch controls(const std::vector<Clip>& clips,
                                const std::vector<bool>& hidden) const;
  // The mean of each clip's whole track: [B, 1, 94].
  at::Tensor mean_poses(const std::vector<Clip>& clips) const;

 private:
  models::SynthesiserInput drawn_frames(bool with_notes) const;   // of all tracks, [frames]
  at::Tensor poses(const std::vector<Clip>& clips) const;         // [B, P, 94]
  at::Tensor whole_sounds(const std::vector<Clip>& clips) const;  // [B, clip_frames * hop]

  config::TrainConfig config_;
  at::Device device_;
  std::vector<std::int64_t> frames_, first_frame_, first_token_, first_pose_, pose_frames_;
  std::vector<bool> has_notes_;
  std::vector<float> energies_;  // of all frames
  // Track after track, on the device.
  at::Tensor sound_;                       // [frames, hop] int16
  models::SynthesiserInput seen_;          // by ControlsSeen: [3, frames]
  at::Tensor pose_;                        // [pose frames, 94]
  at::Tensor mean_pose_;                   // [tracks, 94]; undefined where there are none
  at::Tensor onset_, pitch_, level_;       // [tokens] int64
  at::Tensor note_, note_onset_, forced_;  // [tokens] int64
};

}  // namespace minet::clips
