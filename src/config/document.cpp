// yaml-cpp's parser events -> Document (see document.hpp).
#include "config/document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "minet/core/message.hpp"
#include "minet/core/text.hpp"

namespace minet::config {
namespace {

Position position_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

// Thrown to stop the parser immediately: the rest must not be read.
struct Stop {
  DocumentProblem problem;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Document& document) : document_(document) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    count(mark);
    if (document_.present) {
      throw Stop{{position_of(mark), "",
                  "a second YAML document starts here; a configuration is one document, so remove "
                  "the '---' or the rest"}};
    }
    document_.present = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    count(mark);
    put(leaf(mark, Node::Kind::null));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    count(mark);
    report(mark, "YAML aliases (*name) are not used here; write the value itself");
    put(leaf(mark, Node::Kind::refused));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    count(mark);
    check_tag(mark, tag);
    Node node = leaf(mark, Node::Kind::scalar);
    node.text = value;
    node.quoted = tag == "!";
    put(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    start(mark, tag, Node::Kind::sequence);
  }
  void OnSequenceEnd() override { end(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    start(mark, tag, Node::Kind::mapping);
  }
  void OnMapEnd() override { end(); }

  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    report(mark, "YAML anchors (&name) are not used here; remove it");
    refuse_next_ = true;
  }

 private:
  // A list or mapping being parsed.
  struct Frame {
    Node node;
    Node::Kind kind;              // as parsed; node.kind may be `refused`
    std::optional<Entry> key;     // mapping: the key whose value comes next
    bool key_is_refused = false;  // then the value is dropped
  };

  Node leaf(const YAML::Mark& mark, Node::Kind kind) const {
    Node node;
    node.kind = refuse_next_ ? Node::Kind::refused : kind;
    node.position = position_of(mark);
    return node;
  }

  void count(const YAML::Mark& mark) {
    if (++events_ > kMaxYamlEvents) {
      throw Stop{{position_of(mark), "",
                  text("more than ", kMaxYamlEvents, " YAML values; this is not a configuration")}};
    }
  }

  void start(const YAML::Mark& mark, const std::string& tag, Node::Kind kind) {
    count(mark);
    check_tag(mark, tag);
    if (frames_.size() >= kMaxYamlDepth) {
      throw Stop{{position_of(mark), "",
                  text("more than ", kMaxYamlDepth,
                       " levels of nesting; this is not a "
                       "configuration")}};
    }
    frames_.push_back(Frame{leaf(mark, kind), kind, std::nullopt});
    refuse_next_ = false;
  }

  void end() {
    Node node = std::move(frames_.back().node);
    frames_.pop_back();
    put(std::move(node));
  }

  // Attaches a finished node at the parser's position: as root, list item, key, or value of a key.
  void put(Node node) {
    refuse_next_ = false;
    if (frames_.empty()) {
      document_.root = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.kind == Node::Kind::sequence) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.key) {
      take_key(frame, std::move(node));
    } else {
      frame.key->value = std::move(node);
      if (!frame.key_is_refused) frame.node.entries.push_back(std::move(*frame.key));
      frame.key.reset();
    }
  }

  void take_key(Frame& frame, Node node) {
    if (node.kind == Node::Kind::sequence || node.kind == Node::Kind::mapping) {
      document_.problems.push_back(
          {node.position, path(),
           "expected a key, got a list or a mapping; quote it if it is text"});
      node.kind = Node::Kind::refused;
    }
    if (node.kind == Node::Kind::null) node.text = "null";
    frame.key_is_refused = node.kind == Node::Kind::refused;
    for (const Entry& entry : frame.node.entries) {
      if (entry.key != node.text || frame.key_is_refused) continue;
      document_.problems.push_back(
          {node.position, key_path(path(), node.text),
           text("duplicate key; line ", entry.position.line, " has it already, so remove one")});
      frame.key_is_refused = true;
    }
    frame.key = Entry{node.text, node.position, {}};
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    // "?" is a plain untagged scalar, "!" a quoted one.
    if (tag.empty() || tag == "?" || tag == "!") return;
    report(mark, "YAML tags (!name) are not used here; remove it");
    refuse_next_ = true;
  }

  void report(const YAML::Mark& mark, std::string message) {
    document_.problems.push_back({position_of(mark), path(), std::move(message)});
  }

  std::string path() const {
    std::string result;
    for (const Frame& frame : frames_) {
      if (frame.key) result = key_path(result, frame.key->key);
    }
    return result;
  }

  Document& document_;
  std::vector<Frame> frames_;
  std::size_t events_ = 0;
  bool refuse_next_ = false;
};

// The first control byte, or the first byte that is not valid UTF-8.
std::optional<Position> first_binary_byte(std::string_view yaml) {
  int number = 0;
  for (std::size_t begin = 0; begin <= yaml.size();) {
    ++number;
    const std::size_t end = std::min(yaml.find('\n', begin), yaml.size());
    std::string line(yaml.substr(begin, end - begin));
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::replace(line.begin(), line.end(), '\t', ' ');
    const std::string clean = printable(line);
    if (clean != line) {
      const auto differ = std::mismatch(line.begin(), line.end(), clean.begin(), clean.end()).first;
      return Position{number, static_cast<int>(differ - line.begin()) + 1};
    }
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace

Document parse_document(std::string_view yaml) {
  Document document;
  const auto stop = [&](DocumentProblem problem) {
    document.problems.push_back(std::move(problem));
    document.complete = false;
  };
  if (yaml.size() > kMaxYamlBytes) {
    stop({{}, "", text("expected at most ", kMaxYamlBytes, " bytes of YAML, got ", yaml.size())});
    return document;
  }
  if (const auto binary = first_binary_byte(yaml)) {
    stop({*binary, "", "expected YAML text in UTF-8, got a byte that is not text"});
    return document;
  }
  std::istringstream stream{std::string(yaml)};
  TreeBuilder builder(document);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& reason) {
    stop(reason.problem);
  } catch (const YAML::Exception& error) {
    stop({position_of(error.mark), "", text("not valid YAML: ", excerpt(error.msg))});
  }
  return document;
}

std::string key_path(std::string_view parent, std::string_view key) {
  if (parent.empty()) return std::string(key);
  return text(parent, ".", key);
}

}  // namespace minet::config
