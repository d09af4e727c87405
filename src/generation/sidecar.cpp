#include "generation/sidecar.hpp"

#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"

namespace minet::generation {

std::string to_json(const Sidecar& sidecar) {
  nlohmann::ordered_json json;
  json["format"] = "minet sound";
  json["version"] = sidecar.version;
  json["model"] = sidecar.model;
  json["model_sha256"] = sidecar.model_sha256;
  json["inputs"] = sidecar.inputs;
  json["inversion"] = {{"iterations", sidecar.iterations}, {"seed", sidecar.inversion_seed}};
  json["torch"] = sidecar.torch;
  json["device"] = sidecar.device;
  json["threads"] = sidecar.threads;
  json["capability"] = sidecar.capability;
  json["codes"] = sidecar.codes;
  return json.dump() + "\n";
}

Sidecar read_sidecar(const std::filesystem::path& path) {
  const std::string content = read_file(path, 64u << 20);
  const auto broken = [&](const std::string& got) {
    return InputError(text(path.string(),
                           ": expected the .json that mi_generate wrote beside a wav, got ", got,
                           "; give --from that file"));
  };
  // Untrusted: depth is bounded before anything walks the tree.
  const auto limit = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > 8) throw broken("one nested too deeply");
    return true;
  };
  const nlohmann::json json = nlohmann::json::parse(content, limit, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("format", "") != "minet sound")
    throw broken("something else");
  try {
    Sidecar sidecar;
    json.at("version").get_to(sidecar.version);
    json.at("model").get_to(sidecar.model);
    json.at("model_sha256").get_to(sidecar.model_sha256);
    json.at("inversion").at("iterations").get_to(sidecar.iterations);
    json.at("inversion").at("seed").get_to(sidecar.inversion_seed);
    json.at("torch").get_to(sidecar.torch);
    json.at("device").get_to(sidecar.device);
    json.at("threads").get_to(sidecar.threads);
    json.at("capability").get_to(sidecar.capability);
    json.at("codes").get_to(sidecar.codes);
    sidecar.inputs = json.at("inputs");
    return sidecar;
  } catch (const nlohmann::json::exception& error) {
    throw broken(text("one with a missing or wrong entry (", error.what(), ")"));
  }
}

}  // namespace minet::generation
