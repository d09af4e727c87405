#include "pose/json_text.hpp"

#include <array>

namespace minet::pose {
namespace {

constexpr std::size_t kLongestWord = 9;  // "-Infinity"

bool is_in_word(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
}

}  // namespace

JsonText::JsonText(std::istream& source) : std::istream(nullptr), buffer_(source) {
  rdbuf(&buffer_);
}

JsonText::Buffer::int_type JsonText::Buffer::underflow() {
  constexpr std::size_t kChunk = 65536;
  std::array<char, kChunk> chunk;
  out_.clear();
  while (out_.empty()) {
    source_.read(chunk.data(), kChunk);
    std::string in(chunk.data(), static_cast<std::size_t>(source_.gcount()));
    if (in.empty()) return traits_type::eof();
    // A word that is cut by the chunk's end is completed first, even if it may be in a string.
    for (std::size_t i = 1; i < kLongestWord && is_in_word(in.back()); ++i) {
      const int next = source_.get();
      if (next == std::istream::traits_type::eof()) break;
      in += static_cast<char>(next);
    }
    out_.reserve(in.size() + 8);
    for (std::size_t i = 0; i < in.size(); ++i) {
      const char c = in[i];
      if (in_string_) {
        in_string_ = escaped_ || c != '"';
        escaped_ = !escaped_ && c == '\\';
        out_ += c;
        continue;
      }
      in_string_ = c == '"';
      const std::string_view rest = std::string_view(in).substr(i);
      std::size_t word = 0;
      for (const std::string_view token : {"NaN", "Infinity", "-Infinity"}) {
        if (rest.starts_with(token)) word = token.size();
      }
      if (word > 0) {
        out_ += "null";
        i += word - 1;
      } else {
        out_ += c;
      }
    }
  }
  setg(out_.data(), out_.data(), out_.data() + out_.size());
  return traits_type::to_int_type(*gptr());
}

}  // namespace minet::pose
