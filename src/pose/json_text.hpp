// JSON as tools write it in practice: Python's json.dump writes NaN and Infinity, which JSON lacks.
// They are read as null, which every reader treats as a missing number.
#pragma once

#include <istream>
#include <streambuf>
#include <string>
#include <string_view>

namespace minet::pose {

// The text of `source`, with NaN, Infinity and -Infinity outside strings replaced by null.
class JsonText : public std::istream {
 public:
  explicit JsonText(std::istream& source);

 private:
  class Buffer : public std::streambuf {
   public:
    explicit Buffer(std::istream& source) : source_(source) {}

   protected:
    int_type underflow() override;

   private:
    std::istream& source_;
    std::string out_;
    bool in_string_ = false;
    bool escaped_ = false;
  };
  Buffer buffer_;
};

}  // namespace minet::pose
