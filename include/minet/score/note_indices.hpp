// Notes as one symbol per step, for the content transformer: 0 = rest, 1 + pitch = that note.
// Source: arXiv 2012.03478, content model: MIDI is binarised, a step has its active note's index.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "minet/score/note.hpp"

namespace minet::score {

inline constexpr std::int64_t kNoteSymbols = 129;  // rest and MIDI numbers 0..127

// [T] for T = steps. Step i stands for the time start_s + i / steps_per_second. A note covers
// onset <= t < onset + duration (to within 1e-6 of a step, for rounding). Where notes overlap, the
// latest onset wins, and the highest pitch among equal onsets; a longer note resumes after a
// shorter one. A note so short that it falls between two steps would vanish: it gets the nearer of
// the two that is at rest, else the nearer whose note has another step left; else (more notes than
// steps) it is left out. Windows on the same grid agree with slices of the whole.
// InputError: a pitch outside 0..127, a time that is not finite, a negative or huge `steps`.
std::vector<std::int64_t> note_indices(std::span<const Note> notes, std::int64_t steps,
                                       double steps_per_second, double start_s = 0);

}  // namespace minet::score
