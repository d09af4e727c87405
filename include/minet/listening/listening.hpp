// Can people tell? The listening test of the paper (section 4: two-alternative forced choice, 39
// pairs of 4 s, 3 an instrument) as one page that works from disk, and what listeners' answers say.
//
// Each pair has a real recording and what the model makes of the same movements; the listener sees
// the movements and says which sound is real. docs/listening.md explains how to run one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "minet/evaluation/evaluation.hpp"

namespace minet::listening {

enum class RealSound {
  recorded,  // as it was recorded: everything that the model's sound lacks can be heard
  inverted,  // reconstructed phases, like the model's: only music and timbre are judged
};

struct ListeningOptions {
  evaluation::EvalOptions common = {};  // clips: not used
  std::filesystem::path out = {};  // new folder: listening.html for listeners, key.json for you
  std::int64_t pairs = 0;          // 0: 3 an instrument, or 39 where the corpus has no labels
  std::int64_t catch_trials = 4;   // pairs that everyone who listens gets right
  bool notes = true;               // give the notes to a model that takes them
  bool body = true;                // show the movements
  RealSound real = RealSound::recorded;
  std::int64_t iterations = 16;  // of phase reconstruction
  std::string title = "Which one is the real recording?";
  bool force = false;  // replace `out`
};

// Keys: pairs, catch_trials, instruments (pairs of each), notes_given (pairs), page, key, test (its
// name in the answers). InputError: an instrument of the split without a clip that can be heard.
evaluation::EvalResult make_listening_test(const ListeningOptions& options);

struct ListeningScoreOptions {
  std::filesystem::path key;                   // key.json
  std::vector<std::filesystem::path> answers;  // files that listeners saved, or folders of them
  std::int64_t missed_catch_trials = 1;        // more than this, and a listener does not count
  std::uint64_t seed = 1;                      // of the bootstrap over listeners
};

// The success rate is the share of answers that take the model's sound for real: 0.5 where nobody
// can tell, 0 where everybody can. Keys: success (count, answers, rate, low, high: Wilson, 95 %),
// listeners_interval (95 %, by drawing listeners; from 2 on), by_instrument, by_listener, by_half
// (of each listener's test: do they learn?), by_musician, by_pair, each of rows with name and the
// keys of success; left_chosen (the same keys; 0.5 without a favourite side), listeners, excluded
// (listener, missed catch trials), incomplete (listeners who did not finish), key, test, version.
// InputError naming the file: answers to another test, not what the page writes, the same listener
// twice with different answers; no answers left.
evaluation::EvalResult score_listening_test(const ListeningScoreOptions& options);

}  // namespace minet::listening
