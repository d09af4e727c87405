// A check's result as one page that works from disk: no scripts, no external resources. The more
// tracks, the smaller the images, so that the page stays under about 10 MB.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string_view>

#include "corpus/parallel.hpp"
#include "minet/audio/picture.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/html.hpp"
#include "minet/core/page.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/core/words.hpp"
#include "minet/corpus/check.hpp"
#include "minet/corpus/corpus.hpp"

namespace minet::corpus {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostPictures = 400;  // tracks
constexpr double kPictureBytes = 7e6;       // all spectrograms together
constexpr double kBytesAPixel = 2.5;        // PNG in base64, measured on the orchestra: 2.0
constexpr int kHeight = 64;                 // pixels, height of a spectrogram
constexpr int kMoments = 6;                 // skeletons in a strip
constexpr double kMomentWidth = 80, kMomentHeight = 90;
constexpr double kTopHz = 4000;

constexpr std::string_view kStyle = R"(
.verdict { border-left: 6px solid; border-radius: 6px; background: var(--card); padding: .8rem 1rem; margin: 1rem 0; }
.verdict b { display: block; font-size: 1.2rem; }
.verdict.good { border-color: var(--good); } .good b { color: var(--good); }
.verdict.bad { border-color: var(--bad); } .bad b, h2.bad { color: var(--bad); }
h2.warn { color: var(--warn); }
ul.found { overflow-wrap: anywhere; }
.tracks { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); gap: 1rem; }
article { background: var(--card); border-radius: 6px; padding: .7rem .8rem; min-width: 0; content-visibility: auto;
  contain-intrinsic-size: auto 250px; }
article .facts { display: flex; flex-wrap: wrap; gap: 0 .9rem; font-size: .8rem; color: var(--soft); margin: 0 0 .4rem; }
article .facts b { color: var(--ink); font-weight: 600; }
svg.strip, article img { display: block; width: 100%; }
article img { height: 96px; border-radius: 3px; background: #000; }
.right { stroke: var(--right); } .left { stroke: var(--left); }
path { fill: none; stroke-linecap: round; stroke-linejoin: round; }
.key { display: inline-block; width: 18px; height: 4px; border-radius: 2px; vertical-align: middle; }
)";

std::string fixed(double value, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  return buffer;
}

std::string hundredths(double share) {  // of a percent, as few samples are clipped
  return fixed(share * 100, 2) + " %";
}

std::string name_of(const std::string& instrument) {
  return instrument.empty() ? "no label" : instrument;
}

std::string list_of(const char* title, const char* kind, const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  std::string out = text("<h2 class=\"", kind, "\">", title, " (", lines.size(),
                         ")</h2>\n<ul class=\"found\">\n");
  for (const std::string& line : lines) out += text("<li>", safe(line), "</li>\n");
  return out + "</ul>\n";
}

std::string split_table(const CheckReport& report) {
  std::vector<std::vector<std::string>> rows{
      {"split", "tracks", "with notes", "length", "silent", "clipped", "gaps"}};
  for (const SplitSummary& split : report.splits) {
    rows.push_back({split.split, std::to_string(split.tracks),
                    std::to_string(split.tracks_with_notes), human_duration(split.seconds),
                    percent(split.silent_share), hundredths(split.clipped_share),
                    percent(split.gap_share)});
  }
  return table_html(rows);
}

std::string instrument_table(const CheckReport& report) {
  std::vector<std::vector<std::string>> rows{
      {"instrument", "train", "test", "silent", "clipped", "gaps"}};
  for (const InstrumentSummary& sum : report.instruments) {
    double seconds = 0, silent = 0, clipped = 0, gaps = 0;
    for (const TrackSummary& track : report.tracks) {
      if (track.instrument != sum.instrument) continue;
      seconds += track.seconds;
      silent += track.silent_share * track.seconds;
      clipped += track.clipped_share * track.seconds;
      gaps += track.gap_share * track.seconds;
    }
    seconds = std::max(seconds, 1e-9);
    rows.push_back({name_of(sum.instrument), fixed(sum.train_seconds, 0) + " s",
                    fixed(sum.test_seconds, 0) + " s", percent(silent / seconds),
                    hundredths(clipped / seconds), percent(gaps / seconds)});
  }
  return table_html(rows);
}

// One side's bones, hands thinner, in whole units: half the bytes of tenths, and as good here.
std::string bones(const char* side, const std::vector<std::array<long, 2>>& points) {
  std::string arms, hands;
  for (const auto& [parent, joint] : pose::kEdges) {
    const pose::JointGroup group = pose::kSkeleton[static_cast<std::size_t>(joint)].group;
    const bool right =
        group == pose::JointGroup::right_arm || group == pose::JointGroup::right_hand;
    if (right != (std::string_view(side) == "right")) continue;
    const auto& a = points[static_cast<std::size_t>(parent)];
    const auto& b = points[static_cast<std::size_t>(joint)];
    const bool hand = joint >= pose::kRightHand;
    (hand ? hands : arms) += text("M", a[0], " ", a[1], "l", b[0] - a[0], " ", b[1] - a[1]);
  }
  return text("<path class=\"", side, "\" stroke-width=\"24\" d=\"", arms, "\"/><path class=\"",
              side, "\" stroke-width=\"10\" d=\"", hands, "\"/>");
}

// Drawn in tenths of a unit, at one scale for the whole track: the box of 98 % of its coordinates.
std::string strip(const pose::PoseSequence& pose) {
  std::array<double, 2> low{}, high{};
  for (int axis = 0; axis < 2; ++axis) {
    std::vector<float> values;
    const std::int64_t step = std::max<std::int64_t>(1, pose.frames / 500);
    for (std::int64_t frame = 0; frame < pose.frames; frame += step) {
      for (int joint = 0; joint < pose::kJoints; ++joint) {
        values.push_back(pose.joint(frame, joint)[axis]);
      }
    }
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    const std::size_t cut = values.size() / 100;
    low[static_cast<std::size_t>(axis)] = static_cast<double>(values[cut]);
    high[static_cast<std::size_t>(axis)] = static_cast<double>(values[values.size() - 1 - cut]);
  }
  constexpr double kMargin = 6;
  const double scale = std::min((kMomentWidth - 2 * kMargin) / std::max(high[0] - low[0], 1e-6),
                                (kMomentHeight - 2 * kMargin) / std::max(high[1] - low[1], 1e-6));
  const double height =
      std::clamp((high[1] - low[1]) * scale + 3 * kMargin, kMomentHeight / 2, kMomentHeight);
  std::string out =
      svg_begin(kMoments * kMomentWidth * 10, std::round(height * 10), "skeletons", "strip");
  for (int moment = 0; moment < kMoments; ++moment) {
    const std::int64_t frame = (pose.frames - 1) * moment / (kMoments - 1);
    std::vector<std::array<long, 2>> points;
    for (int joint = 0; joint < pose::kJoints; ++joint) {
      const auto place = [&](std::size_t axis, double middle, double size) {
        const double value = static_cast<double>(pose.joint(frame, joint)[axis]);
        const double at = middle + (value - (low[axis] + high[axis]) / 2) * scale;
        return std::lround(10 * std::clamp(at, middle - size / 2, middle + size / 2));
      };
      points.push_back(
          {place(0, (moment + 0.5) * kMomentWidth, kMomentWidth), place(1, height / 2, height)});
    }
    out += bones("right", points) + bones("left", points);
  }
  return out + "</svg>\n";
}

std::string pictures_of(const Corpus& corpus, const Track& track, int width) {
  const audio::Sound sound = corpus.read_audio(track);
  const std::string picture = data_uri(
      "image/png", audio::spectrogram_png(audio::magnitude(sound, config::SpectrogramConfig{}),
                                          {.width = width, .height = kHeight, .top_hz = kTopHz}));
  return strip(corpus.read_pose(track)) +
         text("<img loading=\"lazy\" decoding=\"async\" alt=\"spectrogram\" width=\"", width,
              "\" height=\"", kHeight, "\" src=\"", picture, "\">\n");
}

std::string hands_of(const TrackSummary& track) {
  if (!track.lag_s) return "cannot be compared";
  if (std::abs(*track.lag_s) < 0.005) return "with the sound";
  return text(fixed(std::abs(*track.lag_s), 2), " s ", *track.lag_s > 0 ? "after" : "before",
              " the sound");
}

std::string article(const TrackSummary& track, const std::string& pictures) {
  std::string out = text("<article><h3>", safe(track.id), "</h3>\n<div class=\"facts\"><span><b>",
                         safe(track.split), "</b></span><span>", safe(name_of(track.instrument)),
                         "</span><span>", fixed(track.seconds, 1), " s</span>");
  if (track.readable) {
    out += text("<span>silent ", percent(track.silent_share), "</span><span>clipped ",
                hundredths(track.clipped_share), "</span><span>gaps ", percent(track.gap_share),
                "</span><span>length difference ", fixed(track.drift_s, 2), " s</span><span>hands ",
                hands_of(track), "</span>");
  }
  return out + "</div>\n" + pictures + "</article>\n";
}

std::vector<std::string> draw_all(const CheckReport& report, int threads) {
  std::vector<std::string> drawn(report.tracks.size());
  const std::size_t count = std::min(report.tracks.size(), kMostPictures);
  if (count == 0) return drawn;
  const double pixels = kPictureBytes / static_cast<double>(count) / kBytesAPixel;
  const int width = static_cast<int>(std::clamp(pixels / kHeight, 100.0, 480.0));
  std::optional<Corpus> corpus;
  try {
    corpus = Corpus::open(report.root);
  } catch (const InputError&) {  // a file is missing, which the report names
    return std::vector<std::string>(drawn.size(), "<p class=\"note\">not drawn</p>\n");
  }
  for_each_track({.count = static_cast<std::int64_t>(count), .threads = threads, .label = "draw"},
                 [&](std::int64_t i) {
                   const auto at = static_cast<std::size_t>(i);
                   if (!report.tracks[at].readable) {
                     drawn[at] = "<p class=\"note\">cannot be read</p>\n";
                     return;
                   }
                   drawn[at] = pictures_of(*corpus, corpus->tracks()[at], width);
                 });
  return drawn;
}

}  // namespace

std::string check_page(const CheckReport& report, int threads) {
  const std::vector<std::string> drawn = draw_all(report, threads);
  const fs::path name = report.root.filename().empty() ? report.root : report.root.filename();
  double seconds = 0;
  for (const TrackSummary& track : report.tracks) seconds += track.seconds;
  const auto compared = std::count_if(report.tracks.begin(), report.tracks.end(),
                                      [](const TrackSummary& track) { return track.lag_s; });
  std::string page =
      page_begin("Check of " + name.string(), "Check of " + name.string(),
                 {report.root.string(), report.source,
                  text(counted(report.tracks.size(), "track"), " of ",
                       counted(report.groups, "group"), ", ", human_duration(seconds))},
                 kStyle);
  page += text("<div class=\"verdict ", report.usable() ? "good" : "bad", "\"><b>",
               report.usable() ? "Usable" : "Not usable", "</b>",
               counted(report.problems.size(), "problem"), ", ",
               counted(report.warnings.size(), "warning"), "</div>\n");
  page += list_of("Problems", "bad", report.problems);
  page += list_of("Warnings", "warn", report.warnings);
  page += "<h2>Splits</h2>\n" + split_table(report);
  page += "<h2>Instruments</h2>\n" + instrument_table(report);
  page += text("<h2>Sound and movement</h2>\n<p>Lengths differ by at most ",
               fixed(report.longest_drift_s, 2), " s. In ", compared, " of ",
               counted(report.tracks.size(), "track"),
               " the hands follow the sound clearly enough to compare their times.</p>\n");
  if (!report.joints_never_seen.empty()) {
    page += text("<p>Joints never seen: ", safe(join(report.joints_never_seen, ", ")), ".</p>\n");
  }
  page += text(
      "<h2>Tracks</h2>\n<p class=\"note\"><span class=\"key\" "
      "style=\"background:var(--right)\"></span> right side &nbsp; <span class=\"key\" "
      "style=\"background:var(--left)\"></span> left side &nbsp; ",
      kMoments, " moments from start to end; below, the spectrogram up to ", kTopHz / 1000,
      " kHz.</p>\n");
  if (report.tracks.size() > kMostPictures) {
    page += text("<p class=\"note\">The first ", kMostPictures, " tracks are drawn.</p>\n");
  }
  page += "<div class=\"tracks\">\n";
  for (std::size_t i = 0; i < drawn.size(); ++i) page += article(report.tracks[i], drawn[i]);
  page += text("</div>\n<p class=\"note\"><code>", safe(report.hash), "</code><br>minet ",
               version(), "</p>\n");
  return page + page_end();
}

}  // namespace minet::corpus
