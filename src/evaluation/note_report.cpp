#include "evaluation/note_report.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "evaluation/code_usage.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {
namespace {

using Json = nlohmann::ordered_json;
using Rows = std::vector<std::vector<std::string>>;

constexpr std::size_t kMostRepeated = 10;

void put(Json& json, const NoteScores& scores) {
  json["pitch_accuracy"] = scores.pitch.accuracy();
  json["pitch_recall"] = scores.pitch.recall();
  json["onset_f1"] = scores.onset_f1();
  json["chroma_distance"] = scores.chroma_distance();
  json["pitch_class_recall"] = scores.pitch.class_recall();
  json["jitter_cents"] = scores.jitter_cents();
  json["rests_played"] = scores.rests_played();
}

void put(Json& json, const PitchCount& count) {
  json["frames"] = count.frames;
  json["pitch_accuracy"] = count.accuracy();
  json["pitch_recall"] = count.recall();
}

void put(Json& json, const HeldNotes& held) {
  json["notes"] = held.count;
  json["median_s"] = held.median_s;
  json["p90_s"] = held.p90_s;
  json["longest_s"] = held.longest_s;
}

// How often each code follows itself, the most frequent first.
std::vector<std::pair<std::int64_t, std::int64_t>> repeats_of(const CodeUse& use) {
  std::vector<std::pair<std::int64_t, std::int64_t>> repeats;  // code, times
  for (const std::int64_t code : use.ranked) {
    const auto i = static_cast<std::size_t>(code);
    if (use.counts[i] > use.runs[i]) repeats.emplace_back(code, use.counts[i] - use.runs[i]);
  }
  std::stable_sort(repeats.begin(), repeats.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return repeats;
}

void put_repeats(Json& json, const std::vector<CodeSequence>& sequences, std::int64_t codes) {
  json["repeat_share"] = repeat_share(sequences);
  const auto repeats = repeats_of(code_use(sequences, codes));
  std::int64_t all = 0;
  for (const auto& [code, times] : repeats) all += times;
  json["most_repeated"] = Json::array();
  for (std::size_t i = 0; i < std::min(kMostRepeated, repeats.size()); ++i) {
    const double share = static_cast<double>(repeats[i].second) / static_cast<double>(all);
    json["most_repeated"].push_back({{"code", repeats[i].first}, {"share_of_repeats", share}});
  }
}

void put(Json& json, const StageScores& stage, const NoteFindings& findings) {
  put(json, stage.own);
  put(json["chance"], stage.other);
  put(json["near_onsets"], stage.own.near_onsets);
  put(json["later"], stage.own.later);
  for (std::size_t octave = 0; octave < kOctaves; ++octave) {
    const PitchCount& count = stage.own.octaves[octave];
    if (count.frames > 0) put(json["by_octave"][text("C", static_cast<int>(octave) - 1)], count);
  }
  put(json["held"], summarise_held(stage.held_s));
  if (!stage.codes.empty()) put_repeats(json["codes"], stage.codes, findings.code_count);
  for (std::size_t i = 0; i < findings.instruments.size(); ++i) {
    if (findings.instrument_clips[i] == 0) continue;
    Json& of = json["by_instrument"][findings.instruments[i]];
    of["clips"] = findings.instrument_clips[i];
    of["frames"] = stage.by_instrument[i].pitch.frames;
    of["onsets"] = stage.by_instrument[i].onsets;
    put(of, stage.by_instrument[i]);
  }
}

std::string shown_name(const std::string& stage) {
  return stage == "keypoints_alone" ? "keypoints alone" : stage;
}

std::vector<std::string> cells(std::string name, const NoteScores& scores) {
  return {std::move(name),
          figure(scores.pitch.accuracy()),
          figure(scores.pitch.recall()),
          figure(scores.onset_f1()),
          figure(scores.chroma_distance()),
          figure(scores.pitch.class_recall()),
          figure(scores.jitter_cents()),
          scores.rest_frames > 0 ? figure(scores.rests_played()) : "-"};
}

Rows score_rows(const NoteFindings& findings) {
  Rows rows{{"", "pitch accuracy", "pitch recall", "onset F1", "chroma distance", "any octave",
             "jitter", "rests played"}};
  for (const StageScores& stage : findings.stages) {
    rows.push_back(cells(shown_name(stage.name), stage.own));
    rows.push_back(cells("  chance: another track's notes", stage.other));
  }
  return rows;
}

// Where pitches are lost: pitch recall by position in the note and by octave, one column per stage.
Rows place_rows(const NoteFindings& findings) {
  Rows rows{{"pitch recall", "frames"}};
  for (const StageScores& stage : findings.stages) rows[0].push_back(shown_name(stage.name));
  const auto add = [&](const std::string& name, const auto& count_of) {
    const std::int64_t frames = count_of(findings.stages.front().own).frames;
    if (frames == 0) return;
    rows.push_back({name, text(frames)});
    for (const StageScores& stage : findings.stages) {
      rows.back().push_back(figure(count_of(stage.own).recall()));
    }
  };
  add("up to 150 ms after an onset", [](const NoteScores& one) { return one.near_onsets; });
  add("later", [](const NoteScores& one) { return one.later; });
  for (std::size_t octave = 0; octave < kOctaves; ++octave) {
    add(text("notes from C", static_cast<int>(octave) - 1, " up"),
        [&](const NoteScores& one) { return one.octaves[octave]; });
  }
  return rows;
}

Rows instrument_rows(const NoteFindings& findings) {
  Rows rows{{"pitch recall", "clips"}};
  for (const StageScores& stage : findings.stages) rows[0].push_back(shown_name(stage.name));
  rows[0].push_back("onset F1, generated");
  const bool alone = findings.stages.back().name == "keypoints_alone";
  if (alone) rows[0].insert(rows[0].end(), {"alone: onset F1", "any octave"});
  for (std::size_t i = 0; i < findings.instruments.size(); ++i) {
    if (findings.instrument_clips[i] == 0) continue;
    rows.push_back({printable(findings.instruments[i]), text(findings.instrument_clips[i])});
    for (const StageScores& stage : findings.stages) {
      rows.back().push_back(figure(stage.by_instrument[i].pitch.recall()));
    }
    rows.back().push_back(figure(findings.stage("generated").by_instrument[i].onset_f1()));
    if (alone) {
      const NoteScores& scores = findings.stages.back().by_instrument[i];
      rows.back().push_back(figure(scores.onset_f1()));
      rows.back().push_back(figure(scores.pitch.class_recall()));
    }
  }
  return rows;
}

void add_held(Rows& rows, const std::string& name, const std::vector<double>& seconds) {
  const HeldNotes held = summarise_held(seconds);
  rows.push_back(
      {name, text(held.count), figure(held.median_s), figure(held.p90_s), figure(held.longest_s)});
}

Rows held_rows(const NoteFindings& findings) {
  Rows rows{{"held notes (s)", "notes", "median", "90 %", "longest"}};
  for (const StageScores& stage : findings.stages) {
    add_held(rows, shown_name(stage.name), stage.held_s);
  }
  if (findings.whole.tracks > 0) {
    add_held(rows, "whole tracks: real", findings.whole.real_s);
    add_held(rows, "whole tracks: keypoints alone", findings.whole.alone_s);
  }
  return rows;
}

Rows repeat_rows(const NoteFindings& findings) {
  Rows rows{{"codes that repeat the one before", "share", "most repeated (share of repeats)"}};
  for (const StageScores& stage : findings.stages) {
    if (stage.codes.empty()) continue;
    Json json;
    put_repeats(json, stage.codes, findings.code_count);
    std::vector<std::string> most;
    for (std::size_t i = 0; i < std::min<std::size_t>(4, json["most_repeated"].size()); ++i) {
      const Json& one = json["most_repeated"][i];
      most.push_back(text(one["code"].get<std::int64_t>(), " (",
                          percent(one["share_of_repeats"].get<double>()), ")"));
    }
    rows.push_back({stage.name == "reconstruction" ? "real" : shown_name(stage.name),
                    figure(json["repeat_share"].get<double>()), join(most, ", ")});
  }
  return rows;
}

}  // namespace

const StageScores& NoteFindings::stage(const std::string& name) const {
  for (const StageScores& one : stages) {
    if (one.name == name) return one;
  }
  throw WorkError(text("notes: expected a stage '", name, "', but there is none"));
}

const StageScores& NoteFindings::alone() const {
  return stages.back();
}

std::int64_t NoteFindings::worst_instrument() const {
  std::int64_t worst = -1;
  double least = 2;
  for (std::size_t i = 0; i < instruments.size(); ++i) {
    const PitchCount& pitch = stage("generated").by_instrument[i].pitch;
    if (pitch.frames == 0 || pitch.recall() >= least) continue;
    worst = static_cast<std::int64_t>(i);
    least = pitch.recall();
  }
  return worst;
}

void put(Json& json, const NoteFindings& findings) {
  const NoteScores& generated = findings.stage("generated").own;
  put(json, generated);
  json["frames"] = generated.pitch.frames;
  json["onsets"] = generated.onsets;
  put(json["keypoints_alone"], findings.alone().own);
  put(json["keypoints_alone"]["chance"], findings.alone().other);
  if (const std::int64_t worst = findings.worst_instrument(); worst >= 0) {
    const auto i = static_cast<std::size_t>(worst);
    json["worst_instrument"]["instrument"] = findings.instruments[i];
    json["worst_instrument"]["pitch_recall"] =
        findings.stage("generated").by_instrument[i].pitch.recall();
  }
  for (const StageScores& stage : findings.stages) {
    put(json["chain"][stage.name], stage, findings);
  }
  if (findings.whole.tracks == 0) return;
  Json& whole = json["whole_tracks"];
  whole["tracks"] = findings.whole.tracks;
  whole["seconds"] = findings.whole.seconds;
  put(whole["real"], summarise_held(findings.whole.real_s));
  put(whole["keypoints_alone"], summarise_held(findings.whole.alone_s));
}

std::string tables_of(const NoteFindings& findings) {
  std::string result = text(table(score_rows(findings)), "\n", table(place_rows(findings)), "\n");
  if (!findings.instruments.empty()) {
    result += table(instrument_rows(findings));
    if (const std::int64_t worst = findings.worst_instrument(); worst >= 0) {
      result += text("Worst, generated: ",
                     printable(findings.instruments[static_cast<std::size_t>(worst)]), "\n");
    }
    result += "\n";
  }
  result += text(table(held_rows(findings)), "\n");
  if (findings.code_count > 0) result += text(table(repeat_rows(findings)), "\n");
  return result;
}

}  // namespace minet::evaluation
