// The pieces of the orchestra: 44 instrumentations after URMP's (duets to quintets), under titles
// of our own.
//
// Source: the folder names of URMP (https://labsites.rochester.edu/air/projects/URMP.html). Three
// places differ, so that there are 148 parts as in the Multi-Instrumentalist Net paper and four of
// every instrument: 10 has a bassoon for the trumpet, and 44 a double bass for the second viola and
// no second violin (the paper does not say which of the 149 parts it leaves out).
#pragma once

#include <string>
#include <vector>

namespace minet::orchestra {

struct Piece {
  int number = 0;                         // 1..44; further volumes go on from 45
  std::string title;                      // of the composition: arrangements share it
  std::vector<std::string> codes;         // the whole instrumentation
  int parts = 0;                          // that are made: the first of `codes`
  int volume = 0;                         // the same 44 instrumentations again, newly composed
  bool test = false;                      // the composition is kept for testing
  bool shares_takes = false;              // with the other arrangements of its composition
  std::vector<std::string> made() const;  // the first `parts` codes
  std::string name() const;               // NN_Title_code_code: URMP's folder name
  std::string group() const;              // one for each composition
};

inline constexpr int kTracksOfVolume = 148;

// Pieces with `tracks` parts in all, the last one cut short where it has to be. In every volume:
// four pieces with every instrument among them, for training; five more that have every instrument
// again and whose compositions no other piece has, for testing; then the rest, each time the piece
// that brings the instruments nearest to the proportions of the whole. Sorted by number.
// With `instruments` (codes), the parts of these pieces are given to them in turn.
std::vector<Piece> choose_pieces(int tracks, const std::vector<std::string>& instruments = {});

}  // namespace minet::orchestra
