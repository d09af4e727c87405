// Movements tied to notes. A control glides from its present value to the next in a short time
// around the onset: fingers within some 50 ms, a slide or a change of position earlier and slower.
// Bow strokes alternate, one per slurred group; their length follows loudness and duration.
#include "orchestra/movement.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "minet/core/random.hpp"
#include "orchestra/smooth.hpp"

namespace minet::orchestra {
namespace {

struct Move {
  double from_s, to_s, value;
};

// Interpolates the value over time; a move starts from wherever the one before it has got to.
template <class Set>
void glide(const std::vector<Move>& moves, const std::vector<double>& times, Set set) {
  double from = moves.empty() ? 0 : moves.front().value;
  std::size_t current = 0;
  const auto at = [&](const Move& move, double t) {
    return from + (move.value - from) *
                      smooth((t - move.from_s) / std::max(1e-3, move.to_s - move.from_s));
  };
  for (std::size_t i = 0; i < times.size(); ++i) {
    while (current + 1 < moves.size() && times[i] >= moves[current + 1].from_s) {
      from = at(moves[current], moves[current + 1].from_s);
      ++current;
    }
    set(i, moves.empty() ? 0 : at(moves[current], times[i]));
  }
}

class Mover {
 public:
  Mover(const Instrument& instrument, const Tune& tune, const std::vector<double>& times,
        std::uint64_t seed)
      : instrument_(instrument),
        notes_(tune.notes),
        times_(times),
        random_(derive_seed(seed, "movement")),
        poses_(times.size()) {
    for (const TuneNote& note : notes_) held_.push_back(fingering(instrument, note.pitch));
  }

  std::vector<Pose> run() {
    fingers();
    hands();
    if (instrument_.technique == Technique::bowed) bow();
    breath();
    sway();
    return std::move(poses_);
  }

 private:
  // Moves to value(i) around the onset of each note i.
  template <class Value>
  std::vector<Move> at_onsets(double lead_s, double settle_s, Value value) const {
    std::vector<Move> moves;
    for (std::size_t i = 0; i < notes_.size(); ++i) {
      const double lead =
          i == 0 ? lead_s : std::min(lead_s, 0.6 * (notes_[i].onset_s - notes_[i - 1].onset_s));
      moves.push_back(
          {notes_[i].onset_s - lead, notes_[i].onset_s + settle_s, static_cast<double>(value(i))});
    }
    return moves;
  }

  void fingers() {
    const bool lifts_in_rests = instrument_.technique == Technique::bowed;
    for (std::size_t finger = 0; finger < kFingers; ++finger) {
      auto moves = at_onsets(0.035, 0.015, [&](std::size_t i) { return held_[i].press[finger]; });
      if (lifts_in_rests) moves = lift_between_phrases(moves);
      glide(moves, times_, [&](std::size_t i, double value) { poses_[i].press[finger] = value; });
    }
  }

  std::vector<Move> lift_between_phrases(const std::vector<Move>& moves) const {
    std::vector<Move> out;
    for (std::size_t i = 0; i < moves.size(); ++i) {
      out.push_back(moves[i]);
      const double end = notes_[i].onset_s + notes_[i].duration_s;
      if (i + 1 < moves.size() && notes_[i + 1].phrase != notes_[i].phrase &&
          end + 0.15 < moves[i + 1].from_s) {
        out.push_back({end + 0.05, end + 0.15, 0});
      }
    }
    return out;
  }

  void hands() {
    glide(at_onsets(0.06, 0.02, [&](std::size_t i) { return held_[i].string; }), times_,
          [&](std::size_t i, double value) { poses_[i].string = value; });
    glide(at_onsets(0.10, 0.01, [&](std::size_t i) { return held_[i].stop; }), times_,
          [&](std::size_t i, double value) { poses_[i].stop = value; });
    glide(at_onsets(0.11, 0.02, [&](std::size_t i) { return held_[i].slide; }), times_,
          [&](std::size_t i, double value) { poses_[i].slide = value; });
    const double middle = 0.5 * (instrument_.low + instrument_.high);
    const double half = 0.5 * (instrument_.high - instrument_.low);
    glide(at_onsets(0.08, 0.08, [&](std::size_t i) { return (notes_[i].pitch - middle) / half; }),
          times_, [&](std::size_t i, double value) { poses_[i].height = value; });
    glide(at_onsets(0.1, 0.1, [&](std::size_t i) { return (notes_[i].velocity - 40) / 78.0; }),
          times_, [&](std::size_t i, double value) { poses_[i].loud = value; });
  }

  void bow() {
    std::vector<Move> moves;
    double place = 0.15;
    int direction = 1;  // down bow, towards the tip
    for (std::size_t i = 0; i < notes_.size();) {
      std::size_t end = i + 1;
      while (end < notes_.size() && notes_[end].slurred && notes_[end].phrase == notes_[i].phrase) {
        ++end;
      }
      const bool begins = i == 0 || notes_[i - 1].phrase != notes_[i].phrase;
      if (begins) {
        direction = 1;
        place = random_.uniform(0.08, 0.25);
        moves.push_back({notes_[i].onset_s - 0.35, notes_[i].onset_s - 0.03, place});
      }
      const double from = notes_[i].onset_s;
      const double to = notes_[end - 1].onset_s + notes_[end - 1].duration_s;
      const double speed = 0.35 + 0.6 * std::clamp((notes_[i].velocity - 40) / 78.0, 0.0, 1.0);
      const double room = direction > 0 ? 0.97 - place : place - 0.03;
      place += direction * std::min(room, std::clamp(speed * (to - from), 0.08, 0.8));
      moves.push_back({from - 0.01, to, place});
      direction = -direction;
      i = end;
    }
    glide(moves, times_, [&](std::size_t i, double value) { poses_[i].bow = value; });
    double phase = random_.uniform(0, 2 * std::numbers::pi);
    const double rate = random_.uniform(4.8, 5.8);
    std::size_t note = 0;
    for (std::size_t i = 0; i < times_.size(); ++i) {
      while (note + 1 < notes_.size() && times_[i] >= notes_[note + 1].onset_s) ++note;
      if (notes_.empty()) break;
      const double into = times_[i] - notes_[note].onset_s;
      const bool sounds = into > 0 && into < notes_[note].duration_s && held_[note].stop > 0;
      poses_[i].vibrato = sounds ? notes_[note].vibrato * smooth((into - 0.12) / 0.25) *
                                       std::sin(phase + 2 * std::numbers::pi * rate * times_[i])
                                 : 0;
    }
  }

  // Inhales before a phrase and exhales along it; also a nod at each onset.
  void breath() {
    std::vector<Move> moves = {{-2, -1, 0}};  // at rest before the tune
    for (std::size_t i = 0; i < notes_.size();) {
      std::size_t end = i;
      while (end < notes_.size() && notes_[end].phrase == notes_[i].phrase) ++end;
      const double stop = notes_[end - 1].onset_s + notes_[end - 1].duration_s;
      moves.push_back({notes_[i].onset_s - 0.38, notes_[i].onset_s - 0.04, 1});
      moves.push_back({notes_[i].onset_s, stop, 0});
      i = end;
    }
    glide(moves, times_, [&](std::size_t i, double value) { poses_[i].breath = value; });
    std::size_t first = 0;
    for (std::size_t i = 0; i < times_.size(); ++i) {
      while (first < notes_.size() && notes_[first].onset_s < times_[i] - 0.6) ++first;
      for (std::size_t n = first; n < notes_.size() && notes_[n].onset_s < times_[i] + 0.04; ++n) {
        const double x = (times_[i] - notes_[n].onset_s + 0.04) / 0.07;
        const double strength = notes_[n].slurred ? 0.4 : 1;
        poses_[i].nod += strength * notes_[n].velocity / 127.0 * x * std::exp(1 - x);
      }
    }
  }

  void sway() {
    const auto waves = [&](double Pose::*control, double slow_hz) {
      const double a = random_.uniform(0.7, 1.3) * slow_hz, b = random_.uniform(1.6, 2.4) * slow_hz;
      const double p = random_.uniform(0, 6.28), q = random_.uniform(0, 6.28);
      for (std::size_t i = 0; i < times_.size(); ++i) {
        poses_[i].*control = (0.7 * std::sin(p + 2 * std::numbers::pi * a * times_[i]) +
                              0.3 * std::sin(q + 2 * std::numbers::pi * b * times_[i])) *
                             (0.5 + 0.7 * poses_[i].loud);
      }
    };
    waves(&Pose::roll, 0.16);
    waves(&Pose::lean, 0.12);
    waves(&Pose::turn, 0.10);
  }

  const Instrument& instrument_;
  const std::vector<TuneNote>& notes_;
  const std::vector<double>& times_;
  Random random_;
  std::vector<Fingering> held_;
  std::vector<Pose> poses_;
};

}  // namespace

std::vector<Pose> move(const Instrument& instrument, const Tune& tune,
                       const std::vector<double>& times, std::uint64_t seed) {
  return Mover(instrument, tune, times, seed).run();
}

}  // namespace minet::orchestra
