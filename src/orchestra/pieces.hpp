// The pieces of the orchestra: 44 instrumentations after URMP's (duets to quintets), with titles of
// our own.
//
// Source: the folder names of URMP (https://labsites.rochester.edu/air/projects/URMP.html). Three
// parts differ, so that there are 148 as in the Multi-Instrumentalist Net paper and at least four
// of every instrument: 10 has a bassoon instead of the trumpet, and 44 a double bass instead of the
// second viola and no second violin (the paper does not say which of the 149 parts it omits).
#pragma once

#include <string>
#include <vector>

namespace minet::orchestra {

struct Piece {
  int number = 0;                         // 1..44; further volumes continue from 45
  std::string title;                      // of the composition, common to its arrangements
  std::vector<std::string> codes;         // the whole instrumentation
  int parts = 0;                          // number of parts made: the first of `codes`
  int volume = 0;                         // from 1 on the same instrumentations, newly composed
  bool test = false;                      // the composition is reserved for testing
  bool shares_takes = false;              // with the other arrangements of its composition
  std::vector<std::string> made() const;  // the first `parts` codes
  std::string name() const;               // NN_Title_code_code: URMP's folder name
  std::string group() const;              // one per composition
};

inline constexpr int kTracksOfVolume = 148;

// Pieces with `tracks` parts in total, the last one cut short if necessary. Every volume has first
// four pieces that together have every instrument, for training; then five that have every
// instrument again, and compositions that no other piece has, for testing; then the rest, each time
// the piece that brings the instruments closest to their overall proportions. Sorted by number.
// With `instruments` (codes), the parts of these pieces are given to them in turn.
std::vector<Piece> choose_pieces(int tracks, const std::vector<std::string>& instruments = {});

}  // namespace minet::orchestra
