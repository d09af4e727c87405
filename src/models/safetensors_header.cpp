// safetensors headers. A SAX reader with a fixed set of states: nothing outside the format is ever
// built, the depth is bounded, and a duplicate key is an error (JSON readers usually keep the last
// one).
#include "models/safetensors_header.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "models/checks.hpp"

namespace minet::models {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxTensors = 100000;
constexpr std::size_t kMaxName = 512;  // bytes

struct DtypeName {
  std::string_view name;
  at::ScalarType type;
};
constexpr std::array<DtypeName, 8> kDtypes = {{{"F64", at::kDouble},
                                               {"I64", at::kLong},
                                               {"F32", at::kFloat},
                                               {"I32", at::kInt},
                                               {"F16", at::kHalf},
                                               {"BF16", at::kBFloat16},
                                               {"U8", at::kByte},
                                               {"BOOL", at::kBool}}};

class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(TensorHeader& header) : header_(header) {}
  std::string problem;

  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("true or false"); }
  bool number_integer(number_integer_t) override { return refuse("a negative number"); }
  bool number_float(number_float_t, const string_t&) override {
    return refuse("a number with a fraction, or one too large");
  }
  bool binary(binary_t&) override { return refuse("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (state_ == State::shape) {
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return fail("tensor " + quoted(entry_.name) + " has a dimension that is too large");
      }
      if (entry_.shape.size() == kMaxSafetensorsRank) {
        return fail("tensor " + quoted(entry_.name) + " has more than 8 dimensions");
      }
      entry_.shape.push_back(static_cast<std::int64_t>(value));
      return true;
    }
    if (state_ == State::offsets && offsets_ < 2) {
      (offsets_++ == 0 ? entry_.begin : entry_.end) = value;
      return true;
    }
    return refuse("a number");
  }

  bool string(string_t& value) override {
    if (state_ == State::metadata) {
      header_.metadata[key_] = value;
      return true;
    }
    if (state_ != State::tensor || key_ != "dtype") return refuse("a text");
    for (const DtypeName& dtype : kDtypes) {
      if (dtype.name == value) {
        entry_.dtype = dtype.type;
        return true;
      }
    }
    return fail("tensor " + quoted(entry_.name) + " has dtype " + quoted(value) +
                ", which is none of F64, F32, F16, BF16, I64, I32, U8, BOOL");
  }

  bool start_object(std::size_t) override {
    if (state_ == State::before) {
      state_ = State::top;
      return true;
    }
    if (state_ != State::top || key_pending_ == false) return refuse("an object");
    key_pending_ = false;
    seen_.clear();
    state_ = key_ == "__metadata__" ? State::metadata : State::tensor;
    entry_ = TensorEntry{};
    entry_.name = key_;
    return true;
  }

  bool key(string_t& value) override {
    if (value.size() > kMaxName) return fail("a name is longer than 512 bytes");
    std::set<std::string>& seen = state_ == State::top ? names_ : seen_;
    if (!seen.insert(value).second) return fail("the key " + quoted(value) + " appears twice");
    if (state_ == State::tensor && value != "dtype" && value != "shape" &&
        value != "data_offsets") {
      return fail("tensor " + quoted(entry_.name) + " has an unknown key " + quoted(value));
    }
    if (names_.size() > kMaxTensors) return fail("there are more than 100000 tensors");
    if (state_ == State::metadata && seen_.size() > kMaxTensors) {
      return fail("there are more than 100000 metadata entries");
    }
    key_ = value;
    key_pending_ = true;
    return true;
  }

  bool end_object() override {
    if (state_ == State::top) {
      state_ = State::after;
      return true;
    }
    if (state_ == State::tensor) {
      if (seen_.size() != 3) {
        return fail("tensor " + quoted(entry_.name) + " lacks dtype, shape or data_offsets");
      }
      header_.entries.push_back(std::move(entry_));
    }
    state_ = State::top;
    return true;
  }

  bool start_array(std::size_t) override {
    if (state_ != State::tensor || (key_ != "shape" && key_ != "data_offsets")) {
      return refuse("a list");
    }
    state_ = key_ == "shape" ? State::shape : State::offsets;
    offsets_ = 0;
    return true;
  }

  bool end_array() override {
    if (state_ == State::offsets && offsets_ != 2) {
      return fail("tensor " + quoted(entry_.name) + " needs two data_offsets");
    }
    state_ = State::tensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    return fail(text("the header is not valid JSON at byte ", position));
  }

  static std::string quoted(std::string_view name) { return text("'", printable(name), "'"); }

 private:
  enum class State { before, top, metadata, tensor, shape, offsets, after };

  bool fail(std::string message) {
    if (problem.empty()) problem = std::move(message);
    return false;
  }
  bool refuse(std::string_view what) {
    std::string place = "at the top";
    if (state_ == State::metadata) {
      place = "for metadata " + quoted(key_) + ", which must be a text";
    } else if (state_ == State::top && key_pending_) {
      place = "for " + quoted(key_) + ", which must be an object";
    } else if (state_ != State::before && state_ != State::top) {
      place = "for " + quoted(key_) + " of tensor " + quoted(entry_.name);
    }
    return fail(text("the header has ", what, " ", place));
  }

  TensorHeader& header_;
  State state_ = State::before;
  std::string key_;
  bool key_pending_ = false;
  TensorEntry entry_;
  int offsets_ = 0;
  std::set<std::string> names_, seen_;
};

// Bytes of the tensor; nullopt on overflow.
std::optional<std::uint64_t> byte_size(const TensorEntry& entry) {
  std::uint64_t size = c10::elementSize(entry.dtype);
  for (const std::int64_t dimension : entry.shape) {
    if (__builtin_mul_overflow(size, static_cast<std::uint64_t>(dimension), &size)) return {};
  }
  return size;
}

void check_ranges(const TensorHeader& header, std::uint64_t data_bytes, const std::string& where) {
  std::uint64_t expected = 0;
  for (const TensorEntry& entry : header.entries) {
    const std::string name = HeaderReader::quoted(entry.name);
    require(entry.begin == expected && entry.begin <= entry.end, where, ": tensor ", name,
            " should start at byte ", expected, " of the data and lies at ", entry.begin, " to ",
            entry.end, ", so the file is damaged or was made to mislead; get it again");
    const std::optional<std::uint64_t> size = byte_size(entry);
    require(size && *size == entry.end - entry.begin, where, ": tensor ", name, " has ",
            entry.end - entry.begin, " bytes, which is not what its shape and dtype need",
            size ? text(" (", *size, ")") : std::string(), "; get the file again");
    expected = entry.end;
  }
  require(expected == data_bytes, where, ": its tensors need ", expected, " bytes but ", data_bytes,
          " follow the header, so the file is ", expected > data_bytes ? "cut off" : "too long",
          "; get it again");
}

}  // namespace

std::string_view safetensors_dtype(at::ScalarType type) {
  for (const DtypeName& dtype : kDtypes) {
    if (dtype.type == type) return dtype.name;
  }
  return {};
}

TensorHeader parse_safetensors_header(std::string_view json, std::uint64_t data_bytes,
                                      const std::string& where) {
  TensorHeader header;
  HeaderReader reader(header);
  // The parser takes a zero byte as the end and would ignore what follows.
  const bool read = json.find('\0') == std::string_view::npos &&
                    Json::sax_parse(json.begin(), json.end(), &reader);
  require(read && reader.problem.empty(), where, ": not a safetensors file that can be trusted: ",
          reader.problem.empty() ? "the header is not valid JSON" : reader.problem);
  std::sort(header.entries.begin(), header.entries.end(),
            [](const TensorEntry& a, const TensorEntry& b) {
              return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
            });
  check_ranges(header, data_bytes, where);
  return header;
}

std::string safetensors_header_text(const TensorHeader& header) {
  try {
    std::string out = "{";
    if (!header.metadata.empty()) out += "\"__metadata__\":" + Json(header.metadata).dump() + ",";
    for (const TensorEntry& entry : header.entries) {
      out += Json(entry.name).dump();
      out += text(":{\"dtype\":\"", safetensors_dtype(entry.dtype),
                  "\",\"shape\":", Json(entry.shape).dump(), ",\"data_offsets\":[", entry.begin,
                  ",", entry.end, "]},");
    }
    if (out.size() > 1) out.pop_back();
    out += "}";
    out.append((8 - out.size() % 8) % 8, ' ');
    return out;
  } catch (const Json::type_error&) {
    throw InputError("a tensor name or metadata text is not valid UTF-8; choose another");
  }
}

}  // namespace minet::models
