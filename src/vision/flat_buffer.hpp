// A reader of FlatBuffers (https://flatbuffers.dev/internals/) that trusts no offset: every value
// is read from the bytes on demand, and anything outside them is an InputError.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace minet::vision {

// The bytes of a file and its name for messages. Both must outlive everything read from it.
struct FlatFile {
  std::string_view bytes;
  std::string where;

  [[noreturn]] void refuse(const char* found) const;  // InputError
  // InputError unless the file has `size` bytes from `at` on.
  void expect(std::size_t at, std::size_t size) const;
  template <class T>
  T read(std::size_t at) const {
    expect(at, sizeof(T));
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    return value;
  }
  std::size_t follow(std::size_t at) const;  // the position that the offset at `at` points to
};

class FlatTable {
 public:
  FlatTable(const FlatFile& file, std::size_t at);
  // The root of a file; a network has "TFL3" in bytes 4 to 8.
  static FlatTable root(const FlatFile& file, std::string_view identifier);

  bool has(int field) const { return place(field) != 0; }
  template <class T>
  T value(int field, T otherwise) const {
    const std::size_t at = place(field);
    return at == 0 ? otherwise : file_->read<T>(at);
  }
  std::optional<FlatTable> table(int field) const;
  std::vector<FlatTable> tables(int field) const;     // elements of a vector; empty if absent
  std::span<const std::byte> bytes(int field) const;  // of a vector of bytes
  std::vector<std::int64_t> numbers(int field, int size) const;  // of `size` bytes each

 private:
  struct Elements {
    std::size_t at = 0, count = 0;
  };
  std::size_t place(int field) const;  // 0: the field is absent
  Elements elements(int field, std::size_t size) const;

  const FlatFile* file_;
  std::size_t at_, vtable_, vtable_size_;
};

}  // namespace minet::vision
