// A large JSON file read as a stream of its records, so that memory holds one at a time: the
// objects of a list at the top ([{...}, ...]) or of a list in the top object ({"frames": [{...}]}),
// and the members of the top object itself, objects included. Only pose/*.cpp may include this.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace minet::pose {

enum class RecordPlace {
  list_item,    // an object of the list at the top
  member_item,  // an object of a list in the top object, whose name is `key`
  member,       // a number, text, ... or object of the top object, named `key`
  top_list,     // the list at the top opens (before its items)
  member_list,  // a list in the top object opens
};

struct JsonRecord {
  RecordPlace place;
  std::string key;
  nlohmann::json value;
};

// Return false to stop reading.
using RecordSink = std::function<bool(JsonRecord&)>;

// InputError: unreadable, too large, not JSON, too deep. `what` the file should be, for messages.
void read_json_records(const std::filesystem::path& path, const std::string& what,
                       const RecordSink& sink);

// The number at `key` of an object; nullopt if it isn't there or no number.
std::optional<double> number_at(const nlohmann::json& object, const char* key);

}  // namespace minet::pose
