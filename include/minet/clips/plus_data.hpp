// The clips of plus (models/plus.hpp): whole tracks are kept on the device, so that only clip
// numbers are copied for a batch.
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

// The controls that the synthesiser gets for a clip: as measured, or quantised as the prior would
// draw them, with the pitch that was heard or, if the track has notes, that of the notes.
enum class ControlsSeen : std::uint8_t { measured, drawn, drawn_with_notes };

// The tracks of a split. Pitch, loudness and onsets are found once, from the sound alone, and
// cached in `cache` (safetensors; rebuilt if missing or if it belongs to a different corpus),
// unless that is empty.
class PlusData {
 public:
  PlusData(const corpus::Corpus& corpus, std::string_view split, const config::TrainConfig& config,
           const std::filesystem::path& cache, const at::Device& device, int threads);

  const std::vector<std::int64_t>& frames() const { return frames_; }  // of each track
  std::vector<std::vector<float>> energies() const;                    // for ClipOrder

  // `offsets`: the first frame of sound within each clip, at most clip_frames - S - 1. `seen`: one
  // per clip, or empty: all as measured.
  models::SynthesiserBatch sounds(const std::vector<Clip>& clips,
                                  const std::vector<std::int64_t>& offsets,
                                  const std::vector<ControlsSeen>& seen = {}) const;
  // `hidden`: clips whose notes the model does not get. An odd first frame is rounded down to even.
  models::ControlBatch controls(const std::vector<Clip>& clips,
                                const std::vector<bool>& hidden) const;
  // The mean pose of each clip's whole track: [B, 1, 94].
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
  // All tracks concatenated, on the device.
  at::Tensor sound_;                       // [frames, hop] int16
  models::SynthesiserInput seen_;          // indexed by ControlsSeen: [3, frames]
  at::Tensor pose_;                        // [pose frames, 94]
  at::Tensor mean_pose_;                   // [tracks, 94]; undefined without tracks
  at::Tensor onset_, pitch_, level_;       // [tokens] int64
  at::Tensor note_, note_onset_, forced_;  // [tokens] int64
};

}  // namespace minet::clips
