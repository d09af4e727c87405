#include "generation/sidecar.hpp"

#include <cmath>
#include <limits>

#include "core/bounded_json.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/message.hpp"
#include "minet/core/text.hpp"

namespace minet::generation {
namespace {

constexpr const char* kGradient = "gradient";  // names of audio::PhaseStart
constexpr const char* kRandom = "random";
constexpr JsonBounds kBounds{.depth = 8, .values = 2'000'000};  // codes of twice the longest sound

struct BadNumber {
  std::string what;
};

// nlohmann silently converts fractions, booleans and huge numbers to integers.
std::int64_t integer(const nlohmann::json& value, std::int64_t lowest, std::int64_t highest) {
  const bool fits = value.is_number_unsigned()
                        ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(highest)
                        : value.is_number_integer() && value.get<std::int64_t>() <= highest;
  if (!fits || value.get<std::int64_t>() < lowest) {
    throw BadNumber{text("an entry that is not a whole number from ", lowest, " to ", highest)};
  }
  return value.get<std::int64_t>();
}

}  // namespace

std::string to_json(const Sidecar& sidecar) {
  nlohmann::ordered_json json;
  json["format"] = "minet sound";
  json["version"] = sidecar.version;
  json["model"] = sidecar.model;
  json["model_sha256"] = sidecar.model_sha256;
  json["inputs"] = sidecar.inputs;
  json["inversion"] = {
      {"start", sidecar.phase_start == audio::PhaseStart::gradient ? kGradient : kRandom},
      {"iterations", sidecar.iterations},
      {"seed", sidecar.inversion_seed}};
  json["gain_db"] = sidecar.gain_db;
  json["bits"] = sidecar.bits;
  json["torch"] = sidecar.torch;
  json["device"] = sidecar.device;
  json["threads"] = sidecar.threads;
  json["capability"] = sidecar.capability;
  json["codes"] = sidecar.codes;
  if (!sidecar.body.empty()) json["body"] = sidecar.body;
  // Paths may not be valid UTF-8: invalid bytes are replaced.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Sidecar read_sidecar(const std::filesystem::path& path) {
  const std::string content = read_file(path, 64u << 20);
  const auto broken = [&](const std::string& got) {
    return InputError(text(path.string(),
                           ": expected the .json that mi_generate wrote beside a wav, got ", got,
                           "; give that file"));
  };
  const nlohmann::json json = parse_bounded_json(content, kBounds, broken);
  if (!json.is_object() || !json.contains("format") || json["format"] != "minet sound")
    throw broken("something else");
  try {
    Sidecar sidecar;
    json.at("version").get_to(sidecar.version);
    json.at("model").get_to(sidecar.model);
    json.at("model_sha256").get_to(sidecar.model_sha256);
    const nlohmann::json& inversion = json.at("inversion");
    const std::string start = inversion.at("start");
    if (start != kGradient && start != kRandom) {
      throw broken(text("phases that start from '", excerpt(start), "'"));
    }
    sidecar.phase_start =
        start == kGradient ? audio::PhaseStart::gradient : audio::PhaseStart::random;
    sidecar.iterations = integer(inversion.at("iterations"), 0, 100'000);
    if (!inversion.at("seed").is_number_unsigned()) throw broken("an invalid seed");
    inversion.at("seed").get_to(sidecar.inversion_seed);
    // Older sidecars have neither gain_db nor bits.
    if (json.contains("gain_db")) json.at("gain_db").get_to(sidecar.gain_db);
    if (!(std::abs(sidecar.gain_db) <= 200)) throw broken("a gain that is none");
    if (json.contains("bits")) sidecar.bits = static_cast<int>(integer(json.at("bits"), 16, 24));
    json.at("torch").get_to(sidecar.torch);
    json.at("device").get_to(sidecar.device);
    sidecar.threads = static_cast<int>(integer(json.at("threads"), 1, 1024));
    json.at("capability").get_to(sidecar.capability);
    if (!json.at("codes").is_array()) throw broken("codes that are not a list");
    for (const nlohmann::json& code : json["codes"]) {
      sidecar.codes.push_back(integer(code, 0, std::numeric_limits<std::int32_t>::max()));
    }
    if (json.contains("body")) {
      for (const nlohmann::json& value : json.at("body")) {
        if (!value.is_number()) throw broken("an invalid body vector");
        sidecar.body.push_back(value.get<float>());
      }
    }
    sidecar.inputs = json.at("inputs");
    return sidecar;
  } catch (const BadNumber& error) {
    throw broken(error.what);
  } catch (const nlohmann::json::exception& error) {
    throw broken(text("one with a missing or wrong entry (", excerpt(error.what()), ")"));
  }
}

}  // namespace minet::generation
