// Reading, checking and writing single configuration values (see values.hpp).
// Stricter than YAML: no octal, no `yes`, no quoted numbers, nothing empty.
#include "config/values.hpp"

#include <charconv>
#include <cmath>
#include <utility>

#include "minet/core/message.hpp"
#include "minet/core/text.hpp"

namespace minet::config {
namespace {

ValueProblems problem(const Node& node, std::string message) {
  return {{node.position, "", std::move(message)}};
}

std::string describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing (null); write a value or remove the key";
    case Node::Kind::sequence:
      return "a list";
    case Node::Kind::mapping:
      return "keys below it";
    default:
      break;
  }
  if (node.quoted) return text("the text '", excerpt(node.text), "' in quotes");
  return text("'", excerpt(node.text), "'");
}

ValueProblems expected(const Node& node, std::string_view what) {
  return problem(node, text("expected ", what, ", got ", describe(node)));
}

bool is_plain(const Node& node) {
  return node.kind == Node::Kind::scalar && !node.quoted;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool all_digits(std::string_view word) {
  if (!word.empty() && word[0] == '-') word.remove_prefix(1);
  for (const char c : word) {
    if (!is_digit(c)) return false;
  }
  return !word.empty();
}

// 010 is 8 in YAML 1.1 and 10 in YAML 1.2; here it is treated as a typing error.
bool has_leading_zero(std::string_view word) {
  if (!word.empty() && word[0] == '-') word.remove_prefix(1);
  return word.size() > 1 && word[0] == '0' && is_digit(word[1]);
}

constexpr std::string_view kLeadingZero =
    " has a leading zero, which some YAML readers take for octal; write it without";

template <class Integer>
std::optional<Integer> parse(std::string_view word) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

template <class Number>
std::string range_text(const Range<Number>& range) {
  return text(range.low_open ? "(" : "[", value_text(range.low), ", ", value_text(range.high),
              range.high_open ? ")" : "]");
}

template <class Number>
std::string out_of_range(std::string_view shown_value, const Range<Number>& range) {
  return text(shown_value, " is not in ", range_text(range));
}

template <class Integer>
ValueProblems read_integer(const Node& node, Integer& value, const Range<Integer>& range) {
  if (!is_plain(node) || !all_digits(node.text)) return expected(node, "an integer");
  if (has_leading_zero(node.text)) return problem(node, text(excerpt(node.text), kLeadingZero));
  const auto parsed = parse<Integer>(node.text);  // nullopt: too large for 64 bits
  if (!parsed || !range.holds(*parsed)) {
    return problem(node, out_of_range(excerpt(node.text), range));
  }
  value = *parsed;
  return {};
}

template <class Number>
std::string check_number(Number value, const Range<Number>& range) {
  return range.holds(value) ? "" : out_of_range(value_text(value), range);
}

std::string length_problem(std::size_t length, const ListCheck& check) {
  return text("expected a list of ", check.shortest, " to ", check.longest, " integers, got ",
              length);
}

}  // namespace

ValueProblems read_value(const Node& node, std::int64_t& value, const IntegerRange& range) {
  return read_integer(node, value, range);
}

ValueProblems read_value(const Node& node, std::uint64_t& value, const SeedRange& range) {
  return read_integer(node, value, range);
}

ValueProblems read_value(const Node& node, double& value, const NumberRange& range) {
  if (!is_plain(node)) return expected(node, "a number");
  const auto parsed = parse_double(node.text);
  if (!parsed) return expected(node, "a finite number");
  if (has_leading_zero(node.text)) return problem(node, text(excerpt(node.text), kLeadingZero));
  if (!range.holds(*parsed)) return problem(node, out_of_range(excerpt(node.text), range));
  value = *parsed;
  return {};
}

ValueProblems read_value(const Node& node, bool& value, Choice) {
  if (!is_plain(node) || (node.text != "true" && node.text != "false")) {
    return expected(node, "true or false");
  }
  value = node.text == "true";
  return {};
}

ValueProblems read_value(const Node& node, std::vector<std::int64_t>& value,
                         const ListCheck& check) {
  if (node.kind != Node::Kind::sequence) {
    return expected(node, "a list of integers such as [16, 8]");
  }
  if (node.items.size() < check.shortest || node.items.size() > check.longest) {
    return problem(node, length_problem(node.items.size(), check));
  }
  ValueProblems problems;
  std::vector<std::int64_t> items;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (node.items[i].kind == Node::Kind::refused) continue;  // already reported
    std::int64_t item = 0;
    for (ValueProblem& found : read_value(node.items[i], item, check.item)) {
      found.suffix = text("[", i, "]");
      problems.push_back(std::move(found));
    }
    items.push_back(item);
  }
  if (problems.empty()) value = std::move(items);
  return problems;
}

ReadWord read_word(const Node& node, const std::vector<std::string>& words) {
  if (node.kind == Node::Kind::scalar) {
    for (const std::string& word : words) {
      if (node.text == word) return {word, {}};
    }
  }
  ValueProblems problems = expected(node, word_list(words));
  if (node.kind == Node::Kind::scalar) {
    if (const auto near = nearest_name(node.text, words)) {
      problems.front().message += text(" (did you mean '", *near, "'?)");
    }
  }
  return {std::nullopt, std::move(problems)};
}

std::string check_value(std::int64_t value, const IntegerRange& range) {
  return check_number(value, range);
}
std::string check_value(std::uint64_t value, const SeedRange& range) {
  return check_number(value, range);
}
std::string check_value(double value, const NumberRange& range) {
  return check_number(value, range);
}
std::string check_value(bool, Choice) {
  return "";
}
std::string check_value(const std::vector<std::int64_t>& value, const ListCheck& check) {
  if (value.size() < check.shortest || value.size() > check.longest) {
    return length_problem(value.size(), check);
  }
  for (const std::int64_t item : value) {
    if (!check.item.holds(item)) return out_of_range(value_text(item), check.item);
  }
  return "";
}

std::string value_text(std::int64_t value) {
  return std::to_string(value);
}
std::string value_text(std::uint64_t value) {
  return std::to_string(value);
}
std::string value_text(double value) {
  std::string digits = to_text(value);
  // YAML 1.1 readers, such as PyYAML, read 1e-05 as text; all of them read 1.0e-05 as a number.
  const auto exponent = digits.find('e');
  if (exponent != std::string::npos && digits.find('.') == std::string::npos) {
    digits.insert(exponent, ".0");
  }
  return digits;
}
std::string value_text(bool value) {
  return value ? "true" : "false";
}
std::string value_text(const std::vector<std::int64_t>& value) {
  std::vector<std::string> items;
  for (const std::int64_t item : value) items.push_back(value_text(item));
  return text("[", join(items, ", "), "]");
}

std::string legal_text(std::int64_t, const IntegerRange& range) {
  return text("integer in ", range_text(range));
}
std::string legal_text(std::uint64_t, const SeedRange&) {
  return "integer in [0, 2^64)";
}
std::string legal_text(double, const NumberRange& range) {
  return text("number in ", range_text(range));
}
std::string legal_text(bool, Choice) {
  return "true or false";
}
std::string legal_text(const std::vector<std::int64_t>&, const ListCheck& check) {
  return text("list of ", check.shortest, " to ", check.longest, " integers in ",
              range_text(check.item));
}

}  // namespace minet::config
