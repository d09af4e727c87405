// NumPy .npy files. The header is a Python dictionary literal; a small parser reads it and accepts
// nothing else. Sizes are checked against the file before anything is allocated.
#include "minet/core/npy.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>

#include "minet/core/access.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"

namespace minet {
namespace {

static_assert(std::endian::native == std::endian::little, "npy files are read and written as is");

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::uint64_t kMostHeader = 65536;  // bytes; ours have 118
constexpr std::size_t kMostDimensions = 8;

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
  std::uint64_t count = 0;        // product of the shape
  std::uint64_t item_bytes = 0;   // of one number
  std::uint64_t data_offset = 0;  // bytes from the file's start
};

class NpyFile {
 public:
  explicit NpyFile(const std::filesystem::path& path) : name_(printable(path.string())) {
    expect_readable(path);
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
      throw InputError(text("cannot read ", name_, ": expected a .npy file, got ",
                            std::filesystem::is_directory(path, error) ? "a folder" : "a device"));
    }
    size_ = std::filesystem::file_size(path, error);
    file_.open(path, std::ios::binary);
    if (error || !file_) throw InputError(text("cannot read ", name_));
    read_header();
  }

  const Header& header() const { return header_; }
  // Restricts the file to these rows of the first axis.
  void choose_rows(std::int64_t first, std::int64_t rows) {
    if (header_.shape.empty() || first < 0 || rows < 0 || first > header_.shape[0] ||
        rows > header_.shape[0] - first) {
      fail(text("rows ", first, " to ", first, " + ", rows, " are not in it"));
    }
    const auto all = static_cast<std::uint64_t>(header_.shape[0]);
    const std::uint64_t in_row = all == 0 ? 0 : header_.count / all;
    header_.shape[0] = rows;
    header_.count = in_row * static_cast<std::uint64_t>(rows);
    file_.seekg(static_cast<std::streamoff>(
        header_.data_offset + static_cast<std::uint64_t>(first) * in_row * header_.item_bytes));
  }
  [[noreturn]] void fail(std::string_view what) const {
    throw InputError(text(name_, " is not a .npy file that can be read: ", what));
  }
  void read(void* into, std::uint64_t bytes) {
    file_.read(static_cast<char*>(into), static_cast<std::streamsize>(bytes));
    if (static_cast<std::uint64_t>(file_.gcount()) != bytes) fail("it ends too early");
  }

 private:
  void read_header() {
    char start[8];
    if (size_ < sizeof start + 2) fail("it is too short for a header");
    read(start, sizeof start);
    if (std::string_view(start, kMagic.size()) != kMagic) fail("it does not start with \\x93NUMPY");
    const int version = static_cast<unsigned char>(start[6]);
    if (version < 1 || version > 3) fail(text("its version is ", version, ", expected 1, 2 or 3"));
    std::uint64_t length = 0;
    const std::uint64_t length_bytes = version == 1 ? 2 : 4;
    if (size_ < sizeof start + length_bytes) fail("it is too short for a header");
    read(&length, length_bytes);  // little-endian, like this machine
    header_.data_offset = sizeof start + length_bytes + length;
    if (length > kMostHeader) fail(text("its header has ", length, " bytes"));
    if (header_.data_offset > size_) fail("its header is longer than the file");
    std::string dictionary(length, '\0');
    read(dictionary.data(), length);
    parse(dictionary);
    check_sizes();
  }

  // {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } with keys in any order.
  void parse(std::string_view rest) {
    bool has_descr = false, has_order = false, has_shape = false;
    expect(rest, '{');
    while (!take(rest, '}')) {
      const std::string key = quoted(rest);
      expect(rest, ':');
      if (key == "descr" && !std::exchange(has_descr, true)) {
        skip_blank(rest);
        if (rest.starts_with('[')) fail("it holds records; expected plain numbers");
        header_.descr = quoted(rest);
      } else if (key == "fortran_order" && !std::exchange(has_order, true)) {
        header_.fortran_order = truth(rest);
      } else if (key == "shape" && !std::exchange(has_shape, true)) {
        header_.shape = shape(rest);
      } else {
        fail(text("its header has an unknown or duplicate key \"", printable(key.substr(0, 64)),
                  "\""));
      }
      if (!take(rest, ',')) {
        expect(rest, '}');
        break;
      }
    }
    skip_blank(rest);
    if (!rest.empty()) fail("its header continues after the dictionary");
    if (!has_descr || !has_order || !has_shape) {
      fail("its header lacks descr, fortran_order or shape");
    }
  }

  void check_sizes() {
    static constexpr std::string_view kTypes[] = {"<f4", "<f8", "<i4", "<i8", "|u1", "<u1", "u1"};
    if (std::find(std::begin(kTypes), std::end(kTypes), header_.descr) == std::end(kTypes)) {
      fail(text("its numbers are of type \"", printable(header_.descr.substr(0, 64)),
                "\", expected little-endian f4, f8, i4, i8 or u1; save it with "
                "array.astype(numpy.float32)"));
    }
    if (header_.fortran_order) {
      fail("it is in Fortran order; save it with numpy.ascontiguousarray(array)");
    }
    header_.item_bytes = static_cast<std::uint64_t>(header_.descr.back() - '0');
    header_.count = 1;
    for (const std::int64_t side : header_.shape) {
      if (__builtin_mul_overflow(header_.count, static_cast<std::uint64_t>(side), &header_.count)) {
        fail("the product of its shape is too large");
      }
    }
    std::uint64_t bytes = 0;
    if (__builtin_mul_overflow(header_.count, header_.item_bytes, &bytes) ||
        bytes != size_ - header_.data_offset) {
      fail(text("its shape asks for ", header_.count, " numbers of ", header_.item_bytes,
                " bytes, but ", size_ - header_.data_offset, " bytes follow the header"));
    }
  }

  static void skip_blank(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
  }
  static bool take(std::string_view& rest, char c) {
    skip_blank(rest);
    if (!rest.starts_with(c)) return false;
    rest.remove_prefix(1);
    return true;
  }
  void expect(std::string_view& rest, char c) const {
    if (!take(rest, c)) fail(text("its header lacks a '", c, "'"));
  }
  std::string quoted(std::string_view& rest) const {
    skip_blank(rest);
    const char quote = rest.empty() ? '\0' : rest.front();
    const auto end = rest.find(quote, 1);
    if ((quote != '\'' && quote != '"') || end == std::string_view::npos) {
      fail("its header lacks a quoted word");
    }
    std::string word(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    return word;
  }
  bool truth(std::string_view& rest) const {
    skip_blank(rest);
    for (const auto& [word, value] :
         {std::pair{std::string_view("True"), true}, std::pair{std::string_view("False"), false}}) {
      if (rest.starts_with(word)) {
        rest.remove_prefix(word.size());
        return value;
      }
    }
    fail("its header's fortran_order is neither True nor False");
  }
  std::vector<std::int64_t> shape(std::string_view& rest) const {
    std::vector<std::int64_t> sides;
    expect(rest, '(');
    while (!take(rest, ')')) {
      skip_blank(rest);
      const auto length = std::min(rest.find_first_not_of("0123456789"), rest.size());
      const auto side = parse_integer(rest.substr(0, length));
      if (!side) fail("its shape is not a tuple of whole numbers of at least 0");
      if (sides.size() == kMostDimensions) {
        fail(text("it has more than ", kMostDimensions, " dimensions"));
      }
      sides.push_back(*side);
      rest.remove_prefix(length);
      if (rest.starts_with('L')) rest.remove_prefix(1);  // Python 2's suffix of a long
      if (!take(rest, ',')) {
        expect(rest, ')');
        break;
      }
    }
    return sides;
  }

  std::string name_;
  std::ifstream file_;
  std::uint64_t size_ = 0;
  Header header_;
};

template <class To, class From>
To converted(From value, const NpyFile& file) {
  if constexpr (std::is_floating_point_v<To>) {
    // Converting a value outside float's range is undefined behaviour; it does not give infinity.
    if constexpr (std::is_same_v<From, double>) {
      if (std::isfinite(value) && std::abs(value) > std::numeric_limits<To>::max()) {
        file.fail("it holds numbers too large for 32 bits");
      }
    }
    return static_cast<To>(value);
  } else {
    const bool fits = value >= static_cast<From>(std::numeric_limits<To>::min()) &&
                      static_cast<double>(value) <= std::numeric_limits<To>::max();
    if (!fits || static_cast<From>(static_cast<To>(value)) != value) {
      file.fail("expected whole numbers of 32 bits, but it holds others");
    }
    return static_cast<To>(value);
  }
}

// Converts in blocks, so that a file of a different type is not held in memory twice.
template <class From, class To>
void read_values(NpyFile& file, std::vector<To>& values) {
  values.resize(file.header().count);
  if constexpr (std::is_same_v<From, To>) {
    file.read(values.data(), values.size() * sizeof(To));
    return;
  }
  std::vector<From> block(std::min<std::size_t>(values.size(), 65536));
  for (std::size_t done = 0; done < values.size(); done += block.size()) {
    block.resize(std::min(block.size(), values.size() - done));
    file.read(block.data(), block.size() * sizeof(From));
    for (std::size_t i = 0; i < block.size(); ++i) {
      values[done + i] = converted<To>(block[i], file);
    }
  }
}

template <class T>
NdArray<T> read_npy(NpyFile file) {
  NdArray<T> array;
  array.shape = file.header().shape;
  const std::string_view type = file.header().descr;
  if (type == "<f4") {
    read_values<float>(file, array.values);
  } else if (type == "<f8") {
    read_values<double>(file, array.values);
  } else if (type == "<i4") {
    read_values<std::int32_t>(file, array.values);
  } else if (type == "<i8") {
    read_values<std::int64_t>(file, array.values);
  } else {
    read_values<std::uint8_t>(file, array.values);
  }
  return array;
}

template <class T>
std::string bytes_of(std::span<const std::int64_t> shape, std::span<const T> values,
                     std::string_view descr) {
  std::uint64_t count = 1;
  std::string sides;
  for (const std::int64_t side : shape) {
    if (side < 0 || __builtin_mul_overflow(count, static_cast<std::uint64_t>(side), &count)) {
      throw WorkError("the shape of an array to save is negative or too large");
    }
    sides += text(side, ", ");
  }
  if (count != values.size()) {
    throw WorkError(
        text("an array to save has ", values.size(), " numbers, but its shape has ", count));
  }
  if (shape.size() > 1) sides.resize(sides.size() - 2);  // "(3, 4)", but "(3,)" for one axis
  if (shape.size() == 1) sides.resize(sides.size() - 1);
  std::string header =
      text("{'descr': '", descr, "', 'fortran_order': False, 'shape': (", sides, "), }");
  constexpr std::size_t kStart = 10;  // magic, version, length
  header.append(63 - (kStart + header.size()) % 64, ' ');
  header += '\n';  // the data start at a multiple of 64 bytes, as NumPy writes them
  std::string bytes(kMagic);
  bytes += '\x01';
  bytes += '\0';
  bytes += static_cast<char>(header.size() & 255);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  if (!values.empty()) {
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  return bytes;
}

}  // namespace

bool is_npy(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  expect_readable(path);
  std::ifstream file(path, std::ios::binary);
  char start[6] = {};
  file.read(start, sizeof start);
  return file.gcount() == sizeof start && std::string_view(start, sizeof start) == kMagic;
}

std::vector<std::int64_t> npy_shape(const std::filesystem::path& path) {
  return NpyFile(path).header().shape;
}

FloatArray read_npy_float(const std::filesystem::path& path) {
  return read_npy<float>(NpyFile(path));
}
FloatArray read_npy_float_rows(const std::filesystem::path& path, std::int64_t first,
                               std::int64_t rows) {
  NpyFile file(path);
  file.choose_rows(first, rows);
  return read_npy<float>(std::move(file));
}
IntArray read_npy_int(const std::filesystem::path& path) {
  return read_npy<std::int32_t>(NpyFile(path));
}

std::string npy_bytes(std::span<const std::int64_t> shape, std::span<const float> values) {
  return bytes_of(shape, values, "<f4");
}
std::string npy_bytes(std::span<const std::int64_t> shape, std::span<const std::int32_t> values) {
  return bytes_of(shape, values, "<i4");
}

void save_npy(const std::filesystem::path& path, const FloatArray& array) {
  save_file(path, npy_bytes(array.shape, std::span<const float>(array.values)));
}
void save_npy(const std::filesystem::path& path, const IntArray& array) {
  save_file(path, npy_bytes(array.shape, std::span<const std::int32_t>(array.values)));
}

}  // namespace minet
