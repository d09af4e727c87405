// Enum values <-> words, using the tables of enums.hpp.
#include "config/enums.hpp"

namespace minet::config {
namespace {

template <class Enum>
std::string_view word_of(Enum value) {
  for (const auto& entry : EnumWords<Enum>::words) {
    if (entry.value == value) return entry.word;
  }
  return "?";  // only for a value outside the enum
}

}  // namespace

std::string_view to_string(ModelKind value) {
  return word_of(value);
}
std::string_view to_string(FrameLoss value) {
  return word_of(value);
}
std::string_view to_string(PriorKind value) {
  return word_of(value);
}
std::string_view to_string(LogScale value) {
  return word_of(value);
}
std::string_view to_string(EmbeddingInit value) {
  return word_of(value);
}
std::string_view to_string(PriorHead value) {
  return word_of(value);
}
std::string_view to_string(Alignment value) {
  return word_of(value);
}
std::string_view to_string(Precision value) {
  return word_of(value);
}

template <class Enum>
std::optional<Enum> from_string(std::string_view word) {
  for (const auto& entry : EnumWords<Enum>::words) {
    if (entry.word == word) return entry.value;
  }
  return std::nullopt;
}

template std::optional<ModelKind> from_string<ModelKind>(std::string_view);
template std::optional<FrameLoss> from_string<FrameLoss>(std::string_view);
template std::optional<PriorKind> from_string<PriorKind>(std::string_view);
template std::optional<LogScale> from_string<LogScale>(std::string_view);
template std::optional<EmbeddingInit> from_string<EmbeddingInit>(std::string_view);
template std::optional<PriorHead> from_string<PriorHead>(std::string_view);
template std::optional<Alignment> from_string<Alignment>(std::string_view);
template std::optional<Precision> from_string<Precision>(std::string_view);

}  // namespace minet::config
