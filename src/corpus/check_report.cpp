// A check's result for users and as JSON.
#include <algorithm>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/core/words.hpp"
#include "minet/corpus/check.hpp"

namespace minet::corpus {
namespace {

void add_list(std::ostream& out, const char* title, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  out << title << ":\n";
  for (const std::string& line : lines) out << "  " << printable(line) << "\n";
}

// Notes that are not warnings, one line per kind: the first in full, with the names of its tracks.
std::vector<std::string> notes_by_kind(const Notices& notices) {
  constexpr std::size_t kNamed = 8;
  struct Group {
    NoticeKind kind;
    std::string first;
    std::vector<std::string> tracks;
  };
  std::vector<Group> groups;
  for (const Notice& notice : notices) {
    if (is_warning(notice.kind)) continue;
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const Group& known) { return known.kind == notice.kind; });
    if (group == groups.end()) {
      groups.push_back({notice.kind, notice.text(), {}});
      group = groups.end() - 1;
    }
    if (group->tracks.empty() || group->tracks.back() != notice.where) {
      group->tracks.push_back(notice.where);
    }
  }
  std::vector<std::string> lines;
  for (const Group& group : groups) {
    std::string line = group.first;
    if (group.tracks.size() > 1) {
      line += text("; similar in ", listed({group.tracks.begin() + 1, group.tracks.end()}, kNamed));
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

std::string describe(const CheckReport& report) {
  std::ostringstream out;
  out << printable(report.root.string()) << " (" << printable(report.source) << "), "
      << counted(report.groups, "group") << "\n";
  out << "split   tracks  with notes   length           silent  clipped    gaps\n";
  out << std::fixed << std::setprecision(1);
  for (const SplitSummary& split : report.splits) {
    out << std::left << std::setw(6) << split.split << std::right << std::setw(8) << split.tracks
        << std::setw(12) << split.tracks_with_notes << "   " << std::left << std::setw(15)
        << human_duration(split.seconds) << std::right << std::setw(6) << split.silent_share * 100
        << " %" << std::setw(7) << std::setprecision(2) << split.clipped_share * 100 << " %"
        << std::setw(6) << std::setprecision(1) << split.gap_share * 100 << " %\n";
  }
  for (const InstrumentSummary& sum : report.instruments) {
    out << "  " << (sum.instrument.empty() ? "no label" : printable(sum.instrument)) << ": train "
        << human_duration(sum.train_seconds) << ", test " << human_duration(sum.test_seconds)
        << "\n";
  }
  out << "audio and pose differ by at most " << std::setprecision(3) << report.longest_drift_s
      << " s\n";
  const auto compared = std::count_if(report.tracks.begin(), report.tracks.end(),
                                      [](const TrackSummary& track) { return track.lag_s; });
  out << "hands follow the sound clearly enough to compare their times in " << compared << " of "
      << report.tracks.size() << " tracks\n";
  if (!report.joints_never_seen.empty()) {
    out << "joints never seen: " << join(report.joints_never_seen, ", ") << "\n";
  }
  add_list(out, "notices from its preparation (notices.csv)", notes_by_kind(report.notices));
  add_list(out, "warnings", report.warnings);
  add_list(out, "problems", report.problems);
  out << (report.usable() ? "usable" : "not usable") << "\n";
  return out.str();
}

std::string to_json(const CheckReport& report) {
  // Bytes that are not UTF-8 (from file names) become replacement characters.
  nlohmann::ordered_json json;
  json["corpus"] = report.root.string();
  json["source"] = report.source;
  json["hash"] = report.hash;
  json["usable"] = report.usable();
  json["groups"] = report.groups;
  for (const SplitSummary& split : report.splits) {
    json["splits"][split.split] = {{"tracks", split.tracks},
                                   {"tracks_with_notes", split.tracks_with_notes},
                                   {"seconds", split.seconds},
                                   {"silent_share", split.silent_share},
                                   {"clipped_share", split.clipped_share},
                                   {"gap_share", split.gap_share}};
  }
  for (const InstrumentSummary& sum : report.instruments) {
    json["instruments"][sum.instrument] = {{"train_seconds", sum.train_seconds},
                                           {"test_seconds", sum.test_seconds}};
  }
  json["longest_drift_s"] = report.longest_drift_s;
  json["joints_never_seen"] = report.joints_never_seen;
  json["tracks"] = nlohmann::ordered_json::array();
  for (const TrackSummary& track : report.tracks) {
    json["tracks"].push_back({{"id", track.id},
                              {"split", track.split},
                              {"instrument", track.instrument},
                              {"group", track.group},
                              {"seconds", track.seconds},
                              {"silent_share", track.silent_share},
                              {"clipped_share", track.clipped_share},
                              {"gap_share", track.gap_share},
                              {"drift_s", track.drift_s},
                              {"lag_s", track.lag_s ? nlohmann::ordered_json(*track.lag_s)
                                                    : nlohmann::ordered_json(nullptr)}});
  }
  json["shared_sounds"] = nlohmann::ordered_json::array();
  for (const SharedSound& pair : report.shared_sounds) {
    json["shared_sounds"].push_back({{"first", pair.first},
                                     {"second", pair.second},
                                     {"offset_s", pair.offset_s},
                                     {"correlation", pair.correlation},
                                     {"leak", pair.leak}});
  }
  json["notices"] = nlohmann::ordered_json::array();
  for (const Notice& notice : report.notices) {
    json["notices"].push_back({{"track", notice.where},
                               {"kind", std::string(notice_name(notice.kind))},
                               {"frames", notice.frames},
                               {"sentence", notice.sentence}});
  }
  json["problems"] = report.problems;
  json["warnings"] = report.warnings;
  json["version"] = version();
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace minet::corpus
