// nlohmann's SAX events -> one small tree per record.
#include "pose/json_records.hpp"

#include <fstream>
#include <system_error>
#include <vector>

#include "minet/core/file_kind.hpp"
#include "minet/core/files.hpp"
#include "pose/checks.hpp"
#include "pose/json_text.hpp"

namespace minet::pose {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMaxBytes = 4ULL << 30;      // 133 points for 4 h at 25 fps are about 2 GB
constexpr std::size_t kMaxRecordValues = 1'000'000;  // numbers, texts, ... in one record
constexpr std::size_t kMaxDepth = 16;

class Handler {
 public:
  using number_integer_t = json::number_integer_t;
  using number_unsigned_t = json::number_unsigned_t;
  using number_float_t = json::number_float_t;
  using string_t = json::string_t;
  using binary_t = json::binary_t;

  explicit Handler(const RecordSink& sink) : sink_(sink) {}

  bool null() { return value(json()); }
  bool boolean(bool v) { return value(v); }
  bool number_integer(number_integer_t v) { return value(v); }
  bool number_unsigned(number_unsigned_t v) { return value(v); }
  bool number_float(number_float_t v, const string_t&) { return value(v); }
  bool string(string_t& v) { return value(std::move(v)); }
  bool binary(binary_t&) { return refuse("expected JSON, got bytes"); }

  bool start_object(std::size_t) {
    if (!building_.empty()) {
      return open(json::object());
    }
    kinds_.push_back(false);
    if (kinds_.size() == 1) {
      return true;
    }
    if (kinds_.size() > 3 || (kinds_.size() == 3 && !kinds_[1])) {
      return refuse("expected objects nearer to the top, got a deeper one");
    }
    place_ = kinds_.size() == 3 ? RecordPlace::member_item
             : kinds_[0]        ? RecordPlace::list_item
                                : RecordPlace::member;
    kinds_.pop_back();
    root_ = json::object();
    values_ = 0;
    building_.push_back(&root_);
    return true;
  }
  bool end_object() {
    if (building_.empty()) {
      kinds_.pop_back();
      return true;
    }
    return close();
  }
  bool start_array(std::size_t) {
    if (!building_.empty()) {
      return open(json::array());
    }
    kinds_.push_back(true);
    if (kinds_.size() > kMaxDepth) {
      return refuse(text("expected at most ", kMaxDepth, " levels, got more"));
    }
    if (kinds_.size() <= 2 && (kinds_.size() == 1 || !kinds_[0])) {
      return emit(kinds_.size() == 1 ? RecordPlace::top_list : RecordPlace::member_list, json());
    }
    return true;  // nested lists hold no records; their scalars are skipped
  }
  bool end_array() {
    if (building_.empty()) {
      kinds_.pop_back();
      return true;
    }
    return close();
  }
  bool key(string_t& name) {
    (building_.empty() ? top_key_ : inner_key_) = name;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const json::exception& e) {
    return refuse(e.id == 406 ? text("got a number out of range near byte ", position)
                              : text("expected JSON, got an error near byte ", position));
  }

  std::string problem;
  bool stopped = false;  // by the sink

 private:
  bool value(json v) {
    if (!building_.empty()) {
      return put(std::move(v)) != nullptr;
    }
    if (kinds_.empty()) {
      return refuse("expected an object or a list at the top, got one value");
    }
    return kinds_.size() > 1 || kinds_[0] || emit(RecordPlace::member, std::move(v));
  }
  json* put(json v) {
    if (++values_ > kMaxRecordValues) {
      refuse(text("expected at most ", kMaxRecordValues, " values for a frame, got more"));
      return nullptr;
    }
    json& parent = *building_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(v));
      return &parent.back();
    }
    return &(parent[inner_key_] = std::move(v));
  }
  bool open(json container) {
    if (building_.size() == kMaxDepth) {
      return refuse(text("expected at most ", kMaxDepth, " levels, got more"));
    }
    json* added = put(std::move(container));
    if (added != nullptr) {
      building_.push_back(added);
    }
    return added != nullptr;
  }
  bool close() {
    building_.pop_back();
    return !building_.empty() || emit(place_, std::move(root_));
  }
  bool emit(RecordPlace place, json v) {
    JsonRecord record{place, top_key_, std::move(v)};
    stopped = !sink_(record);
    return !stopped;
  }
  bool refuse(std::string why) {
    if (problem.empty()) {
      problem = std::move(why);
    }
    return false;
  }

  const RecordSink& sink_;
  std::vector<bool> kinds_;  // containers above a record; true: a list
  std::vector<json*> building_;
  json root_;
  RecordPlace place_ = RecordPlace::list_item;
  std::size_t values_ = 0;
  std::string top_key_, inner_key_;
};

}  // namespace

void read_json_records(const std::filesystem::path& path, const std::string& what,
                       const RecordSink& sink) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error || size > kMaxBytes) {
    throw InputError(text("expected ", what, " of at most 4 GiB at ", shown(path), ", got ",
                          error ? error.message() : text(size, " bytes"), "; check the path"));
  }
  std::ifstream file = open_input(path);
  const std::string kind = file_kind_of(path);
  JsonText cleaned(file);
  Handler handler(sink);
  const bool parsed = kind.empty() && nlohmann::json::sax_parse(cleaned, &handler);
  if (!handler.stopped && (!parsed || !handler.problem.empty())) {
    throw InputError(text("Keypoints in ", shown(path),
                          " cannot be read: ", kind.empty() ? handler.problem : "it is " + kind,
                          "; the file should be ", what));
  }
}

std::optional<double> number_at(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? std::optional(found->get<double>())
                                                     : std::nullopt;
}

}  // namespace minet::pose
