// The model's codes on clips, compared with those of PCA + k-means: usage, holds, meaning, sounds.
#include "minet/evaluation/codebook.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "evaluation/code_usage.hpp"
#include "evaluation/coded_clips.hpp"
#include "evaluation/curves.hpp"
#include "evaluation/dictionary_page.hpp"
#include "evaluation/held_codes.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/random.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/core/words.hpp"

namespace minet::evaluation {
namespace {

constexpr std::int64_t kPitches = 128;
constexpr std::int64_t kMaxDictionaryCodes = 1'000'000;
constexpr double kMost = 0.9;

// The metrics of one codebook: the model's or the baseline's.
struct Figures {
  std::string name;
  std::int64_t codes = 0;  // K
  CodeUse use, train_use;
  double repeats = 0;
  Information note = {}, instrument = {};

  std::int64_t dead() const { return codes - static_cast<std::int64_t>(train_use.ranked.size()); }
};

struct Coded {
  std::vector<CodedClip> split, train;
  std::int64_t instruments = 0;  // L
  bool split_is_train = false;
  std::uint64_t seed = 1;
};

Figures figures_of(const Coded& coded, CodesOfClip which, std::string name, std::int64_t codes) {
  const std::vector<CodeSequence> split = sequences(coded.split, which);
  Figures result{.name = std::move(name),
                 .codes = codes,
                 .use = code_use(split, codes),
                 .train_use = code_use(sequences(coded.train, which), codes),
                 .repeats = repeat_share(split)};
  const auto measure = [&](auto labelled, std::int64_t labels, const char* purpose) {
    const std::vector<CodedClip> none;
    return information(
        labelled(coded.split, which), labelled(coded.split_is_train ? none : coded.train, which),
        {.codes = codes, .labels = labels, .seed = derive_seed(coded.seed, purpose)});
  };
  result.note = measure(with_notes, kPitches, "codes and notes");
  if (coded.instruments > 1) {
    result.instrument = measure(with_instruments, coded.instruments, "codes and instruments");
  }
  return result;
}

void put(nlohmann::ordered_json& json, const Information& information) {
  json["frames"] = information.frames;
  json["label_bits"] = information.label_bits;
  json["bits"] = information.bits;
  if (information.floor_bits) json["floor_bits"] = *information.floor_bits;
  if (information.held_out_bits) json["held_out_bits"] = *information.held_out_bits;
}

void put(nlohmann::ordered_json& json, const Figures& figures, double frame_ms) {
  const CodeUse& use = figures.use;
  const auto used = static_cast<std::int64_t>(use.ranked.size());
  json["codes"] = figures.codes;
  json["codes_used"] = used;
  json["perplexity"] = use.perplexity;
  json["codes_for_half"] = use.codes_for(0.5);
  json["codes_for_most"] = use.codes_for(kMost);
  json["unused"] = figures.codes - used;
  json["dead"] = figures.dead();
  json["repeat_share"] = figures.repeats;
  json["hold"]["mean_ms"] = use.holds.mean * frame_ms;
  json["hold"]["median_ms"] = use.holds.median * frame_ms;
  json["hold"]["p90_ms"] = use.holds.p90 * frame_ms;
  json["hold"]["longest_ms"] = static_cast<double>(use.holds.longest) * frame_ms;
  if (figures.note.frames > 0) put(json["about_note"], figures.note);
  if (figures.instrument.frames > 0) put(json["about_instrument"], figures.instrument);
  std::vector<std::int64_t> counts;
  for (const std::int64_t code : use.ranked) {
    counts.push_back(use.counts[static_cast<std::size_t>(code)]);
  }
  json["by_rank"]["codes"] = use.ranked;
  json["by_rank"]["counts"] = counts;
}

std::vector<std::vector<std::string>> usage_table(const std::vector<Figures>& all,
                                                  double frame_ms) {
  std::vector<std::vector<std::string>> rows{{"", "codes used", "perplexity", "half is", "90 % is",
                                              "dead", "held (ms): mean", "median", "90 %"}};
  for (const Figures& one : all) {
    const CodeUse& use = one.use;
    rows.push_back({one.name, text(use.ranked.size(), " of ", one.codes), figure(use.perplexity),
                    text(use.codes_for(0.5), " codes"), text(use.codes_for(kMost), " codes"),
                    text(one.dead()), figure(use.holds.mean * frame_ms),
                    figure(use.holds.median * frame_ms), figure(use.holds.p90 * frame_ms)});
  }
  return rows;
}

// Empty if the corpus has neither notes nor labels.
std::vector<std::vector<std::string>> meaning_table(const std::vector<Figures>& all) {
  std::vector<std::vector<std::string>> rows{
      {"", "label entropy", "mutual information", "chance level", "on new tracks"}};
  const auto add = [&](const std::string& name, const Information& information) {
    if (information.frames == 0) return;
    const auto or_dash = [](const std::optional<double>& bits) {
      return bits ? figure(*bits) : std::string("-");
    };
    rows.push_back({name, figure(information.label_bits), figure(information.bits),
                    or_dash(information.floor_bits), or_dash(information.held_out_bits)});
  };
  for (const Figures& one : all) add(text("note, ", one.name), one.note);
  for (const Figures& one : all) add(text("instrument, ", one.name), one.instrument);
  if (rows.size() == 1) rows.clear();
  return rows;
}

// How much of the sound the most used codes account for.
Curve cumulative(const Figures& figures) {
  Curve curve{.name = figures.name, .points = {{0, 0}}};
  const auto total = static_cast<double>(figures.use.total());
  double sum = 0, rank = 0;
  for (const std::int64_t code : figures.use.ranked) {
    sum += static_cast<double>(figures.use.counts[static_cast<std::size_t>(code)]);
    curve.points.emplace_back(++rank, 100 * sum / total);
  }
  return curve;
}

std::vector<DictionaryEntry> entries_of(const Coded& coded, const Figures& figures,
                                        std::int64_t count, double frame_s) {
  std::vector<DictionaryEntry> entries;
  std::vector<std::int64_t> place(static_cast<std::size_t>(figures.codes), -1);
  for (const std::int64_t code : figures.use.ranked) {
    if (count > 0 && static_cast<std::int64_t>(entries.size()) == count) break;
    const auto i = static_cast<std::size_t>(code);
    place[i] = static_cast<std::int64_t>(entries.size());
    DictionaryEntry entry{.code = code,
                          .count = figures.use.counts[i],
                          .share = figures.use.share(code),
                          .train_share = figures.train_use.share(code),
                          .hold_s = figures.use.mean_hold(code) * frame_s};
    if (figures.note.frames > 0) entry.notes.resize(kPitches);
    entry.instruments.resize(static_cast<std::size_t>(coded.instruments));
    entries.push_back(std::move(entry));
  }
  const auto count_labels = [&](const std::vector<LabelledClip>& clips,
                                std::vector<std::int64_t> DictionaryEntry::*counts) {
    for (const LabelledClip& clip : clips) {
      for (std::size_t t = 0; t < clip.codes.size(); ++t) {
        const std::int64_t at = place[static_cast<std::size_t>(clip.codes[t])];
        if (at < 0 || clip.labels[t] < 0) continue;
        ++(entries[static_cast<std::size_t>(at)].*counts)
              .at(static_cast<std::size_t>(clip.labels[t]));
      }
    }
  };
  count_labels(with_notes(coded.split, &CodedClip::model), &DictionaryEntry::notes);
  count_labels(with_instruments(coded.split, &CodedClip::model), &DictionaryEntry::instruments);
  return entries;
}

void write_dictionary(Scene& scene, Dictionary dictionary, FolderWriter& folder) {
  std::vector<std::int64_t> codes;
  for (const DictionaryEntry& entry : dictionary.entries) codes.push_back(entry.code);
  std::vector<HeldCode> held = hold_codes(scene, codes);
  const std::filesystem::path sounds = folder.path() / "sound";
  std::filesystem::create_directories(sounds);
  bool notes = false, instruments = false;
  for (std::size_t i = 0; i < held.size(); ++i) {
    DictionaryEntry& entry = dictionary.entries[i];
    entry.hz = held[i].hz;
    entry.picture = std::move(held[i].picture);
    entry.wav = audio::wav_bytes(held[i].sound);
    save_file(sounds / text(entry.code, ".wav"), entry.wav);
    notes |= !entry.notes.empty();
    instruments |= !entry.instruments.empty();
  }
  save_file(folder.path() / "codes.csv", codes_csv(dictionary));
  if (notes) save_file(folder.path() / "notes.csv", notes_csv(dictionary));
  if (instruments) save_file(folder.path() / "instruments.csv", instruments_csv(dictionary));
  save_file(folder.path() / "index.html", dictionary_page(dictionary));
  folder.commit();
}

}  // namespace

EvalResult evaluate_codebook(const CodebookOptions& options) {
  const at::NoGradGuard no_grad;
  check_baseline_frames(options.baseline_frames);
  if (options.dictionary_codes < 0 || options.dictionary_codes > kMaxDictionaryCodes) {
    throw InputError(text("codes: expected 0 (every code in use) to ", kMaxDictionaryCodes,
                          ", got ", options.dictionary_codes));
  }
  Scene scene(options.common, "codebook", Need::codes);
  std::optional<FolderWriter> folder;
  if (options.out) folder.emplace(*options.out, options.force);
  const Labels labels(scene.corpus);
  const FrameBaselines baselines = fit_frame_baselines(scene, options.baseline_frames);
  Coded coded{.split = code_clips(scene, scene.tracks, scene.clips, baselines.codebook),
              .train = code_clips(scene, scene.train_tracks,
                                  choose_clips(scene.train_tracks.frames(), scene.clip_frames(), 0),
                                  baselines.codebook),
              .instruments = static_cast<std::int64_t>(labels.names().size()),
              .split_is_train = scene.options.split == "train",
              .seed = scene.options.seed};
  const double frame_ms = 1000 / scene.config().frame_rate();
  const std::int64_t width = baselines.codebook.pca.basis.size(1);
  const std::vector<Figures> all{
      figures_of(coded, &CodedClip::model, "this model", scene.config().vqvae.codes),
      figures_of(coded, &CodedClip::kmeans, text("PCA to ", width, ", k-means"),
                 baselines.codebook.codes.size(0))};

  nlohmann::ordered_json json = begin_json(scene.heading());
  put(json, all[0], frame_ms);
  json["train_clips"] = coded.train.size();
  json["baseline_frames"] = baselines.frames;
  put(json["baselines"]["pca_kmeans"], all[1], frame_ms);

  const auto usage = usage_table(all, frame_ms), meaning = meaning_table(all);
  if (folder) {
    Dictionary dictionary{
        .headline = text("Codes of ", scene.options.model.string()),
        .facts = {text(counted(scene.clips.size(), "clip"), " (",
                       human_duration(scene.seconds(scene.clips)), ") of split '",
                       scene.options.split, "' of ", scene.options.corpus.string()),
                  text("minet ", version(), ", seed ", scene.options.seed, "; dead: in none of ",
                       coded.train.size(), " training clips")},
        .usage = usage,
        .meaning = meaning,
        .usage_svg = curves_svg("% of the sound", {cumulative(all[0]), cumulative(all[1])},
                                "codes, the most used first"),
        .instruments = labels.names(),
        .entries = entries_of(coded, all[0], options.dictionary_codes, frame_ms / 1000)};
    write_dictionary(scene, std::move(dictionary), *folder);
  }
  std::string report = text(headline(scene.heading()), "\n\n", table(usage), "\nDead: in none of ",
                            coded.train.size(),
                            " training clips. Held: runs of one code, cut at the clips' ends.\n");
  if (!meaning.empty()) {
    report +=
        text("\n", table(meaning),
             "\n"
             "Bits per frame. Mutual information: of code and label. Chance level: the same with "
             "the labels of\n"
             "another track's clip. On new tracks: with the meaning that codes have in training "
             "tracks; may be\n"
             "below 0.\n");
  }
  if (options.out) report += text("Dictionary: ", (*options.out / "index.html").string(), "\n");
  return {.json = dump(json), .report = report};
}

}  // namespace minet::evaluation
