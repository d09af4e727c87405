#include "corpus/fitness.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "minet/core/text.hpp"
#include "minet/core/words.hpp"

namespace minet::corpus {
namespace {

// A third of what the demonstration (scripts/demo.sh) trains on, whose result is still coarse.
constexpr double kLittleSeconds = 600;
constexpr double kLittleTestSeconds = 60;
constexpr double kLostHand = 0.95;  // share of gaps
constexpr std::size_t kNamed = 6;

void judge_amount(const Index& index, std::vector<std::string>& warnings) {
  double train = 0, test = 0;
  std::size_t tests = 0;
  for (const IndexEntry& entry : index.entries) {
    (entry.track.split == "test" ? test : train) += entry.track.seconds;
    tests += entry.track.split == "test" ? 1 : 0;
  }
  if (train > 0 && train < kLittleSeconds) {
    warnings.push_back(text("only ", human_duration(train),
                            " of sound to train on: a model memorises it and plays nothing else; ",
                            "the demonstration (demo.sh) has 33 min for 13 instruments, and that ",
                            "is little"));
  }
  if (tests > 0 && test < kLittleTestSeconds) {
    warnings.push_back(text("only ", human_duration(test), " of sound to test on: results on it ",
                            "are mostly chance; several minutes are usual"));
  }
}

void judge_notes(const Index& index, std::vector<std::string>& warnings) {
  const auto with_notes = std::count_if(
      index.entries.begin(), index.entries.end(),
      [](const IndexEntry& e) { return e.track.split == "train" && e.track.has_notes; });
  const auto train = std::count_if(index.entries.begin(), index.entries.end(),
                                   [](const IndexEntry& e) { return e.track.split == "train"; });
  if (train > 0 && with_notes == 0) {
    warnings.emplace_back(
        "no training track has notes: the model will play from keypoints alone and "
        "cannot be told what to play");
  }
}

// Instruments need not be named, but one that is only in the test split cannot be learned.
void judge_instruments(const Index& index, std::vector<std::string>& warnings) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> tracks;  // train, test
  for (const IndexEntry& entry : index.entries) {
    auto& [train, test] = tracks[entry.instrument];
    ++(entry.track.split == "test" ? test : train);
  }
  std::vector<std::string> untrained;
  for (const auto& [name, counts] : tracks) {
    if (!name.empty() && counts.first == 0) untrained.push_back(name);
  }
  if (!untrained.empty()) {
    warnings.push_back(
        text("instruments in the test split but not in training: ", listed(untrained, kNamed),
             "; the model cannot know their sound, so move a track of each"));
  }
}

void judge_poses(const Index& index, const std::vector<TrackFitness>& facts,
                 std::vector<std::string>& warnings) {
  std::map<std::string, std::vector<std::string>> same;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (!facts[i].pose_hash.empty()) {
      same[facts[i].pose_hash].push_back(index.entries[i].track.id);
    }
  }
  for (const auto& [hash, ids] : same) {
    if (ids.size() < 2) continue;
    warnings.push_back(text(counted(ids.size(), "track"), " have the very same keypoints (",
                            listed(ids, kNamed),
                            "): the model cannot tell them apart; check the column pose"));
  }
  for (const bool right : {true, false}) {
    std::vector<std::string> lost;
    for (std::size_t i = 0; i < facts.size(); ++i) {
      const double gaps = right ? facts[i].right_hand_gaps : facts[i].left_hand_gaps;
      if (!facts[i].pose_hash.empty() && gaps >= kLostHand)
        lost.push_back(index.entries[i].track.id);
    }
    if (!lost.empty()) {
      warnings.push_back(text("the ", right ? "right" : "left", " hand is a gap in over ",
                              std::lround(100 * kLostHand), " % of the frames of ",
                              counted(lost.size(), "track"), " (", listed(lost, kNamed),
                              "): its fingers carry no information"));
    }
  }
}

}  // namespace

std::vector<std::string> judge_fitness(const Index& index, const std::vector<TrackFitness>& facts) {
  std::vector<std::string> warnings;
  judge_amount(index, warnings);
  judge_notes(index, warnings);
  judge_instruments(index, warnings);
  judge_poses(index, facts, warnings);
  return warnings;
}

}  // namespace minet::corpus
