#include "minet/evaluation/ndb.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <numbers>
#include <utility>

#include "evaluation/ndb_bins.hpp"
#include "evaluation/scene.hpp"
#include "evaluation/sound_clips.hpp"
#include "evaluation/statistics/bins.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/random.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kMaxTrainClips = 12'000;  // 1.2 GB of inner products
constexpr std::size_t kGenerated = 32;           // clips at a time

void check(const NdbOptions& options) {
  if (options.bins < 2 || options.bins > 1000) {
    throw InputError(text("bins: expected 2 to 1000, got ", options.bins));
  }
  if (options.train_clips < 2 * options.bins || options.train_clips > kMaxTrainClips) {
    throw InputError(text("train_clips: expected at least two a bin (", 2 * options.bins,
                          ") and at most ", kMaxTrainClips, ", got ", options.train_clips));
  }
  if (options.restarts < 1 || options.restarts > 1000) {
    throw InputError(text("restarts: expected 1 to 1000, got ", options.restarts));
  }
  if (options.rounds < 100 || options.rounds > 1'000'000) {
    throw InputError(text("rounds: expected 100 to 1000000, got ", options.rounds));
  }
  if (options.wav && options.notes) {
    throw InputError(
        "notes: expected it for generating only, got it with recordings to judge (wav); leave one "
        "out");
  }
}

void check_notes(const Scene& scene) {
  if (!scene.subject->takes_notes()) {
    throw InputError(text("notes: expected a model trained with notes (content.enabled), but ",
                          scene.options.model.string(), " was not; leave the notes out"));
  }
  for (const clips::Clip& clip : scene.clips) {
    const corpus::Track& track = scene.track(scene.tracks, clip);
    if (!track.has_notes) {
      throw InputError(text("notes: expected notes for every track of split '", scene.options.split,
                            "', but ", printable(track.id), " has none; leave the notes out"));
    }
  }
}

// The clips of the split in their bins: `spectrograms` makes [B, F, T] of some of them.
template <class Spectrograms>
BinnedClips bin(const Scene& scene, const NdbBins& bins, const std::string& label,
                std::size_t batch, const Spectrograms& spectrograms) {
  BinnedClips result;
  for_each_batch(
      label, scene.clips,
      [&](std::size_t first, const std::vector<clips::Clip>& some) {
        const std::vector<std::int64_t> found =
            nearest_bins(bins.centres, spectrograms(first, some));
        result.bins.insert(result.bins.end(), found.begin(), found.end());
        for (const clips::Clip& clip : some) result.tracks.push_back(clip.track);
      },
      batch);
  return result;
}

BinnedClips bin_generated(Scene& scene, const NdbBins& bins, bool notes) {
  return bin(scene, bins, "generating", kGenerated,
             [&](std::size_t first, const std::vector<clips::Clip>& some) {
               return scene.subject->spectrograms(
                   {.poses = scene.tracks.poses(some),
                    .notes = notes ? scene.tracks.notes(some) : at::Tensor(),
                    .sampling = scene.sampling("generated", first)});
             });
}

BinnedClips bin_sounds(const Scene& scene, const NdbBins& bins, const fs::path& folder) {
  BinnedClips result;
  for_each_sound_clip(folder, scene.subject->config(), scene.subject->scale(),
                      [&](std::int64_t file, const at::Tensor& clips) {
                        for (const std::int64_t found : nearest_bins(bins.centres, clips)) {
                          result.bins.push_back(found);
                          result.tracks.push_back(file);
                        }
                      });
  return result;
}

// Real clips of the split: what a perfect generator and, through the codes, what a perfect prior
// would score.
struct RealClips {
  BinnedClips test, codes;
};
RealClips bin_real(Scene& scene, const NdbBins& bins) {
  RealClips result;
  for_each_batch("real clips", scene.clips, [&](std::size_t, const std::vector<clips::Clip>& some) {
    const at::Tensor spectrograms = scene.tracks.spectrograms(some, scene.subject->scale());
    const auto add = [&](BinnedClips& to, const at::Tensor& clips) {
      const std::vector<std::int64_t> found = nearest_bins(bins.centres, clips);
      to.bins.insert(to.bins.end(), found.begin(), found.end());
      for (const clips::Clip& clip : some) to.tracks.push_back(clip.track);
    };
    add(result.test, spectrograms);
    const at::Tensor codes = scene.subject->encode(spectrograms);
    if (codes.defined()) add(result.codes, scene.subject->decode(codes));
  });
  return result;
}

struct NdbRow {
  std::string prefix, name;
  std::size_t clips = 0;
  BinFigures figures;
  BinIntervals intervals;
};

NdbRow compare(std::string prefix, std::string name, const BinnedClips& reference,
               const BinnedClips& judged, const NdbOptions& options) {
  const std::vector<std::int64_t> a = reference.counts(options.bins),
                                  b = judged.counts(options.bins);
  return {.prefix = std::move(prefix),
          .name = std::move(name),
          .clips = judged.bins.size(),
          .figures = compare_bins(a, b),
          .intervals =
              bootstrap_bins(reference, judged, options.bins, options.rounds, options.common.seed)};
}

nlohmann::ordered_json pair(const Interval& interval) {
  return nlohmann::ordered_json::array({interval.low, interval.high});
}

std::string report_of(const Scene& scene, const std::vector<NdbRow>& rows, const NdbBins& bins,
                      const NdbOptions& options) {
  std::vector<std::vector<std::string>> lines{
      {"", "NDB", "tracks resampled", "JS", "tracks resampled", "clips"}};
  for (const NdbRow& row : rows) {
    const auto span = [](const Interval& interval) {
      return text(figure(interval.low), " - ", figure(interval.high));
    };
    lines.push_back(
        {row.name, text(row.figures.ndb),
         text(std::lround(row.intervals.ndb.low), " - ", std::lround(row.intervals.ndb.high)),
         figure(row.figures.js), span(row.intervals.js), text(row.clips)});
  }
  return text(headline(scene.heading()), "\n\n", table(lines), "\n", options.bins,
              " bins by k-means on ", bins.train.bins.size(),
              " training clips, as standardised log-spectrograms in the model's scale.\nNDB: bins "
              "that hold too many or too few clips (p < 0.05); lower is better, and the floor is "
              "what real sound scores.\nJS: Jensen-Shannon divergence, nats. Ranges: 95 % of ",
              options.rounds,
              " resamplings of whole tracks, which\nspread the clips further, so they lie above "
              "the figure itself.\n");
}

void warn_of_few(const NdbRow& row, const NdbOptions& options) {
  if (row.figures.few == 0) return;
  log::warning(text(row.figures.few, " of ", options.bins, " bins are expected to hold under ",
                    kFewExpected, " clips of ", row.name,
                    ", too few for the test to see much; give more clips (clips, train_clips) "
                    "or fewer bins"));
}

fs::path default_cache(const fs::path& model) {
  return (fs::is_directory(model) ? model : model.parent_path()) / "ndb";
}

}  // namespace

EvalResult evaluate_ndb(const NdbOptions& options) {
  check(options);
  Scene scene(options.common, "ndb");
  if (options.notes) check_notes(scene);
  std::string source = options.notes ? "generated with notes" : "generated";
  if (options.wav) source = options.wav->string();
  const NdbBins bins = ndb_bins(scene,
                                {.bins = options.bins,
                                 .train_clips = options.train_clips,
                                 .restarts = options.restarts,
                                 .seed = options.common.seed},
                                options.cache.value_or(default_cache(options.common.model)));

  const RealClips real = options.floors ? bin_real(scene, bins) : RealClips{};
  const BinnedClips judged = options.wav ? bin_sounds(scene, bins, *options.wav)
                                         : bin_generated(scene, bins, options.notes);

  std::vector<NdbRow> rows;
  rows.push_back(
      compare("", options.wav ? printable(source) : source, bins.train, judged, options));
  if (options.floors) {
    rows.push_back(compare("floor_", text("real, split '", options.common.split, "' (floor)"),
                           bins.train, real.test, options));
  }
  if (!real.codes.bins.empty()) {
    rows.push_back(compare("codes_", "real, through the codes", bins.train, real.codes, options));
  }
  if (!bins.half.bins.empty()) {
    rows.push_back(compare("halves_", "real, half of train against half", bins.half,
                           bins.other_half, options));
  }
  if (options.floors && rows[1].figures.ndb > rows[0].figures.ndb) {
    log::warning(text("the floor (real clips of split '", options.common.split, "', ",
                      rows[1].figures.ndb, " bins) is worse than what is judged (",
                      rows[0].figures.ndb,
                      "): the split is too small or too unlike the training "
                      "tracks for this figure to say how good the model is"));
  }
  warn_of_few(rows[0], options);
  if (options.floors && rows[1].figures.few > rows[0].figures.few) warn_of_few(rows[1], options);

  nlohmann::ordered_json json = begin_json(scene.heading());
  json["kind"] = scene.subject->kind();
  json["source"] = source;
  if (!options.wav) {
    json["sampling"] = sampling_json(
        scene.subject->sampling(options.common.sampling, options.notes), scene.config());
  }
  json["clips"] = judged.bins.size();
  json["train_clips"] = bins.train.bins.size();
  json["bins"] = options.bins;
  json["alpha"] = kBinAlpha;
  json["restarts"] = options.restarts;
  for (const NdbRow& row : rows) {
    json[row.prefix + "ndb"] = row.figures.ndb;
    json[row.prefix + "js"] = row.figures.js;
    json[row.prefix + "ndb_interval"] = pair(row.intervals.ndb);
    json[row.prefix + "js_interval"] = pair(row.intervals.js);
  }
  json["bins_with_few"] = rows[0].figures.few;
  json["inertia"] = bins.inertia;
  json["centres_hash"] = bins.hash;
  json["counts"] = {{"train", bins.train.counts(options.bins)},
                    {"judged", judged.counts(options.bins)}};
  json["z"] = {{"judged", rows[0].figures.z}};
  if (options.floors) {
    json["counts"]["test"] = real.test.counts(options.bins);
    json["z"]["test"] = rows[1].figures.z;
  }
  return {.json = dump(json), .report = report_of(scene, rows, bins, options)};
}

}  // namespace minet::evaluation
