// Notes -> one symbol per step; the rules are in the header.
#include "minet/score/note_indices.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/score/midi.hpp"
#include "score/note_order.hpp"

namespace minet::score {
namespace {

constexpr std::int32_t kRest = -1;
constexpr double kRounding = 1e-6;  // of a step
// Extra steps computed on both sides of the window, so that the step which a very short note gets
// does not depend on where the window ends.
constexpr std::int64_t kMargin = 64;

struct Steps {
  std::int64_t first, end;  // half open
};

// The steps whose times lie in [onset, end), both in grid steps, limited to [0, count).
Steps covered(double onset, double end, std::int64_t count) {
  const auto ceil_step = [&](double at) {
    return static_cast<std::int64_t>(
        std::clamp(std::ceil(at - kRounding), 0.0, static_cast<double>(count)));
  };
  return {ceil_step(onset), ceil_step(end)};
}

// The unpainted steps, found in nearly constant time, so that many long notes cost little.
class Unpainted {
 public:
  explicit Unpainted(std::int64_t count) : next_(static_cast<std::size_t>(count) + 1) {
    std::iota(next_.begin(), next_.end(), std::int64_t{0});
  }
  std::int64_t from(std::int64_t step) {
    auto i = static_cast<std::size_t>(step);
    while (next_[i] != static_cast<std::int64_t>(i)) {
      next_[i] = next_[static_cast<std::size_t>(next_[i])];
      i = static_cast<std::size_t>(next_[i]);
    }
    return static_cast<std::int64_t>(i);
  }
  void paint(std::int64_t step) { next_[static_cast<std::size_t>(step)] = step + 1; }

 private:
  std::vector<std::int64_t> next_;
};

void check(std::span<const Note> notes, std::int64_t steps, double rate, double start_s) {
  const double max_steps = 1e8;
  if (steps < 0 || static_cast<double>(steps) > max_steps || !std::isfinite(rate) || rate <= 0 ||
      !std::isfinite(start_s)) {
    throw InputError(text("note indices: expected 0 to ", max_steps,
                          " steps, a rate above 0 and a "
                          "finite start, got ",
                          steps, " steps, ", rate, " per second, start ", start_s,
                          " s; correct the call"));
  }
  for (const Note& note : notes) {
    if (note.pitch < 0 || note.pitch > 127 || !std::isfinite(note.onset_s) ||
        !std::isfinite(note.duration_s)) {
      throw InputError(text("note indices: expected pitch 0..127 and finite times, got pitch ",
                            note.pitch, ", onset ", note.onset_s, " s, duration ", note.duration_s,
                            " s; correct the note"));
    }
  }
}

}  // namespace

std::vector<std::int64_t> note_indices(std::span<const Note> notes, std::int64_t steps,
                                       double steps_per_second, double start_s) {
  check(notes, steps, steps_per_second, start_s);
  const std::int64_t count = steps + 2 * kMargin;
  // A time in grid steps, including the margin.
  const auto at = [&](double seconds) {
    return (seconds - start_s) * steps_per_second + static_cast<double>(kMargin);
  };

  std::vector<Note> sorted;
  for (const Note& note : notes) {
    if (note.duration_s > 0 && at(note.end_s()) > 0 &&
        at(note.onset_s) < static_cast<double>(count)) {
      sorted.push_back(note);
    }
  }
  std::sort(sorted.begin(), sorted.end(), note_before);

  // Paints notes from the latest onset to the earliest; earlier ones fill what is left.
  std::vector<std::int32_t> owner(static_cast<std::size_t>(count), kRest);
  std::vector<std::int64_t> owned(sorted.size(), 0);
  std::vector<std::size_t> between;  // notes that contain no step, latest first
  Unpainted unpainted(count);
  for (std::size_t i = sorted.size(); i-- > 0;) {
    const Note& note = sorted[i];
    const Steps span = covered(at(note.onset_s), at(note.end_s()), count);
    if (span.first >= span.end && at(note.end_s()) - at(note.onset_s) <= 1) between.push_back(i);
    for (std::int64_t s = unpainted.from(span.first); s < span.end; s = unpainted.from(s)) {
      owner[static_cast<std::size_t>(s)] = static_cast<std::int32_t>(i);
      ++owned[i];
      unpainted.paint(s);
    }
  }

  for (std::size_t b = between.size(); b-- > 0;) {
    const std::size_t i = between[b];
    const double middle = (at(sorted[i].onset_s) + at(sorted[i].end_s())) / 2;
    const std::int64_t before = static_cast<std::int64_t>(std::floor(middle));
    const bool later_is_nearer = middle - static_cast<double>(before) > 0.5;
    const std::int64_t near = before + (later_is_nearer ? 1 : 0);
    const std::int64_t far = before + (later_is_nearer ? 0 : 1);
    const auto take = [&](std::int64_t step, bool from_note) {
      if (step < 0 || step >= count) return false;
      std::int32_t& owner_of = owner[static_cast<std::size_t>(step)];
      if (owner_of != kRest) {
        if (!from_note || owned[static_cast<std::size_t>(owner_of)] < 2) return false;
        --owned[static_cast<std::size_t>(owner_of)];
      }
      owner_of = static_cast<std::int32_t>(i);
      ++owned[i];
      return true;
    };
    if (!take(near, false) && !take(far, false) && !take(near, true)) take(far, true);
  }

  std::vector<std::int64_t> indices(static_cast<std::size_t>(steps), 0);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::int32_t note = owner[i + static_cast<std::size_t>(kMargin)];
    if (note != kRest) indices[i] = 1 + sorted[static_cast<std::size_t>(note)].pitch;
  }
  return indices;
}

}  // namespace minet::score
