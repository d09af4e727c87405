// Points, image and metrics of the map of body vectors.
#include "minet/evaluation/tsne.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "evaluation/labels.hpp"
#include "evaluation/scene.hpp"
#include "evaluation/statistics/tsne_map.hpp"
#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/page.hpp"
#include "minet/core/random.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {
namespace {

constexpr int kDeals = 1000;  // random assignments of instruments to tracks, for the chance level

struct Point {
  float x = 0, y = 0;
  std::int64_t label = -1, track = 0;
};

// For each point the nearest one of another track; -1 if all are of one.
std::vector<std::int64_t> neighbours_of(const std::vector<Point>& points) {
  std::vector<std::int64_t> result;
  for (const Point& point : points) {
    std::int64_t best = -1;
    float nearest = std::numeric_limits<float>::max();
    for (std::size_t j = 0; j < points.size(); ++j) {
      if (points[j].track == point.track) continue;
      const float dx = points[j].x - point.x, dy = points[j].y - point.y;
      const float distance = dx * dx + dy * dy;
      if (distance >= nearest) continue;
      nearest = distance;
      best = static_cast<std::int64_t>(j);
    }
    result.push_back(best);
  }
  return result;
}

// The share of points whose neighbour has the same label, ignoring points without a label.
double share_alike(const std::vector<Point>& points, const std::vector<std::int64_t>& neighbours,
                   const std::map<std::int64_t, std::int64_t>& label_of_track) {
  double alike = 0, all = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::int64_t label = label_of_track.at(points[i].track);
    if (label < 0 || neighbours[i] < 0) continue;
    all += 1;
    const Point& other = points[static_cast<std::size_t>(neighbours[i])];
    alike += label_of_track.at(other.track) == label ? 1 : 0;
  }
  return all > 0 ? alike / all : 0;
}

// Thirteen distinct colours, then the same again with another shape (Trubetskoy's list).
constexpr std::array kLabelColours{"#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4",
                                   "#00a6a6", "#f032e6", "#808000", "#9a6324", "#800000",
                                   "#000075", "#e0a800", "#469990"};

std::string draw(const std::vector<Point>& points, const std::vector<std::string>& names) {
  constexpr double kSide = 560, kMargin = 24, kLegend = 110;
  float low_x = points[0].x, high_x = low_x, low_y = points[0].y, high_y = low_y;
  for (const Point& point : points) {
    low_x = std::min(low_x, point.x);
    high_x = std::max(high_x, point.x);
    low_y = std::min(low_y, point.y);
    high_y = std::max(high_y, point.y);
  }
  // One scale for both axes: only distances have a meaning in the map.
  const double scale = (kSide - 2 * kMargin) / std::max({high_x - low_x, high_y - low_y, 1e-6F});
  std::string svg =
      text("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", kSide + kLegend, " ", kSide,
           "\" font-family=\"sans-serif\" font-size=\"13\" role=\"img\" aria-label=\"t-SNE of body "
           "vectors\">\n<rect width=\"",
           kSide + kLegend, "\" height=\"", kSide, "\" fill=\"#fff\"/>\n");
  std::set<std::int64_t> used;
  for (const Point& point : points) {
    used.insert(point.label);
    const char* colour =
        point.label < 0
            ? "#bbb"
            : kLabelColours[static_cast<std::size_t>(point.label) % kLabelColours.size()];
    svg += text("<circle cx=\"", tenths(kMargin + (point.x - low_x) * scale), "\" cy=\"",
                tenths(kSide - kMargin - (point.y - low_y) * scale), "\" r=\"4\" fill=\"", colour,
                "\" fill-opacity=\"0.75\"/>\n");
  }
  double row = kMargin;
  for (const std::int64_t label : used) {
    const std::string name = label < 0 ? "not known" : names[static_cast<std::size_t>(label)];
    const char* colour =
        label < 0 ? "#bbb" : kLabelColours[static_cast<std::size_t>(label) % kLabelColours.size()];
    svg += text("<circle cx=\"", kSide + 8, "\" cy=\"", row, "\" r=\"5\" fill=\"", colour,
                "\"/><text x=\"", kSide + 20, "\" y=\"", row + 4, "\" fill=\"#1b1b1f\">",
                safe(name), "</text>\n");
    row += 22;
  }
  return svg + "</svg>\n";
}

}  // namespace

EvalResult evaluate_tsne(const TsneOptions& options) {
  if (options.iterations < 1 || options.iterations > 100'000) {
    throw InputError(text("iterations: expected 1 to 100000, got ", options.iterations));
  }
  Scene scene(options.common, "tsne", Need::body);
  std::optional<FolderWriter> folder;
  if (options.out) folder.emplace(*options.out, options.force);
  const Labels labels(scene.corpus);
  const at::Tensor vectors = features_of(scene, scene.tracks, scene.clips, "body vectors");
  const TsneMap map =
      tsne_map(vectors, {.perplexity = options.perplexity, .iterations = options.iterations});

  const std::vector<std::int64_t> label_of_clip = labels.of(scene.tracks, scene.clips);
  std::vector<Point> points;
  std::map<std::int64_t, std::int64_t> label_of_track;
  for (std::size_t i = 0; i < scene.clips.size(); ++i) {
    points.push_back({map.x[i], map.y[i], label_of_clip[i], scene.clips[i].track});
    label_of_track[scene.clips[i].track] = label_of_clip[i];
  }
  const std::vector<std::int64_t> neighbours = neighbours_of(points);
  const double share = share_alike(points, neighbours, label_of_track);
  // The chance level keeps the map and the number of tracks of each instrument.
  double chance = 0;
  std::vector<std::int64_t> deck;
  for (const auto& [track, label] : label_of_track) deck.push_back(label);
  Random random(derive_seed(options.common.seed, "dealt instruments"));
  for (int deal = 0; deal < kDeals; ++deal) {
    for (std::size_t i = deck.size(); i > 1; --i) std::swap(deck[i - 1], deck[random.below(i)]);
    std::map<std::int64_t, std::int64_t> dealt = label_of_track;
    std::size_t next = 0;
    for (auto& [track, label] : dealt) label = deck[next++];
    chance += share_alike(points, neighbours, dealt) / kDeals;
  }

  if (folder) {
    std::string csv = csv_line({"track", "start_s", "instrument", "x", "y"});
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double start =
          static_cast<double>(scene.clips[i].first_frame) / scene.subject->config().frame_rate();
      const std::string name =
          points[i].label < 0 ? "" : labels.names()[static_cast<std::size_t>(points[i].label)];
      csv += csv_line({scene.track(scene.tracks, scene.clips[i]).id, to_text(start), name,
                       to_text(points[i].x), to_text(points[i].y)});
    }
    save_file(folder->path() / "tsne.csv", csv);
    save_file(folder->path() / "tsne.svg", draw(points, labels.names()));
    folder->commit();
  }

  nlohmann::ordered_json json = begin_json(scene.heading());
  json["kl"] = map.kl;
  json["perplexity"] = options.perplexity;
  json["iterations"] = options.iterations;
  json["points"] = points.size();
  json["instruments"] = labels.names();
  json["neighbour_share"] = share;
  json["neighbour_chance"] = chance;
  const std::vector<std::vector<std::string>> lines{
      {"", "value"},
      {"KL divergence (nats)", figure(map.kl)},
      {"nearest of another track is the same instrument", figure(share)},
      {"... with instruments shuffled over the tracks", figure(chance)}};
  return {.json = dump(json),
          .report = text(headline(scene.heading()), "\n\n", table(lines),
                         options.out ? text("Map: ", (*options.out / "tsne.svg").string(), "\n")
                                     : std::string())};
}

}  // namespace minet::evaluation
