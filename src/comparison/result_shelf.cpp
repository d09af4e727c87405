#include "comparison/result_shelf.hpp"

#include "evaluation/result.hpp"
#include "minet/core/files.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"

namespace minet::comparison {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kMaxResult = 256 << 20;  // bytes

}  // namespace

std::filesystem::path ResultShelf::file(const std::string& name) const {
  return safe_child(folder_, name + ".json");
}

std::optional<Json> ResultShelf::kept(const std::string& name, const Json& inputs,
                                      const std::filesystem::path& also) const {
  const std::filesystem::path path = file(name);
  if (!std::filesystem::exists(path)) return std::nullopt;
  if (!also.empty() && !std::filesystem::exists(also)) return std::nullopt;
  const Json kept = Json::parse(read_file(path, kMaxResult), nullptr, /*allow_exceptions=*/false);
  if (!kept.is_object() || !kept.contains("inputs") || !kept.contains("result") ||
      kept["inputs"] != inputs) {
    return std::nullopt;
  }
  log::debug(text(path.string(), ": kept"));
  return kept["result"];
}

Json ResultShelf::get(const std::string& name, const Json& inputs,
                      const std::function<evaluation::EvalResult()>& measure, const char* doing,
                      const std::filesystem::path& also) const {
  if (auto before = kept(name, inputs, also)) return *std::move(before);
  log::info(text(doing, " ", name));
  std::filesystem::create_directories(folder_);  // some metrics write files of their own there
  Json result;
  result["inputs"] = inputs;
  result["result"] = Json::parse(measure().json);
  save_file(file(name), evaluation::dump(result));
  return result["result"];
}

}  // namespace minet::comparison
