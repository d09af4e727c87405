#include "minet/evaluation/sampling_search.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "evaluation/clip_notes.hpp"
#include "evaluation/coded_clips.hpp"
#include "evaluation/held_notes.hpp"
#include "evaluation/instrument_examples.hpp"
#include "evaluation/note_scores.hpp"
#include "evaluation/sound_chain.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {
namespace {

using Json = nlohmann::ordered_json;

struct ClipHeard {
  std::vector<double> colour = {};
  bool right_instrument = false;
  NoteScores scores = {};
  std::vector<double> held_s = {};
  CodeSequence codes = {};
};

struct Figures {
  double instrument = 0, pitch_recall = 0, onset_f1 = 0;
  HeldNotes held = {};

  double score(bool notes, double real_median_s) const {
    if (notes) return (instrument + pitch_recall + onset_f1) / 3;
    const double larger = std::max(held.median_s, real_median_s);
    const double held_ratio = larger > 0 ? std::min(held.median_s, real_median_s) / larger : 0;
    return (instrument + onset_f1 + held_ratio) / 3;
  }
};

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// Over all clips except `left_out`.
Figures figures_of(const std::vector<ClipHeard>& clips, std::size_t left_out = kNone) {
  Figures figures;
  NoteScores sum;
  std::vector<double> held;
  double counted = 0;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    if (i == left_out) continue;
    ++counted;
    figures.instrument += clips[i].right_instrument ? 1 : 0;
    sum.add(clips[i].scores);
    held.insert(held.end(), clips[i].held_s.begin(), clips[i].held_s.end());
  }
  figures.instrument /= std::max(1.0, counted);
  figures.pitch_recall = sum.pitch.recall();
  figures.onset_f1 = sum.onset_f1();
  figures.held = summarise_held(std::move(held));
  return figures;
}

struct Trial {
  double temperature = 1, top_p = 1;
  std::vector<ClipHeard> clips = {};
  Figures figures = {};
  double score = 0;
};

// All trials with or without notes, the model's own settings first.
struct Search {
  bool notes = false;
  double real_median_s = 0;
  std::vector<Trial> trials = {};
  std::size_t best = 0;
  double gain = 0;
  std::optional<double> standard_error = std::nullopt;  // unknown for a single clip

  bool enough() const { return std::ssize(trials[0].clips) >= kFewestSearchClips; }
  // The best of many is partly luck: 3 errors are the 5 % level for some 35 pairs (Bonferroni).
  bool replace() const {
    return enough() && standard_error && *standard_error > 0 && gain > 3 * *standard_error;
  }
  const Trial& kept() const { return trials[replace() ? best : 0]; }
};

std::vector<CodeSequence> codes_of(const std::vector<ClipHeard>& clips) {
  std::vector<CodeSequence> codes;
  for (const ClipHeard& clip : clips) {
    if (!clip.codes.empty()) codes.push_back(clip.codes);
  }
  return codes;
}

// The clips to play for and the analysis of the results.
class Audition {
 public:
  Audition(Scene& scene, const SamplingSearchOptions& options)
      : scene_(scene),
        iterations_(options.iterations),
        labels_(scene.corpus),
        examples_(instrument_examples(scene, labels_, options.train_clips)),
        classifier_(examples_, static_cast<std::int64_t>(labels_.names().size())) {
    const std::set<std::int64_t> known(examples_.labels.begin(), examples_.labels.end());
    for (const clips::Clip& clip : scene.clips) {
      const corpus::Track& track = scene.track(scene.tracks, clip);
      if (track.has_notes && known.contains(labels_.of(track))) clips_.push_back(clip);
    }
    if (clips_.empty()) {
      throw InputError(text(scene.options.corpus.string(), ": expected clips in split '",
                            scene.options.split,
                            "' with notes and of instruments that training has, got none; choose "
                            "another split"));
    }
    truth_ = labels_.of(scene.tracks, clips_);
    for (const clips::Clip& clip : clips_) notes_.push_back(notes_of(scene, clip));
  }

  const std::vector<clips::Clip>& clips() const { return clips_; }
  std::size_t examples() const { return examples_.labels.size(); }

  std::vector<ClipHeard> real() {
    std::vector<ClipHeard> heard;
    for_each_batch(
        "recorded", clips_, [&](std::size_t first, const std::vector<clips::Clip>& some) {
          const at::Tensor codes =
              scene_.subject->encode(scene_.tracks.spectrograms(some, scene_.subject->scale()));
          for (std::size_t i = 0; i < some.size(); ++i) {
            Stage stage{.name = "real", .sound = real_sound(scene_, scene_.tracks, some[i])};
            if (codes.defined()) stage.codes = sequence_of(codes[static_cast<std::int64_t>(i)]);
            heard.push_back(listen(stage, first + i));
          }
        });
    return heard;
  }

  std::vector<ClipHeard> play(const std::string& label, bool notes, double temperature,
                              double top_p) {
    std::vector<ClipHeard> heard;
    for_each_batch(label, clips_, [&](std::size_t first, const std::vector<clips::Clip>& some) {
      // The same seeds in every trial.
      generation::SamplingChoice sampling = scene_.sampling("generated", first);
      sampling.temperature = temperature, sampling.top_p = top_p;
      const ClipInput input{.poses = scene_.tracks.poses(some),
                            .notes = given_notes(scene_, some, notes),
                            .sampling = sampling};
      const std::vector<Stage> stages = generated_stages(scene_, first, input, iterations_);
      for (std::size_t i = 0; i < stages.size(); ++i) heard.push_back(listen(stages[i], first + i));
    });
    std::vector<std::vector<double>> colours;
    for (const ClipHeard& clip : heard) colours.push_back(clip.colour);
    const std::vector<std::int64_t> names = classifier_.classify(rows_of(colours));
    for (std::size_t i = 0; i < heard.size(); ++i)
      heard[i].right_instrument = names[i] == truth_[i];
    return heard;
  }

 private:
  ClipHeard listen(const Stage& stage, std::size_t clip) const {
    ClipHeard result{.colour = tone_colour(stage.sound), .codes = stage.codes};
    const Heard heard = hear(stage.sound);
    result.scores.add(heard, notes_[clip]);
    result.held_s = held_notes(heard.pitch);
    return result;
  }

  Scene& scene_;
  std::int64_t iterations_;
  Labels labels_;
  InstrumentExamples examples_;
  InstrumentClassifier classifier_;
  std::vector<clips::Clip> clips_;
  std::vector<std::int64_t> truth_;
  std::vector<std::vector<score::Note>> notes_;
};

// Delete-one jackknife of the difference between two trials of the same clips.
std::optional<double> standard_error(const Search& search, const Trial& a, const Trial& b) {
  if (a.clips.size() < 2) return std::nullopt;
  const auto count = static_cast<double>(a.clips.size());
  std::vector<double> differences;
  double mean = 0;
  for (std::size_t i = 0; i < a.clips.size(); ++i) {
    differences.push_back(figures_of(a.clips, i).score(search.notes, search.real_median_s) -
                          figures_of(b.clips, i).score(search.notes, search.real_median_s));
    mean += differences.back() / count;
  }
  double squares = 0;
  for (const double difference : differences) squares += (difference - mean) * (difference - mean);
  return std::sqrt(squares * (count - 1) / count);
}

Search search(Audition& audition, const Scene& scene, const SamplingSearchOptions& options,
              bool notes, double real_median_s) {
  Search result{.notes = notes, .real_median_s = real_median_s};
  const generation::SamplingOptions own = scene.subject->sampling({}, notes);
  std::vector<std::pair<double, double>> grid{{own.temperature, own.top_p}};
  for (const double temperature : options.temperatures) {
    for (const double top_p : options.top_ps) {
      const std::pair<double, double> place{temperature, top_p};
      if (std::find(grid.begin(), grid.end(), place) == grid.end()) grid.push_back(place);
    }
  }
  for (const auto& [temperature, top_p] : grid) {
    const std::string label =
        text(notes ? "with notes" : "alone", ", temperature ", temperature, ", top_p ", top_p);
    Trial trial{.temperature = temperature,
                .top_p = top_p,
                .clips = audition.play(label, notes, temperature, top_p)};
    trial.figures = figures_of(trial.clips);
    trial.score = trial.figures.score(notes, real_median_s);
    result.trials.push_back(std::move(trial));
    if (result.trials.back().score > result.trials[result.best].score) {
      result.best = result.trials.size() - 1;
    }
  }
  result.gain = result.trials[result.best].score - result.trials[0].score;
  result.standard_error = standard_error(result, result.trials[result.best], result.trials[0]);
  return result;
}

Json as_json(const Search& search) {
  Json json;
  for (const Trial& trial : search.trials) {
    Json one{{"temperature", trial.temperature},
             {"top_p", trial.top_p},
             {"score", trial.score},
             {"instrument", trial.figures.instrument},
             {"pitch_recall", trial.figures.pitch_recall},
             {"onset_f1", trial.figures.onset_f1},
             {"held_median_s", trial.figures.held.median_s},
             {"held_longest_s", trial.figures.held.longest_s}};
    const std::vector<CodeSequence> codes = codes_of(trial.clips);
    if (!codes.empty()) one["repeat_share"] = repeat_share(codes);
    json["trials"].push_back(std::move(one));
  }
  json["own"] = 0;
  json["best"] = search.best;
  json["gain"] = search.gain;
  json["gain_standard_error"] =
      search.standard_error ? Json(*search.standard_error) : Json(nullptr);
  json["replace"] = search.replace();
  return json;
}

std::string verdict(const Search& search) {
  if (search.replace()) return "clearly better.";
  if (search.enough()) return "no clear difference, keep its own.";
  return text("keep its own, as fewer than ", kFewestSearchClips, " clips cannot tell.");
}

std::string report_of(const Search& search) {
  std::vector<std::vector<std::string>> rows{{search.notes ? "with notes" : "from keypoints alone",
                                              "top_p", "score", "instrument", "pitch recall",
                                              "onset F1", "held (s)", "longest", "repeats"}};
  for (std::size_t i = 0; i < search.trials.size(); ++i) {
    const Trial& trial = search.trials[i];
    const std::vector<CodeSequence> codes = codes_of(trial.clips);
    rows.push_back({text("temperature ", to_text(trial.temperature), i == 0 ? " (its own)" : "",
                         i == search.best ? " (best)" : ""),
                    to_text(trial.top_p), figure(trial.score), figure(trial.figures.instrument),
                    figure(trial.figures.pitch_recall), figure(trial.figures.onset_f1),
                    figure(trial.figures.held.median_s), figure(trial.figures.held.longest_s),
                    codes.empty() ? "-" : figure(repeat_share(codes))});
  }
  return text(table(rows), "The best is ", figure(search.gain), " (standard error ",
              search.standard_error ? figure(*search.standard_error) : "unknown",
              ") above its own settings: ", verdict(search), "\n\n");
}

void check_grid(const SamplingSearchOptions& options) {
  if (options.temperatures.empty() || options.top_ps.empty() ||
      options.temperatures.size() * options.top_ps.size() > 100) {
    throw InputError(text("temperatures, top_ps: expected 1 to 100 pairs, got ",
                          options.temperatures.size() * options.top_ps.size()));
  }
  for (const double temperature : options.temperatures) {
    for (const double top_p : options.top_ps) {
      generation::check({.temperature = temperature, .top_p = top_p});
    }
  }
}

}  // namespace

EvalResult search_sampling(const SamplingSearchOptions& options) {
  check_grid(options);
  Scene scene(options.common, "sampling");
  if (scene.config().is_baseline()) {
    throw InputError(text(scene.options.model.string(),
                          ": expected a model that samples, got the "
                          "baseline ",
                          scene.subject->kind(), "; give a model of a different kind"));
  }
  Audition audition(scene, options);
  const std::vector<ClipHeard> real = audition.real();
  const double real_median_s = figures_of(real).held.median_s;
  const std::vector<CodeSequence> real_codes = codes_of(real);
  config::GenerationConfig keep = scene.config().generation;

  const Heading heading = scene.heading(audition.clips());
  Json json = begin_json(heading);
  json["train_clips"] = audition.examples();
  json["real"]["held_median_s"] = real_median_s;
  if (!real_codes.empty()) json["real"]["repeat_share"] = repeat_share(real_codes);
  std::string report = text(headline(heading), "\n\n");

  const Search alone = search(audition, scene, options, false, real_median_s);
  keep.temperature = alone.kept().temperature, keep.top_p = alone.kept().top_p;
  json["keypoints_alone"] = as_json(alone);
  report += report_of(alone);
  if (scene.subject->takes_notes()) {
    const Search told = search(audition, scene, options, true, real_median_s);
    keep.notes_temperature = told.kept().temperature, keep.notes_top_p = told.kept().top_p;
    json["with_notes"] = as_json(told);
    report += report_of(told);
  }
  const std::string yaml = text("generation:\n  temperature: ", to_text(keep.temperature),
                                "\n  top_p: ", to_text(keep.top_p),
                                "\n  notes_temperature: ", to_text(keep.notes_temperature),
                                "\n  notes_top_p: ", to_text(keep.notes_top_p), "\n");
  json["generation"] = {{"temperature", keep.temperature},
                        {"top_p", keep.top_p},
                        {"notes_temperature", keep.notes_temperature},
                        {"notes_top_p", keep.notes_top_p}};
  json["yaml"] = yaml;
  report += text(
      "Real held notes: median ", figure(real_median_s), " s",
      real_codes.empty() ? "" : text("; codes that repeat: ", figure(repeat_share(real_codes))),
      ".\nFor the config.yaml beside the weights:\n\n", yaml);
  return {.json = dump(json), .report = report};
}

}  // namespace minet::evaluation
