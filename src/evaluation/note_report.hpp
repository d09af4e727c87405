// The findings of `notes`, as JSON and as tables for people.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evaluation/code_models.hpp"
#include "evaluation/held_notes.hpp"
#include "evaluation/note_scores.hpp"

namespace minet::evaluation {

// The scores of one stage of the chain over all clips.
struct StageScores {
  std::string name;
  NoteScores own = {}, other = {};  // against the track's own notes and another track's
  std::vector<double> held_s = {};
  std::vector<CodeSequence> codes = {};        // of each clip; empty for a stage without codes
  std::vector<NoteScores> by_instrument = {};  // by index of NoteFindings::instruments
};

// Held notes of whole tracks, not cut into clips.
struct WholeTracks {
  std::size_t tracks = 0;
  double seconds = 0;  // in total
  std::vector<double> real_s = {}, alone_s = {};
};

struct NoteFindings {
  std::vector<StageScores> stages = {};
  std::vector<std::string> instruments;        // empty if the corpus has no labels
  std::vector<std::int64_t> instrument_clips;  // by instrument
  std::int64_t code_count = 0;                 // K; 0 for a model without codes
  WholeTracks whole = {};

  const StageScores& stage(const std::string& name) const;
  // The stage that plays from the keypoints alone.
  const StageScores& alone() const;
  // Index of the instrument with the lowest pitch recall of generated sound; -1: unknown.
  std::int64_t worst_instrument() const;
};

void put(nlohmann::ordered_json& json, const NoteFindings& findings);
std::string tables_of(const NoteFindings& findings);

}  // namespace minet::evaluation
