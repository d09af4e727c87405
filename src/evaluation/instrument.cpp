#include "minet/evaluation/instrument.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "evaluation/instrument_classifier.hpp"
#include "evaluation/instrument_examples.hpp"
#include "evaluation/labels.hpp"
#include "evaluation/sound_chain.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"

namespace minet::evaluation {
namespace {

void check(const InstrumentOptions& options) {
  if (options.train_clips < 0 || options.train_clips > 100'000) {
    throw InputError(text("train_clips: expected 0 (all) to 100000, got ", options.train_clips));
  }
}

struct StageHeard {
  std::string name;
  std::vector<std::vector<double>> colours = {};
  std::vector<std::int64_t> heard = {};
};

std::vector<std::vector<std::int64_t>> confusion(const std::vector<std::int64_t>& truth,
                                                 const std::vector<std::int64_t>& heard,
                                                 std::size_t classes) {
  std::vector<std::vector<std::int64_t>> counts(classes, std::vector<std::int64_t>(classes));
  for (std::size_t i = 0; i < truth.size(); ++i) {
    ++counts[static_cast<std::size_t>(truth[i])][static_cast<std::size_t>(heard[i])];
  }
  return counts;
}

// The clips of instruments that the classifier knows; with `noted`, only those that have notes.
std::vector<clips::Clip> clips_of_known(const Scene& scene, const Labels& labels,
                                        const std::set<std::int64_t>& known, bool noted) {
  std::vector<clips::Clip> clips;
  for (const clips::Clip& clip : scene.clips) {
    const corpus::Track& track = scene.track(scene.tracks, clip);
    if (noted && !track.has_notes) continue;
    if (known.contains(labels.of(track))) clips.push_back(clip);
  }
  if (clips.empty()) {
    throw InputError(text(scene.options.corpus.string(), ": expected clips in split '",
                          scene.options.split, "' of instruments that training has",
                          noted ? ", with notes" : "", ", got none; choose another split"));
  }
  return clips;
}

// A row per true instrument, a column per instrument heard.
std::string confusion_table(const std::vector<std::string>& names,
                            const std::vector<std::vector<std::int64_t>>& counts) {
  std::vector<std::vector<std::string>> grid{{"true \\ heard, generated"}};
  for (const std::string& name : names) grid[0].push_back(printable(name));
  for (std::size_t i = 0; i < counts.size(); ++i) {
    grid.push_back({printable(names[i])});
    for (const std::int64_t count : counts[i]) grid.back().push_back(text(count));
  }
  return table(grid);
}

}  // namespace

EvalResult evaluate_instrument(const InstrumentOptions& options) {
  check(options);
  Scene scene(options.common, "instrument");
  if (options.notes && !scene.subject->takes_notes()) {
    throw InputError(text(scene.options.model.string(),
                          ": expected a model that was trained with notes, got one that was not; "
                          "measure it without notes"));
  }
  const Labels labels(scene.corpus);
  const InstrumentExamples examples = instrument_examples(scene, labels, options.train_clips);
  const std::set<std::int64_t> known(examples.labels.begin(), examples.labels.end());
  const std::vector<clips::Clip> clips =
      clips_of_known(scene, labels, known, options.notes || options.clips_with_notes);
  const std::vector<std::int64_t> truth = labels.of(scene.tracks, clips);
  const auto classes = static_cast<std::int64_t>(labels.names().size());
  const InstrumentClassifier classifier(examples, classes);

  std::vector<StageHeard> stages;
  for_each_chain(scene, clips, {.notes = options.notes, .iterations = options.iterations},
                 [&](std::size_t, std::span<const Stage> sounds) {
                   for (std::size_t i = 0; i < sounds.size(); ++i) {
                     if (i == stages.size()) stages.push_back({.name = sounds[i].name});
                     stages[i].colours.push_back(tone_colour(sounds[i].sound));
                   }
                 });
  for (StageHeard& stage : stages) stage.heard = classifier.classify(rows_of(stage.colours));

  std::int64_t most = 0;
  for (const std::int64_t label : known) {
    most = std::max(most, static_cast<std::int64_t>(std::count(truth.begin(), truth.end(), label)));
  }
  const double chance = static_cast<double>(most) / static_cast<double>(truth.size());
  warn_of_floor("accuracy", accuracy(stages.front().heard, truth),
                accuracy(stages.back().heard, truth));
  const Heading heading = scene.heading(clips);
  nlohmann::ordered_json json = begin_json(heading);
  json["accuracy"] = accuracy(stages.back().heard, truth);
  json["chance"] = chance;
  json["classes"] = known.size();
  json["notes_given"] = options.notes;
  json["sampling"] = sampling_json(scene.subject->sampling(options.common.sampling, options.notes),
                                   scene.config());
  json["method"] = classifier.linear() ? "linear" : "nearest";
  json["strength"] = classifier.strength();
  json["train_clips"] = examples.labels.size();
  json["cross_validation"] = classifier.cross_validation();
  std::vector<std::vector<std::string>> lines{{"", "accuracy"}};
  json["confusion"]["instruments"] = labels.names();
  for (const StageHeard& stage : stages) {
    const double found = accuracy(stage.heard, truth);
    json["chain"][stage.name]["accuracy"] = found;
    json["confusion"][stage.name] = confusion(truth, stage.heard, labels.names().size());
    lines.push_back({stage.name, figure(found)});
  }
  lines.push_back({"chance: always the most frequent", figure(chance)});

  const std::string report = text(
      headline(heading), "\n\n", table(lines), "\n",
      confusion_table(labels.names(), confusion(truth, stages.back().heard, labels.names().size())),
      "\nThe classifier (",
      classifier.linear() ? text("logistic, penalty ", classifier.strength())
                          : std::string("nearest neighbour"),
      ") was fitted to ", counted(examples.labels.size(), "clip"),
      " of real training sound; its accuracy on left-out groups is ",
      figure(classifier.cross_validation()), ". The line 'real' is the reference.\n");
  return {.json = dump(json), .report = report};
}

}  // namespace minet::evaluation
