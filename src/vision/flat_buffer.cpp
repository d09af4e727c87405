#include "vision/flat_buffer.hpp"

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::vision {
namespace {
constexpr std::size_t kMaxTables = 100'000;  // per vector: a small file must not take much memory
}

void FlatFile::refuse(const char* found) const {
  throw InputError(text(where, ": expected a TensorFlow Lite network, got ", found,
                        "; run scripts/setup.sh, which fetches the networks"));
}

void FlatFile::expect(std::size_t at, std::size_t size) const {
  if (at > bytes.size() || size > bytes.size() - at) refuse("a file that is cut short or damaged");
}

std::size_t FlatFile::follow(std::size_t at) const {
  return at + read<std::uint32_t>(at);
}

FlatTable::FlatTable(const FlatFile& file, std::size_t at) : file_(&file), at_(at) {
  const std::int64_t vtable = static_cast<std::int64_t>(at) - file.read<std::int32_t>(at);
  if (vtable < 0) file.refuse("a table without its description");
  vtable_ = static_cast<std::size_t>(vtable);
  vtable_size_ = file.read<std::uint16_t>(vtable_);
  file.expect(vtable_, vtable_size_);
}

FlatTable FlatTable::root(const FlatFile& file, std::string_view identifier) {
  file.expect(0, 8);
  if (file.bytes.substr(4, 4) != identifier) file.refuse("something else");
  return {file, file.follow(0)};
}

std::size_t FlatTable::place(int field) const {
  const std::size_t entry = 4 + 2 * static_cast<std::size_t>(field);
  if (entry + 2 > vtable_size_) return 0;
  const std::size_t offset = file_->read<std::uint16_t>(vtable_ + entry);
  return offset == 0 ? 0 : at_ + offset;
}

FlatTable::Elements FlatTable::elements(int field, std::size_t size) const {
  const std::size_t at = place(field);
  if (at == 0) return {};
  const std::size_t vector = file_->follow(at);
  const std::size_t count = file_->read<std::uint32_t>(vector);
  file_->expect(vector + 4, count * size);
  return {vector + 4, count};
}

std::optional<FlatTable> FlatTable::table(int field) const {
  const std::size_t at = place(field);
  if (at == 0) return std::nullopt;
  return FlatTable(*file_, file_->follow(at));
}

std::vector<FlatTable> FlatTable::tables(int field) const {
  const Elements found = elements(field, 4);
  if (found.count > kMaxTables) file_->refuse("one with too many parts");
  std::vector<FlatTable> out;
  out.reserve(found.count);
  for (std::size_t i = 0; i < found.count; ++i) {
    out.emplace_back(*file_, file_->follow(found.at + 4 * i));
  }
  return out;
}

std::span<const std::byte> FlatTable::bytes(int field) const {
  const Elements found = elements(field, 1);
  return std::as_bytes(std::span(file_->bytes)).subspan(found.at, found.count);
}

std::vector<std::int64_t> FlatTable::numbers(int field, int size) const {
  const Elements found = elements(field, static_cast<std::size_t>(size));
  std::vector<std::int64_t> out(found.count);
  for (std::size_t i = 0; i < found.count; ++i) {
    switch (size) {
      case 1:
        out[i] = file_->read<std::uint8_t>(found.at + i);
        break;
      case 2:
        out[i] = file_->read<std::uint16_t>(found.at + 2 * i);
        break;
      default:
        out[i] = file_->read<std::int32_t>(found.at + 4 * i);
        break;
    }
  }
  return out;
}

}  // namespace minet::vision
