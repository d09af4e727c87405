#include "listening/listening_answers.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "core/bounded_json.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/log.hpp"
#include "minet/core/message.hpp"
#include "minet/core/text.hpp"

namespace minet::listening {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr std::uint64_t kMostBytes = 4 << 20;
constexpr JsonBounds kBounds{.depth = 8, .values = 100'000};
constexpr std::size_t kMostFiles = 10'000;

// One of our files; errors name it.
class File {
 public:
  File(fs::path path, const char* format, const char* what, const char* advice)
      : path_(std::move(path)), what_(what), advice_(advice) {
    const auto broken = [this](const std::string& got) { return error(got); };
    const std::string content = read_file(path_, kMostBytes);
    root = parse_bounded_json(content, kBounds, broken);
    if (!root.is_object() || root.value("format", json()) != format) throw error("something else");
  }

  InputError error(const std::string& got) const {
    return InputError(text(path_.string(), ": expected ", what_, ", got ", got, "; ", advice_));
  }

  // A text entry of `object`, at most 200 bytes.
  std::string word(const json& object, const char* name) const {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_string()) {
      throw error(text("one without the text '", name, "'"));
    }
    const auto value = found->get<std::string>();
    if (value.size() > 200) throw error(text("one whose '", name, "' is too long"));
    return value;
  }

  // The same, limited to the `allowed` values.
  std::string word(const json& object, const char* name,
                   const std::vector<std::string>& allowed) const {
    const std::string value = word(object, name);
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
      throw error(text("'", name, "' = '", excerpt(value), "'"));
    }
    return value;
  }

  const json& trials() const {
    const auto found = root.find("trials");
    if (found == root.end() || !found->is_array() || found->empty() ||
        !std::all_of(found->begin(), found->end(), [](const json& t) { return t.is_object(); })) {
      throw error("one without a list of trials");
    }
    return *found;
  }

  json root;

 private:
  fs::path path_;
  const char* what_;
  const char* advice_;
};

ListenerAnswers read_answers(const fs::path& path, const ListeningKey& key) {
  const File file(path, "minet-listening-result", "the answers that a listening test saves",
                  "give the files that listeners sent");
  const std::string test = file.word(file.root, "test");
  if (test != key.test) {
    throw file.error(text("answers to another test (", excerpt(test), ", the key is of ",
                          excerpt(key.test), ")"));
  }
  ListenerAnswers result;
  result.listener = file.word(file.root, "listener");
  if (!is_safe_name(result.listener)) {
    throw file.error(text("a listener named '", excerpt(result.listener), "'"));
  }
  const auto musician = file.root.find("musician");
  if (musician != file.root.end() && !musician->is_null()) {
    result.musician = file.word(file.root, "musician", {"none", "amateur", "professional"});
  }
  std::set<std::string> seen;
  for (const json& trial : file.trials()) {
    const std::string id = file.word(trial, "id");
    const auto pair = key.pairs.find(id);
    if (pair == key.pairs.end()) {
      throw file.error(text("a pair '", excerpt(id), "' that the key lacks"));
    }
    if (!seen.insert(id).second) throw file.error(text("pair ", id, " twice"));
    const std::string left = file.word(trial, "left", {"x", "y"});
    const std::string chosen = file.word(trial, "chosen", {"x", "y"});
    result.answers.push_back(
        {.pair = id, .took_made = chosen == pair->second.made, .chose_left = chosen == left});
  }
  return result;
}

std::vector<fs::path> files_of(const std::vector<fs::path>& paths) {
  std::vector<fs::path> files;
  for (const fs::path& path : paths) {
    if (!fs::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    const std::size_t before = files.size();
    for (const auto& entry : fs::directory_iterator(path)) {
      if (entry.is_regular_file() && lower(entry.path().extension().string()) == ".json") {
        files.push_back(entry.path());
      }
    }
    if (files.size() == before) {
      throw InputError(
          text(path.string(), ": expected listeners' .json files, got a folder without any"));
    }
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  if (files.size() > kMostFiles) {
    throw InputError(text("answers: expected at most ", kMostFiles, " files, got ", files.size()));
  }
  return files;
}

bool same(const ListenerAnswers& one, const ListenerAnswers& other) {
  return std::equal(one.answers.begin(), one.answers.end(), other.answers.begin(),
                    other.answers.end(), [](const ListeningAnswer& a, const ListeningAnswer& b) {
                      return a.pair == b.pair && a.took_made == b.took_made &&
                             a.chose_left == b.chose_left;
                    });
}

}  // namespace

ListeningKey read_listening_key(const fs::path& path) {
  const File file(path, "minet-listening-key", "the key.json of mi_eval listening make",
                  "give that file");
  ListeningKey key{.test = file.word(file.root, "test"), .pairs = {}};
  for (const json& trial : file.trials()) {
    const std::string id = file.word(trial, "id");
    const auto is_catch = trial.find("catch");
    if (is_catch == trial.end() || !is_catch->is_boolean()) {
      throw file.error(text("pair '", excerpt(id), "' without true or false for 'catch'"));
    }
    const bool added = key.pairs
                           .emplace(id, ListeningPair{.made = file.word(trial, "made", {"x", "y"}),
                                                      .catch_trial = is_catch->get<bool>(),
                                                      .instrument = file.word(trial, "instrument"),
                                                      .track = file.word(trial, "track")})
                           .second;
    if (!added) throw file.error(text("pair '", excerpt(id), "' twice"));
  }
  return key;
}

std::vector<ListenerAnswers> read_listening_answers(const std::vector<fs::path>& paths,
                                                    const ListeningKey& key) {
  std::vector<ListenerAnswers> all;
  for (const fs::path& path : files_of(paths)) {
    ListenerAnswers answers = read_answers(path, key);
    const auto earlier = std::find_if(all.begin(), all.end(), [&](const ListenerAnswers& other) {
      return other.listener == answers.listener;
    });
    if (earlier == all.end()) {
      all.push_back(std::move(answers));
    } else if (same(*earlier, answers)) {
      log::warning(text(path.string(), ": the answers of listener ", answers.listener,
                        " appear twice and count once"));
    } else {
      throw InputError(text(path.string(), ": expected each listener once, got other answers of ",
                            answers.listener, " than before; remove one of the files"));
    }
  }
  return all;
}

}  // namespace minet::listening
