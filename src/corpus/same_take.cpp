// Checks candidates of the landmark index by correlation at 4 kHz: most of an instrument's energy
// is below 2 kHz, and a quarter of the samples means a sixteenth of the work.
#include "corpus/same_take.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "corpus/index.hpp"
#include "corpus/parallel.hpp"
#include "minet/audio/resample.hpp"
#include "minet/audio/sound.hpp"

namespace minet::corpus {
namespace {

constexpr int kRate = 4000;               // Hz
constexpr std::int64_t kWindow = 3;       // s
constexpr std::int64_t kMargin = 12800;   // samples at 16 kHz on each side, 0.8 s
constexpr std::size_t kReach = 280;       // samples at 4 kHz: 70 ms, two hops of the landmarks
constexpr std::size_t kMostWindows = 6;   // compared per candidate
constexpr double kSame = 0.5;             // correlation
constexpr double kSelfSimilar = 0.85;     // share of the correlation; if reached elsewhere: a tone
constexpr double kLagTolerance = 0.0005;  // s, between windows
constexpr int kFine = 4;                  // steps per sample
constexpr int kTaps = 12;                 // of the interpolation, on each side

float dot(const float* a, const float* b, std::size_t count) {
  std::array<float, 16> sums{};  // independent sums, so that the compiler vectorises
  std::size_t i = 0;
  for (; i + sums.size() <= count; i += sums.size()) {
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += a[i + k] * b[i + k];
  }
  float sum = 0;
  for (; i < count; ++i) sum += a[i] * b[i];
  for (const float part : sums) sum += part;
  return sum;
}

// Correlations of `window` with `longer` at the positions first .. first + count - 1.
std::vector<float> correlations(const std::vector<float>& window, const std::vector<float>& longer,
                                std::size_t first, std::size_t count) {
  std::vector<float> values(count, 0.0F);
  const std::size_t size = window.size();
  const double own = static_cast<double>(dot(window.data(), window.data(), size));
  const float* there = longer.data() + first;
  double energy = static_cast<double>(dot(there, there, size));
  for (std::size_t i = 0; i < count; ++i, ++there) {
    if (own > 0 && energy > 1e-6 * own) {
      values[i] = static_cast<float>(static_cast<double>(dot(window.data(), there, size)) /
                                     std::sqrt(own * energy));
    }
    if (i + 1 == count) break;
    const double gone = static_cast<double>(there[0]), come = static_cast<double>(there[size]);
    energy += come * come - gone * gone;
  }
  return values;
}

// The maximum of the band-limited curve through `values`, and its position.
Place top_of(const std::vector<float>& values) {
  Place best;
  const auto count = static_cast<std::int64_t>(values.size());
  for (std::int64_t step = 0; step <= (count - 1) * kFine; ++step) {
    const double at = static_cast<double>(step) / kFine;
    const std::int64_t near = step / kFine;
    double sum = 0;
    if (step % kFine == 0) {
      sum = values[static_cast<std::size_t>(near)];
    } else {
      for (std::int64_t i = near - kTaps + 1; i <= near + kTaps; ++i) {
        if (i < 0 || i >= count) continue;
        const double x = at - static_cast<double>(i);
        const double hann = 0.5 + 0.5 * std::cos(std::numbers::pi * x / kTaps);
        sum += hann * std::sin(std::numbers::pi * x) / (std::numbers::pi * x) *
               static_cast<double>(values[static_cast<std::size_t>(i)]);
      }
    }
    if (sum > best.correlation) best = {sum, at};
  }
  return best;
}

// `samples` samples of a track from `first` on, both at 16 kHz; returns them resampled to 4 kHz.
std::vector<float> read_around(const std::filesystem::path& path, std::int64_t first,
                               std::int64_t samples) {
  return audio::resample(audio::read_sound_segment(path, first, samples).samples, kSampleRate,
                         kRate);
}

// Starts of the windows with the most hits, in samples at 16 kHz. Each starts shortly before a hit,
// and overlaps the next by less than kBefore frames.
std::vector<std::int64_t> choose_windows(const std::vector<std::uint32_t>& hits) {
  struct Window {
    std::size_t hits;
    std::int64_t first;
  };
  constexpr std::int64_t kFrames = kWindow * kSampleRate / kLandmarkHop + 1;
  constexpr std::int64_t kBefore = 4;  // frames
  std::vector<Window> windows;
  for (std::size_t i = 0; i < hits.size();) {
    const std::int64_t begin = std::max<std::int64_t>(std::int64_t{hits[i]} - kBefore, 0);
    std::size_t end = i;
    while (end < hits.size() && hits[end] < begin + kFrames) ++end;
    windows.push_back({end - i, begin * kLandmarkHop});
    i = end;
  }
  std::stable_sort(windows.begin(), windows.end(),
                   [](const Window& a, const Window& b) { return a.hits > b.hits; });
  if (windows.size() > kMostWindows) windows.resize(kMostWindows);
  std::vector<std::int64_t> begins;
  for (const Window& window : windows) begins.push_back(window.first);
  return begins;
}

// True if at least half of the windows, and at least two, agree on one lag.
bool verify(const Candidate& candidate, const std::filesystem::path& first,
            const std::filesystem::path& second, SameTake& take) {
  const std::vector<std::int64_t> windows = choose_windows(candidate.hits);
  const std::size_t needed = std::max<std::size_t>(2, (windows.size() + 1) / 2);
  std::vector<std::vector<std::pair<double, double>>> agreeing;  // offset s, correlation
  std::size_t most = 0;
  for (std::size_t i = 0; i < windows.size() && most + (windows.size() - i) >= needed; ++i) {
    const std::int64_t there = windows[i] + candidate.lag * kLandmarkHop;
    const Place place = find_window(
        read_around(first, windows[i], kWindow * kSampleRate),
        read_around(second, there - kMargin, kWindow * kSampleRate + 2 * kMargin), kReach);
    if (place.correlation < kSame) continue;
    const double offset = static_cast<double>(there - kMargin - windows[i]) / kSampleRate +
                          place.at / static_cast<double>(kRate);
    auto group = std::find_if(agreeing.begin(), agreeing.end(), [&](const auto& known) {
      return std::abs(known.front().first - offset) <= kLagTolerance;
    });
    if (group == agreeing.end())
      group = agreeing.insert(group, {{offset, place.correlation}});
    else
      group->emplace_back(offset, place.correlation);
    most = std::max(most, group->size());
    if (group->size() < needed) continue;
    take.offset_s = group->front().first;
    take.correlation = 1;
    for (const auto& [at, correlation] : *group) {
      take.correlation = std::min(take.correlation, correlation);
    }
    return true;
  }
  return false;
}

}  // namespace

Place find_window(const std::vector<float>& window, const std::vector<float>& longer,
                  std::size_t reach) {
  if (longer.size() < window.size() + 2 * reach) return {};
  const std::size_t room = longer.size() - window.size();
  const std::size_t middle = room / 2;
  Place place = top_of(correlations(window, longer, middle - reach, 2 * reach + 1));
  place.at += static_cast<double>(middle - reach);
  constexpr std::size_t kPeriod = kRate / 50;  // samples: period of the lowest tone
  for (const std::size_t first : {std::size_t{0}, room / 8, room - room / 8, room - kPeriod}) {
    if (first + kPeriod > room) continue;
    const std::vector<float> elsewhere = correlations(window, longer, first, kPeriod);
    const float most = *std::max_element(elsewhere.begin(), elsewhere.end());
    if (static_cast<double>(most) > kSelfSimilar * place.correlation) return {};
  }
  return place;
}

std::vector<SameTake> find_same_takes(
    const std::vector<std::vector<Landmark>>& landmarks, const std::vector<int>& sides,
    const std::function<std::filesystem::path(std::size_t)>& path_of,
    const SameTakeOptions& options) {
  const LandmarkIndex index(landmarks, sides);
  std::vector<std::vector<SameTake>> found(landmarks.size());
  for_each_track({.count = static_cast<std::int64_t>(landmarks.size()),
                  .threads = options.threads,
                  .label = "compare"},
                 [&](std::int64_t i) {
                   const auto place = static_cast<std::size_t>(i);
                   for (const Candidate& candidate : index.candidates(place)) {
                     SameTake take{.first = candidate.first, .second = candidate.second};
                     if (verify(candidate, path_of(take.first), path_of(take.second), take)) {
                       found[place].push_back(take);
                     }
                   }
                 });
  std::vector<SameTake> takes;
  for (const auto& list : found) takes.insert(takes.end(), list.begin(), list.end());
  std::sort(takes.begin(), takes.end(), [](const SameTake& a, const SameTake& b) {
    return std::pair(a.first, a.second) < std::pair(b.first, b.second);
  });
  return takes;
}

}  // namespace minet::corpus
