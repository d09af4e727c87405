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

Json ResultShelf::get(const std::string& name, const Json& inputs,
                      const std::function<evaluation::EvalResult()>& measure) const {
  const std::filesystem::path path = safe_child(folder_, name + ".json");
  if (std::filesystem::exists(path)) {
    const Json kept = Json::parse(read_file(path, kMaxResult), nullptr, /*allow_exceptions=*/false);
    if (kept.is_object() && kept.contains("inputs") && kept.contains("result") &&
        kept["inputs"] == inputs) {
      log::debug(text(path.string(), ": kept"));
      return kept["result"];
    }
  }
  log::info(text("measuring ", name));
  Json result;
  result["inputs"] = inputs;
  result["result"] = Json::parse(measure().json);
  std::filesystem::create_directories(folder_);
  save_file(path, evaluation::dump(result));
  return result["result"];
}

}  // namespace minet::comparison
