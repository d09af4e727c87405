// NDB (paper section 4): in how many of 50 bins of training sound does generated sound fall too
// often or too rarely? Always reported beside the score of real sound.
//
// A clip is a point in T x F dimensions: its standardised log-spectrogram, in the model's own scale
// (decibel in the presets). k-means on clips of split 'train' makes the bins, at full dimension.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "minet/core/shard.hpp"
#include "minet/evaluation/evaluation.hpp"

namespace minet::evaluation {

inline constexpr std::int64_t kMaxNdbTrainClips = 12'000;  // 1.2 GB of inner products

struct NdbOptions {
  EvalOptions common = {.clips = 1600};  // real and generated, spread evenly over the split
  std::int64_t bins = 50;
  std::int64_t train_clips = 1600;  // to make the bins, at random places; at most kMaxNdbTrainClips
  std::int64_t restarts = 10;       // of k-means++
  std::int64_t rounds = 1000;       // of the bootstrap over tracks
  bool notes = false;               // generate with the tracks' notes
  // Also judge real clips. False if their results are known from another model on the same corpus,
  // clips and bins: the keys floor_*, codes_* and the test clips' counts and z are absent then.
  bool floors = true;
  // Judge these recordings (*.wav, cut into clips end to end) instead of what the model would
  // generate; the model still gives the scale.
  std::optional<std::filesystem::path> wav = std::nullopt;
  // Folder where centres are cached, as ndb-<hash>.safetensors; the hash covers everything that
  // determines them. Default: the folder ndb beside the model.
  std::optional<std::filesystem::path> cache = std::nullopt;
};

// Keys: ndb, js (generated or given clips against training clips), floor_ndb, floor_js (real clips
// of the split against training clips: what a perfect generator would score), bins, clips,
// train_clips, halves_ndb and halves_js (real clips of one half of the training groups against bins
// of the other half; absent with a single group), codes_ndb and codes_js (the real clips through
// the codes: what a perfect prior would score; absent for a model without codes). For each of these
// prefixes and for none: ndb_interval and js_interval, 95 %, resampling tracks; null if one side is
// a single track. Also: kind, source ("generated", "generated with notes" or the folder), alpha,
// restarts, inertia, bins_with_few, centres_hash, and, by bin, `counts` (train, test, judged) and
// `z` (test, judged).
EvalResult evaluate_ndb(const NdbOptions& options);

// The same on several machines. A shard makes the bins, or takes them from the cache folder, which
// all shards should share, and writes to `file`, atomically, which bin each of its clips falls
// into. What it samples does not depend on the other shards. False: `file` has the same settings,
// model and corpus already, and is kept. InputError: it has others and may not be replaced.
bool measure_ndb_shard(const NdbOptions& options, const Shard& shard,
                       const std::filesystem::path& file, bool replace = false);
// The result of evaluate_ndb() from the files of all shards in the order of their numbers; model
// and corpus are not read. InputError names the file that is missing, is of another shard, or has
// other settings, model, corpus or bins than the options or than the first.
EvalResult merge_ndb(const NdbOptions& options, const std::vector<std::filesystem::path>& files);

}  // namespace minet::evaluation
