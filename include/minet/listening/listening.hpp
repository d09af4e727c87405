// Can people tell? The listening test of the paper (section 4: two-alternative forced choice, 39
// pairs of 4 s, 3 per instrument) as one page that works from disk, and its scoring.
//
// Each pair has a real recording and the model's sound for the same movements; the listener sees
// the movements and chooses the real one. docs/listening.md explains how to run a test.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "minet/evaluation/evaluation.hpp"

namespace minet::listening {

enum class RealSound {
  recorded,  // as it was recorded: anything that the model lacks can be heard
  inverted,  // reconstructed phases, as in the model's: only music and timbre differ
};

struct ListeningOptions {
  evaluation::EvalOptions common = {};  // clips: not used
  std::filesystem::path out = {};  // new folder: listening.html for listeners, key.json for you
  std::int64_t pairs = 0;          // 0: 3 per instrument, or 39 if the corpus has no labels
  std::int64_t catch_trials = 4;   // pairs that every attentive listener gets right
  bool notes = true;               // give the notes to a model that takes them
  bool body = true;                // show the movements
  RealSound real = RealSound::recorded;
  std::int64_t iterations = 16;  // of phase reconstruction
  std::string title = "Which one is the real recording?";
  bool force = false;  // replace `out`
};

// Keys: pairs, catch_trials, instruments (pairs of each), notes_given (pairs), page, key, test (its
// name in the answers). InputError: an instrument of the split without an audible clip.
evaluation::EvalResult make_listening_test(const ListeningOptions& options);

struct ListeningScoreOptions {
  std::filesystem::path key;                   // key.json
  std::vector<std::filesystem::path> answers;  // files that listeners saved, or folders of them
  std::int64_t missed_catch_trials = 1;        // listeners who miss more are excluded
  std::uint64_t seed = 1;                      // of the bootstrap over listeners
};

// The success rate is the share of answers that take the model's sound for real: 0.5 if nobody can
// tell, 0 if everybody can. Keys: success (count, answers, rate, low, high: Wilson, 95 %),
// listeners_interval (95 %, resampling at least 2 listeners), by_instrument, by_listener, by_half
// (of each listener's test: do they learn?), by_musician, by_pair, each of rows with name and the
// keys of success; left_chosen (the same keys; 0.5 if neither side is preferred), listeners,
// excluded (listener, missed catch trials), incomplete (listeners who did not finish), key, test,
// version. InputError naming the file: answers to a different test, a file that the page did not
// write, the same listener twice with different answers; no answers left.
evaluation::EvalResult score_listening_test(const ListeningScoreOptions& options);

}  // namespace minet::listening
