#include "minet/evaluation/knn.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "evaluation/labels.hpp"
#include "evaluation/scene.hpp"
#include "evaluation/statistics/bins.hpp"
#include "evaluation/statistics/nearest.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {
namespace {

using Confusion = std::vector<std::vector<std::int64_t>>;  // [true][guessed]

// Clips with their labels and groups.
struct Labelled {
  std::vector<clips::Clip> clips;
  std::vector<std::int64_t> labels, groups;
};

Labelled labelled(const Scene& scene, const Labels& labels, const clips::TrackStore& store,
                  const std::vector<clips::Clip>& clips, const std::string& split) {
  Labelled result{.clips = clips,
                  .labels = labels.of(store, clips),
                  .groups = groups_of(scene.corpus, store, clips)};
  for (std::size_t i = 0; i < clips.size(); ++i) {
    if (result.labels[i] >= 0) continue;
    throw InputError(text(scene.options.corpus.string(),
                          ": expected an instrument for every "
                          "track of split '",
                          split, "', but ", printable(scene.track(store, clips[i]).id),
                          " has none; fill in the column instrument of its table"));
  }
  return result;
}

struct Guesses {
  std::vector<std::int64_t> right;  // 0 or 1, by clip
  Confusion confusion;
  std::int64_t left_out = 0;
  double accuracy() const {
    double sum = 0;
    for (const std::int64_t one : right) sum += static_cast<double>(one);
    return sum / static_cast<double>(right.size());
  }
};

Guesses guess(const Scene& scene, const at::Tensor& queries, const at::Tensor& base,
              const Labelled& test, const Labelled& train, std::size_t instruments) {
  const Neighbours neighbours = nearest_by_cosine(queries, base, test.groups, train.groups);
  Guesses result{.right = {},
                 .confusion = Confusion(instruments, std::vector<std::int64_t>(instruments, 0)),
                 .left_out = neighbours.left_out};
  for (std::size_t i = 0; i < test.clips.size(); ++i) {
    const std::int64_t neighbour = neighbours.nearest[i];
    if (neighbour < 0) {
      throw InputError(
          text(scene.options.corpus.string(),
               ": expected training clips of a different group than each judged clip's, "
               "but all are of the group of ",
               printable(scene.track(scene.tracks, test.clips[i]).id),
               "; prepare the corpus with more groups"));
    }
    const std::int64_t guessed = train.labels[static_cast<std::size_t>(neighbour)];
    ++result.confusion[static_cast<std::size_t>(test.labels[i])][static_cast<std::size_t>(guessed)];
    result.right.push_back(guessed == test.labels[i] ? 1 : 0);
  }
  return result;
}

// 95 % intervals from resampling whole tracks: of both accuracies and of their difference. None for
// fewer than kFewestTracks.
struct Intervals {
  std::optional<Interval> body, raw, gain;
};
Intervals bootstrap(const Labelled& test, const Guesses& body, const Guesses& raw,
                    const KnnOptions& options) {
  struct Sums {
    double clips = 0, body = 0, raw = 0;
  };
  std::map<std::int64_t, Sums> tracks;
  for (std::size_t i = 0; i < test.clips.size(); ++i) {
    Sums& sums = tracks[test.clips[i].track];
    sums.clips += 1;
    sums.body += static_cast<double>(body.right[i]);
    sums.raw += static_cast<double>(raw.right[i]);
  }
  std::vector<Sums> all;
  for (const auto& [track, sums] : tracks) all.push_back(sums);
  if (all.size() < kFewestTracks) return {};
  Random random(derive_seed(options.common.seed, "bootstrap of accuracy"));
  std::vector<double> bodies, raws, gains;
  for (std::int64_t round = 0; round < options.rounds; ++round) {
    Sums sum;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Sums& drawn = all[static_cast<std::size_t>(random.below(all.size()))];
      sum.clips += drawn.clips;
      sum.body += drawn.body;
      sum.raw += drawn.raw;
    }
    bodies.push_back(sum.body / sum.clips);
    raws.push_back(sum.raw / sum.clips);
    gains.push_back((sum.body - sum.raw) / sum.clips);
  }
  return {.body = percentiles(std::move(bodies)),
          .raw = percentiles(std::move(raws)),
          .gain = percentiles(std::move(gains))};
}

at::Tensor statistics_of(const clips::TrackStore& store, const std::vector<clips::Clip>& clips) {
  std::vector<at::Tensor> rows;
  constexpr std::size_t kClips = 256;
  for (std::size_t first = 0; first < clips.size(); first += kClips) {
    const std::size_t last = std::min(first + kClips, clips.size());
    rows.push_back(
        pose_statistics(store.poses({clips.begin() + static_cast<std::ptrdiff_t>(first),
                                     clips.begin() + static_cast<std::ptrdiff_t>(last)})));
  }
  return at::cat(rows);
}

std::int64_t total(const std::vector<std::int64_t>& row) {
  std::int64_t sum = 0;
  for (const std::int64_t count : row) sum += count;
  return sum;
}

std::string confusion_table(const std::vector<std::string>& names, const Confusion& confusion) {
  std::vector<std::vector<std::string>> rows{{"true \\ guessed"}};
  for (const std::string& name : names) rows[0].push_back(printable(name));
  rows[0].push_back("right");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::int64_t clips = total(confusion[i]);
    if (clips == 0) continue;
    std::vector<std::string> row{printable(names[i])};
    for (const std::int64_t count : confusion[i]) row.push_back(count == 0 ? "." : text(count));
    row.push_back(percent(static_cast<double>(confusion[i][i]) / static_cast<double>(clips)));
    rows.push_back(std::move(row));
  }
  return table(rows);
}

}  // namespace

EvalResult evaluate_knn(const KnnOptions& options) {
  if (options.train_clips < 0 || options.train_clips > 1'000'000) {
    throw InputError(text("train_clips: expected 0 (all) to 1000000, got ", options.train_clips));
  }
  Scene scene(options.common, "knn", Need::body);
  const Labels labels(scene.corpus);
  const Labelled test = labelled(scene, labels, scene.tracks, scene.clips, scene.options.split);
  const Labelled train =
      labelled(scene, labels, scene.train_tracks,
               scattered_clips(scene, scene.train_tracks, options.train_clips), "train");
  const std::size_t instruments = labels.names().size();

  const at::Tensor base = features_of(scene, scene.train_tracks, train.clips, "bodies of train");
  const at::Tensor queries =
      features_of(scene, scene.tracks, test.clips, text("bodies of ", scene.options.split));
  const Guesses body = guess(scene, queries, base, test, train, instruments);
  at::Tensor raw_base = statistics_of(scene.train_tracks, train.clips);
  at::Tensor raw_queries = statistics_of(scene.tracks, test.clips);
  standardise(raw_base, raw_queries);
  const Guesses raw = guess(scene, raw_queries, raw_base, test, train, instruments);
  const Intervals intervals = bootstrap(test, body, raw, options);

  std::int64_t most = 0;
  for (const auto& row : body.confusion) most = std::max(most, total(row));
  const double chance = 1 / static_cast<double>(instruments);
  const double most_frequent = static_cast<double>(most) / static_cast<double>(test.clips.size());

  nlohmann::ordered_json json = begin_json(scene.heading());
  json["kind"] = scene.subject->kind();
  json["accuracy"] = body.accuracy();
  json["accuracy_interval"] = interval_json(intervals.body);
  json["raw_pose_accuracy"] = raw.accuracy();
  json["raw_pose_accuracy_interval"] = interval_json(intervals.raw);
  json["gain_interval"] = interval_json(intervals.gain);
  json["chance"] = chance;
  json["most_frequent"] = most_frequent;
  json["train_clips"] = train.clips.size();
  json["neighbours_left_out"] = body.left_out;
  json["instruments"] = labels.names();
  json["confusion"] = body.confusion;
  json["raw_pose_confusion"] = raw.confusion;
  for (std::size_t i = 0; i < instruments; ++i) {
    const std::int64_t clips = total(body.confusion[i]);
    if (clips == 0) continue;
    json["recall"][labels.names()[i]] =
        static_cast<double>(body.confusion[i][i]) / static_cast<double>(clips);
  }

  const auto percent = [](double share) { return text(figure(100 * share), " %"); };
  const auto span = [&](const std::optional<Interval>& interval) {
    if (!interval) return std::string("-");
    return text(figure(100 * interval->low), " - ", figure(100 * interval->high), " %");
  };
  const std::string gain =
      intervals.gain ? text("Accuracy of the body vector minus that of raw pose statistics: ",
                            span(intervals.gain), " (95 %).\n\n")
                     : "All clips are of one track, so there are no intervals.\n\n";
  const std::string rows =
      table({{"", "right", "95 %, by track"},
             {"1-NN, body vector h", percent(body.accuracy()), span(intervals.body)},
             {"1-NN, raw pose statistics", percent(raw.accuracy()), span(intervals.raw)},
             {"always the most common", percent(most_frequent)},
             {"chance", percent(chance)}});
  return {.json = dump(json),
          .report = text(headline(scene.heading()), ", neighbours: ", train.clips.size(),
                         " training clips\n\n", rows, "\n", gain,
                         confusion_table(labels.names(), body.confusion))};
}

}  // namespace minet::evaluation
