#include "comparison/measurement.hpp"

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::comparison {
namespace {

using Json = nlohmann::ordered_json;

// json[path]; nullptr if there is nothing.
const Json* find(const Json& json, const std::string& path) {
  const Json* here = &json;
  for (const std::string& key : split(path, '.')) {
    if (!here->is_object() || !here->contains(key)) return nullptr;
    here = &(*here)[key];
  }
  return here;
}

[[noreturn]] void fail(const Measurement& measurement, const std::string& path,
                       const std::string& expected) {
  const Json* found = find(measurement.json, path);
  throw WorkError(text("the measurement ", measurement.name, ": expected ", expected, " at ", path,
                       ", got ", found == nullptr ? "nothing" : found->type_name(),
                       "; the tables and the metric do not fit together"));
}

}  // namespace

bool Measurement::has(const std::string& path) const {
  return find(json, path) != nullptr;
}

Cell Measurement::at(const std::string& path, const std::string& interval) const {
  if (json.is_null()) return std::nullopt;
  const Json* value = find(json, path);
  if (value == nullptr || !(value->is_number() || value->is_null())) fail(*this, path, "a number");
  if (value->is_null()) return std::nullopt;
  Measured result{.value = value->get<double>()};
  if (interval.empty()) return result;
  const Json* ends = find(json, interval);
  if (ends != nullptr && ends->is_null()) return result;
  if (ends == nullptr || !ends->is_array() || ends->size() != 2) {
    fail(*this, interval, "an interval");
  }
  if ((*ends)[0].is_number() && (*ends)[1].is_number()) {
    result.low = (*ends)[0].get<double>();
    result.high = (*ends)[1].get<double>();
  }
  return result;
}

Cell Measurement::with_error(const std::string& path, const std::string& error_path) const {
  Cell cell = at(path);
  const Cell error = at(error_path);
  if (cell && error) {
    cell->low = cell->value - 1.96 * error->value;
    cell->high = cell->value + 1.96 * error->value;
  }
  return cell;
}

}  // namespace minet::comparison
