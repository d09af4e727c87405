// NumPy .npy files, versions 1 to 3, C order, little-endian: reads f4, f8, i4, i8, u1; writes f4
// and i4. Sizes are checked against the file before anything is allocated. Format:
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace minet {

template <class T>
struct NdArray {
  std::vector<std::int64_t> shape;
  std::vector<T> values;  // C order, product(shape) of them
};
using FloatArray = NdArray<float>;
using IntArray = NdArray<std::int32_t>;

bool is_npy(const std::filesystem::path& path);                          // by its magic bytes
std::vector<std::int64_t> npy_shape(const std::filesystem::path& path);  // reads the header only

// Converts numbers of other types. InputError names the file and the problem.
FloatArray read_npy_float(const std::filesystem::path& path);
// Only the rows [first, first + rows) of the first axis; InputError if they are not in the file.
FloatArray read_npy_float_rows(const std::filesystem::path& path, std::int64_t first,
                               std::int64_t rows);
IntArray read_npy_int(const std::filesystem::path& path);

std::string npy_bytes(std::span<const std::int64_t> shape, std::span<const float> values);
std::string npy_bytes(std::span<const std::int64_t> shape, std::span<const std::int32_t> values);
void save_npy(const std::filesystem::path& path, const FloatArray& array);  // atomic
void save_npy(const std::filesystem::path& path, const IntArray& array);

}  // namespace minet
