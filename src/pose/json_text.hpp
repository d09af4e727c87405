// JSON as tools really write it: Python's json.dump leaves NaN and Infinity, which JSON has not.
// They are read as null, which every reader takes for a number that is none.
#pragma once

#include <istream>
#include <streambuf>
#include <string>
#include <string_view>

namespace minet::pose {

// A stream of `source`'s text with NaN, Infinity and -Infinity outside of strings as null.
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
