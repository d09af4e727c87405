// One configuration value: read from a YAML node, written as text, its legal values in words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/checks.hpp"
#include "config/document.hpp"
#include "config/enums.hpp"
#include "minet/core/words.hpp"

namespace minet::config {

struct ValueProblem {
  Position position;
  std::string suffix;  // "[2]" for an item of a list
  std::string message;
};
using ValueProblems = std::vector<ValueProblem>;

// Stores the value and returns nothing, or leaves `value` unchanged and returns the problems.
ValueProblems read_value(const Node& node, std::int64_t& value, const IntegerRange& range);
ValueProblems read_value(const Node& node, std::uint64_t& value, const SeedRange& range);
ValueProblems read_value(const Node& node, double& value, const NumberRange& range);
ValueProblems read_value(const Node& node, bool& value, Choice);
ValueProblems read_value(const Node& node, std::vector<std::int64_t>& value,
                         const ListCheck& check);

// The word of a choice, or the problems.
struct ReadWord {
  std::optional<std::string> word;
  ValueProblems problems;
};
ReadWord read_word(const Node& node, const std::vector<std::string>& words);

// The problem with a value that did not come from a file, or "".
std::string check_value(std::int64_t value, const IntegerRange& range);
std::string check_value(std::uint64_t value, const SeedRange& range);
std::string check_value(double value, const NumberRange& range);
std::string check_value(bool value, Choice);
std::string check_value(const std::vector<std::int64_t>& value, const ListCheck& check);

// As YAML that reads back as the same value.
std::string value_text(std::int64_t value);
std::string value_text(std::uint64_t value);
std::string value_text(double value);
std::string value_text(bool value);
std::string value_text(const std::vector<std::int64_t>& value);

// "integer in [1, 16384]"
std::string legal_text(std::int64_t, const IntegerRange& range);
std::string legal_text(std::uint64_t, const SeedRange& range);
std::string legal_text(double, const NumberRange& range);
std::string legal_text(bool, Choice);
std::string legal_text(const std::vector<std::int64_t>&, const ListCheck& check);

// Enums, using their tables.

template <class Enum>
requires std::is_enum_v<Enum> std::vector<std::string> words_of() {
  std::vector<std::string> words;
  for (const auto& entry : EnumWords<Enum>::words) words.emplace_back(entry.word);
  return words;
}

template <class Enum>
requires std::is_enum_v<Enum> ValueProblems read_value(const Node& node, Enum& value, Choice) {
  ReadWord read = read_word(node, words_of<Enum>());
  if (read.word) value = *from_string<Enum>(*read.word);
  return read.problems;
}

template <class Enum>
requires std::is_enum_v<Enum> std::string check_value(Enum value, Choice) {
  return from_string<Enum>(to_string(value)) ? "" : "is none of the values of its type";
}

template <class Enum>
requires std::is_enum_v<Enum> std::string value_text(Enum value) {
  return std::string(to_string(value));
}

template <class Enum>
requires std::is_enum_v<Enum> std::string legal_text(Enum, Choice) {
  return word_list(words_of<Enum>());
}

}  // namespace minet::config
