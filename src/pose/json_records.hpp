// Reads a large JSON file as a stream of records, so that only one is in memory at a time: the
// objects of a top-level list ([{...}, ...]) or of a list in the top object ({"frames": [{...}]}),
// and the members of the top object itself, including objects. Only pose/*.cpp may include this.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace minet::pose {

enum class RecordPlace {
  list_item,    // an object of the top-level list
  member_item,  // an object of a list in the top object; `key` is the list's name
  member,       // a number, text, ... or object in the top object, named `key`
  top_list,     // start of the top-level list (before its items)
  member_list,  // start of a list in the top object
};

struct JsonRecord {
  RecordPlace place;
  std::string key;
  nlohmann::json value;
};

// Returns false to stop reading.
using RecordSink = std::function<bool(JsonRecord&)>;

// InputError: unreadable, too large, not JSON, too deep. `what` names the expected content.
void read_json_records(const std::filesystem::path& path, const std::string& what,
                       const RecordSink& sink);

// The number at `key` of an object; nullopt if it is absent or not a number.
std::optional<double> number_at(const nlohmann::json& object, const char* key);

}  // namespace minet::pose
