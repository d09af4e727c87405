// Files, includes and overrides -> one TrainConfig, or one InputError that lists all problems.
#include <algorithm>
#include <system_error>
#include <utility>

#include "config/document.hpp"
#include "config/reader.hpp"
#include "config/rules.hpp"
#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/file_kind.hpp"
#include "minet/core/files.hpp"
#include "minet/core/message.hpp"
#include "minet/core/text.hpp"

namespace minet::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxIncludeDepth = 8;
constexpr std::size_t kMaxFiles = 64;  // in total: eight levels of many includes take for ever

// The same for all names of one file.
fs::path identity(const fs::path& path) {
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(path, error);
  return error ? path.lexically_normal() : canonical;
}

class Loader {
 public:
  TrainConfig finish(const Source& last_resort) {
    if (!incomplete_) {  // otherwise rules would judge values that were not meant to be combined
      for (const BrokenRule& broken : broken_rules(reading_.config, reading_.doubtful)) {
        reading_.problems.add(place_of(*broken.rule, last_resort), "", broken.problem);
      }
    }
    reading_.problems.throw_if_any();
    return reading_.config;
  }

  Source new_source(std::string name, bool has_lines = true) {
    return {std::move(name), sources_++, has_lines};
  }

  // `path` was named by the user, or by an `include:` whose loader checked it.
  void read_path(const fs::path& path, const Source& source) {
    const std::string yaml = read_file(path, kMaxYamlBytes);
    if (yaml.find('\0') != std::string::npos) {
      const std::string kind = file_kind(yaml);
      throw InputError(text("expected a configuration in YAML, such as configs/tiny.yaml, but ",
                            printable(path.string()), " is ",
                            kind.empty() ? "a binary file" : kind));
    }
    open_.push_back(identity(path));
    read_text(yaml, source, &path);
    open_.pop_back();
  }

  // `path` is nullptr for text that is not from a file; such text cannot include files.
  void read_text(std::string_view yaml, const Source& source, const fs::path* path) {
    const Document document = parse(yaml, source);
    if (!document.complete) return;
    if (!document.present) {
      reading_.problems.add({source, {}}, "",
                            "expected keys such as 'vqvae:', got an empty file; write {} for no "
                            "changes");
      return;
    }
    const Node& root = document.root;
    if (root.kind != Node::Kind::mapping) {
      if (root.kind != Node::Kind::refused) {
        reading_.problems.add({source, root.position}, "",
                              "expected keys such as 'vqvae:' with their keys below them");
      }
      return;
    }
    Reader reader(reading_, source, "", root);
    if (const Node* includes = reader.take("include")) {
      read_includes(*includes, source, path);
    }
    fields(reader, reading_.config);
    reader.finish();
  }

  void read_override(const std::string& argument) {
    const Source source = new_source(text("--set ", excerpt(argument)), false);
    const auto equals = argument.find('=');
    const auto refuse = [&](std::string_view message) {
      incomplete_ = true;
      reading_.problems.add({source, {}}, "", message);
    };
    if (equals == std::string::npos || equals == 0) {
      return refuse("expected KEY=VALUE, such as vqvae.channels=128");
    }
    const std::vector<std::string> keys = split(trim(argument.substr(0, equals)), '.');
    if (keys.size() > 2) {
      return refuse("unknown key; keys have one dot, such as vqvae.channels");
    }
    Document document = parse(argument.substr(equals + 1), source);
    if (!document.complete) return;
    // The value as if it stood in a file under its keys.
    Node node = std::move(document.root);
    for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
      Node outer;
      outer.kind = Node::Kind::mapping;
      outer.entries.push_back({*key, {}, std::move(node)});
      node = std::move(outer);
    }
    Reader reader(reading_, source, "", node);
    fields(reader, reading_.config);
    reader.finish();
  }

 private:
  Document parse(std::string_view yaml, const Source& source) {
    Document document = parse_document(yaml);
    for (const DocumentProblem& problem : document.problems) {
      reading_.problems.add({source, problem.position}, problem.key, problem.message);
    }
    incomplete_ = incomplete_ || !document.complete;
    return document;
  }

  void read_includes(const Node& node, const Source& source, const fs::path* path) {
    const auto refuse = [&](const Node& at, std::string_view message) {
      incomplete_ = true;
      reading_.problems.add({source, at.position}, "include", message);
    };
    if (path == nullptr) {
      return refuse(node,
                    "not allowed here: only a file that you name yourself may include others");
    }
    std::vector<const Node*> items;
    if (node.kind == Node::Kind::sequence) {
      for (const Node& item : node.items) items.push_back(&item);
    } else {
      items.push_back(&node);
    }
    for (const Node* item : items) {
      if (item->kind == Node::Kind::refused) continue;
      const fs::path name = item->text;
      const auto extension = name.extension();
      if (item->kind != Node::Kind::scalar || name.is_absolute() ||
          printable(item->text) != item->text || (extension != ".yaml" && extension != ".yml")) {
        refuse(*item, text("expected a .yaml path relative to this file, or a list of them",
                           item->text.empty() ? "" : text(", got '", excerpt(item->text), "'")));
        continue;
      }
      include((path->parent_path() / name).lexically_normal(), *item, refuse);
    }
  }

  template <class Refuse>
  void include(const fs::path& path, const Node& at, const Refuse& refuse) {
    if (open_.size() > kMaxIncludeDepth) {
      return refuse(at, text("more than ", kMaxIncludeDepth, " nested includes"));
    }
    if (std::find(open_.begin(), open_.end(), identity(path)) != open_.end()) {
      return refuse(at,
                    text("'", printable(path.string()), "' includes itself; remove one include"));
    }
    if (++included_ > kMaxFiles) {
      if (included_ == kMaxFiles + 1) refuse(at, text("more than ", kMaxFiles, " files in all"));
      return;
    }
    try {
      read_path(path, new_source(printable(path.string())));
    } catch (const InputError& error) {
      refuse(at, error.what());
    } catch (const fs::filesystem_error& error) {
      refuse(at, error.what());
    }
  }

  // The place to report for a broken rule: that of the first of its keys that was set.
  Place place_of(const Rule& rule, const Source& last_resort) const {
    for (const char* key : rule.keys) {
      const auto place = reading_.places.find(key);
      if (place != reading_.places.end()) return place->second;
    }
    return {last_resort, {}};
  }

  Reading reading_;
  std::vector<fs::path> open_;  // the files being read, outermost first
  std::size_t sources_ = 0;
  std::size_t included_ = 0;
  bool incomplete_ = false;  // some text was not read completely
};

}  // namespace

TrainConfig load_train_config(const fs::path& path, const std::vector<std::string>& overrides) {
  Loader loader;
  const Source source = loader.new_source(printable(path.string()));
  loader.read_path(path, source);
  for (const std::string& argument : overrides) loader.read_override(argument);
  return loader.finish(source);
}

TrainConfig parse_train_config(std::string_view yaml, std::string name,
                               const std::vector<std::string>& overrides) {
  Loader loader;
  const Source source = loader.new_source(printable(name));
  loader.read_text(yaml, source, nullptr);
  for (const std::string& argument : overrides) loader.read_override(argument);
  return loader.finish(source);
}

}  // namespace minet::config
