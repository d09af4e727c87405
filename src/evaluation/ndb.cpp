#include "minet/evaluation/ndb.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <numbers>
#include <optional>
#include <utility>

#include "evaluation/clip_notes.hpp"
#include "evaluation/ndb_bins.hpp"
#include "evaluation/ndb_findings.hpp"
#include "evaluation/scene.hpp"
#include "evaluation/sound_clips.hpp"
#include "evaluation/statistics/bins.hpp"
#include "minet/core/access.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/log.hpp"
#include "minet/core/random.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/models/model.hpp"

namespace minet::evaluation {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kGenerated = 32;  // clips generated at a time

void check(const NdbOptions& options) {
  if (options.bins < 2 || options.bins > 1000) {
    throw InputError(text("bins: expected 2 to 1000, got ", options.bins));
  }
  if (options.train_clips < 2 * options.bins || options.train_clips > kMaxNdbTrainClips) {
    throw InputError(text("train_clips: expected at least two a bin (", 2 * options.bins,
                          ") and at most ", kMaxNdbTrainClips, ", got ", options.train_clips));
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
    throw InputError(text("notes: expected a model that was trained with notes, but ",
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

// A contiguous part of the scene's clips, from `first` on.
struct Part {
  std::size_t first = 0;
  std::vector<clips::Clip> clips;
};

// A shard consists of whole generation batches, so that each clip is drawn with the same seed and
// batched with the same clips as in a single run.
Part part_of(const Scene& scene, const std::optional<Shard>& shard) {
  if (!shard) return {.clips = scene.clips};
  const ItemRange batches = items_of(*shard, (scene.clips.size() + kGenerated - 1) / kGenerated);
  const std::size_t first = std::min(batches.first * kGenerated, scene.clips.size());
  const std::size_t last = std::min(batches.last * kGenerated, scene.clips.size());
  return {.first = first,
          .clips = {scene.clips.begin() + static_cast<std::ptrdiff_t>(first),
                    scene.clips.begin() + static_cast<std::ptrdiff_t>(last)}};
}

void add(BinnedClips& to, const NdbBins& bins, const at::Tensor& spectrograms,
         const std::vector<clips::Clip>& some) {
  const std::vector<std::int64_t> found = nearest_bins(bins.centres, spectrograms);
  to.bins.insert(to.bins.end(), found.begin(), found.end());
  for (const clips::Clip& clip : some) to.tracks.push_back(clip.track);
}

BinnedClips bin_generated(Scene& scene, const NdbBins& bins, const Part& part, bool notes) {
  BinnedClips result;
  for_each_batch(
      "generating", part.clips,
      [&](std::size_t first, const std::vector<clips::Clip>& some) {
        const at::Tensor made = scene.subject->spectrograms(
            {.poses = scene.tracks.poses(some),
             .notes = given_notes(scene, some, notes),
             .sampling = scene.sampling("generated", part.first + first)});
        add(result, bins, made, some);
      },
      kGenerated);
  return result;
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

// Real clips of the split: the scores of a perfect generator and, passed through the codes, of a
// perfect prior.
void bin_real(Scene& scene, const Part& part, NdbFindings& findings) {
  const NdbBins& bins = findings.bins;
  for_each_batch("real clips", part.clips, [&](std::size_t, const std::vector<clips::Clip>& some) {
    const at::Tensor spectrograms = scene.tracks.spectrograms(some, scene.subject->scale());
    add(findings.test, bins, spectrograms, some);
    const at::Tensor codes = scene.subject->encode(spectrograms);
    if (codes.defined()) add(findings.codes, bins, scene.subject->decode(codes), some);
  });
}

fs::path default_cache(const fs::path& model) {
  return (fs::is_directory(model) ? model : model.parent_path()) / "ndb";
}

std::string source_of(const NdbOptions& options) {
  if (options.wav) return options.wav->string();
  return options.notes ? "generated with notes" : "generated";
}

// The first part of NdbFindings::settings: the requested ones.
nlohmann::ordered_json asked_settings(const NdbOptions& options) {
  const auto value = [](const auto& given) {
    return given ? nlohmann::ordered_json(*given) : nlohmann::ordered_json();
  };
  nlohmann::ordered_json settings;
  settings["version"] = version();
  settings["split"] = options.common.split;
  settings["clips"] = options.common.clips;
  settings["seed"] = options.common.seed;
  settings["temperature"] = value(options.common.sampling.temperature);
  settings["top_k"] = value(options.common.sampling.top_k);
  settings["top_p"] = value(options.common.sampling.top_p);
  settings["notes"] = options.notes;
  settings["bins"] = options.bins;
  settings["train_clips"] = options.train_clips;
  settings["restarts"] = options.restarts;
  settings["rounds"] = options.rounds;
  settings["floors"] = options.floors;
  return settings;
}

nlohmann::ordered_json settings_of(const Scene& scene, const NdbOptions& options) {
  nlohmann::ordered_json settings = asked_settings(options);
  settings["corpus"] = scene.corpus.hash();
  settings["model"] = sha256_of_file(models::model_file(options.common.model));
  settings["device"] = scene.device.str();
  settings["kind"] = scene.subject->kind();
  if (!options.wav) {
    settings["sampling"] = sampling_json(
        scene.subject->sampling(options.common.sampling, options.notes), scene.config());
  }
  settings["judged"] = scene.clips.size();
  settings["seconds"] = scene.seconds(scene.clips);
  return settings;
}

std::string hash_of_centres(const at::Tensor& centres) {
  const at::Tensor whole = centres.cpu().contiguous();
  return sha256({static_cast<const char*>(whole.const_data_ptr()), whole.nbytes()});
}

// Whether `file` is this shard's with these settings. InputError if it is not and must be kept.
bool is_kept(const nlohmann::ordered_json& settings, const Shard& shard, const fs::path& file,
             bool replace) {
  nlohmann::ordered_json before;
  try {
    before = read_ndb_shard(file, shard).settings;
  } catch (const InputError& error) {
    if (!replace) throw;
    log::warning(text(error.what(), "; measuring it again"));
    return false;
  }
  const std::string key = other_setting(settings, before);
  if (key.empty() || replace) return key.empty();
  throw InputError(text(file.string(), ": expected a shard with ", key, " ", setting(settings, key),
                        ", got one with ", setting(before, key),
                        "; choose another name, or replace it with the option 'force'"));
}

NdbFindings measure(Scene& scene, const NdbOptions& options, nlohmann::ordered_json settings,
                    const std::optional<Shard>& shard) {
  NdbFindings findings;
  findings.settings = std::move(settings);
  findings.bins = ndb_bins(scene,
                           {.bins = options.bins,
                            .train_clips = options.train_clips,
                            .restarts = options.restarts,
                            .seed = options.common.seed},
                           options.cache.value_or(default_cache(options.common.model)));
  if (shard) findings.centres_hash = hash_of_centres(findings.bins.centres);
  const Part part = part_of(scene, shard);
  findings.first = part.first;
  if (options.floors) bin_real(scene, part, findings);
  if (!options.wav) {
    findings.judged = bin_generated(scene, findings.bins, part, options.notes);
    return findings;
  }
  findings.judged = bin_sounds(scene, findings.bins, *options.wav);
  const std::size_t clips = findings.judged.bins.size();
  findings.settings["judged"] = clips;
  findings.settings["seconds"] = static_cast<double>(clips) * scene.clip_seconds();
  return findings;
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

std::string span(const std::optional<Interval>& interval) {
  return interval ? text(figure(interval->low), " - ", figure(interval->high)) : "-";
}

std::string whole_span(const std::optional<Interval>& interval) {
  return interval ? text(std::lround(interval->low), " - ", std::lround(interval->high)) : "-";
}

std::string title_of(const Heading& heading, const NdbOptions& options) {
  if (!options.wav) return headline(heading);
  return text("ndb of the recordings in ", printable(options.wav->string()), ", ", heading.clips,
              " clips (", human_duration(heading.seconds), "), beside split '",
              options.common.split, "' of ", options.common.corpus.string());
}

std::string report_of(const Heading& heading, const std::vector<NdbRow>& rows, const NdbBins& bins,
                      const NdbOptions& options) {
  std::vector<std::vector<std::string>> lines{
      {"", "NDB", "tracks resampled", "JS", "tracks resampled", "clips"}};
  for (const NdbRow& row : rows) {
    lines.push_back({row.name, text(row.figures.ndb), whole_span(row.intervals.ndb),
                     figure(row.figures.js), span(row.intervals.js), text(row.clips)});
  }
  return text(
      title_of(heading, options), "\n\n", table(lines), "\n", options.bins, " bins by k-means on ",
      bins.train.bins.size(),
      " training clips, as standardised log-spectrograms in the model's scale.\nNDB: bins "
      "that hold too many or too few clips (p < 0.05); lower is better, and the row marked "
      "(floor) is what real sound scores.\n"
      "JS: Jensen-Shannon divergence, nats. Ranges: 95 % of ",
      options.rounds,
      " resamplings of whole tracks, which\n"
      "spread the clips further, so they lie above the value itself; none for a single track.\n");
}

void warn_of_few(const NdbRow& row, const NdbOptions& options) {
  if (row.figures.few == 0) return;
  log::warning(text(row.figures.few, " of ", options.bins, " bins are expected to hold under ",
                    kFewExpected, " clips of ", row.name,
                    ", too few for the test to detect much; give more clips (the option 'clips', "
                    "the option 'train_clips') or fewer bins"));
}

EvalResult result_of(const NdbFindings& findings, const NdbOptions& options) {
  const nlohmann::ordered_json& settings = findings.settings;
  const NdbBins& bins = findings.bins;
  const std::string source = source_of(options);
  const Heading heading{.metric = "ndb",
                        .options = options.common,
                        .device = settings["device"],
                        .corpus_hash = settings["corpus"],
                        .clips = settings["judged"],
                        .seconds = settings["seconds"]};
  std::vector<NdbRow> rows;
  rows.push_back(
      compare("", options.wav ? printable(source) : source, bins.train, findings.judged, options));
  if (options.floors) {
    rows.push_back(compare("floor_", text("real, split '", options.common.split, "' (floor)"),
                           bins.train, findings.test, options));
  }
  if (!findings.codes.bins.empty()) {
    rows.push_back(
        compare("codes_", "real, through the codes", bins.train, findings.codes, options));
  }
  if (!bins.half.bins.empty()) {
    rows.push_back(compare("halves_", "real, half of train against half", bins.half,
                           bins.other_half, options));
  }
  if (options.floors && rows[1].figures.ndb > rows[0].figures.ndb) {
    log::warning(text("the floor (real clips of split '", options.common.split, "', ",
                      rows[1].figures.ndb, " bins) is worse than the judged sound (",
                      rows[0].figures.ndb,
                      "): the split is too small or too unlike the training "
                      "tracks for this result to tell how good the model is"));
  }
  warn_of_few(rows[0], options);
  if (options.floors && rows[1].figures.few > rows[0].figures.few) warn_of_few(rows[1], options);

  nlohmann::ordered_json json = begin_json(heading);
  json["kind"] = settings["kind"];
  json["source"] = source;
  if (!options.wav) json["sampling"] = settings["sampling"];
  json["clips"] = findings.judged.bins.size();
  json["train_clips"] = bins.train.bins.size();
  json["bins"] = options.bins;
  json["alpha"] = kBinAlpha;
  json["restarts"] = options.restarts;
  for (const NdbRow& row : rows) {
    json[row.prefix + "ndb"] = row.figures.ndb;
    json[row.prefix + "js"] = row.figures.js;
    json[row.prefix + "ndb_interval"] = interval_json(row.intervals.ndb);
    json[row.prefix + "js_interval"] = interval_json(row.intervals.js);
  }
  json["bins_with_few"] = rows[0].figures.few;
  json["inertia"] = bins.inertia;
  json["centres_hash"] = bins.hash;
  json["counts"] = {{"train", bins.train.counts(options.bins)},
                    {"judged", findings.judged.counts(options.bins)}};
  json["z"] = {{"judged", rows[0].figures.z}};
  if (options.floors) {
    json["counts"]["test"] = findings.test.counts(options.bins);
    json["z"]["test"] = rows[1].figures.z;
  }
  return {.json = dump(json), .report = report_of(heading, rows, bins, options)};
}

}  // namespace

EvalResult evaluate_ndb(const NdbOptions& options) {
  check(options);
  Scene scene(options.common, "ndb");
  if (options.notes) check_notes(scene);
  return result_of(measure(scene, options, settings_of(scene, options), std::nullopt), options);
}

bool measure_ndb_shard(const NdbOptions& options, const Shard& shard, const fs::path& file,
                       bool replace) {
  check(options);
  if (options.wav) {
    throw InputError(
        "shard: expected it for generating only, got it with recordings to judge (wav); leave one "
        "out");
  }
  Scene scene(options.common, "ndb");
  if (options.notes) check_notes(scene);
  nlohmann::ordered_json settings = settings_of(scene, options);
  if (fs::exists(file) && is_kept(settings, shard, file, replace)) return false;
  const NdbFindings findings = measure(scene, options, std::move(settings), shard);
  make_folders(file.parent_path());
  save_file(file, ndb_shard_json(findings, shard), {.replace = replace});
  return true;
}

EvalResult merge_ndb(const NdbOptions& options, const std::vector<fs::path>& files) {
  check(options);
  return result_of(join_ndb_shards(files, asked_settings(options)), options);
}

}  // namespace minet::evaluation
