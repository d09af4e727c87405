// safetensors files (https://github.com/huggingface/safetensors): tensors and text metadata,
// nothing executable. Read with read(), never mapped: a mapped file that shrinks kills the
// process.
//
//   8 bytes   header length, little-endian
//   header    JSON {"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {}}
//   data      contiguous, without holes or overlaps, to the very end of the file
//
// The format has no checksum: a save adds "sha256" of the data to the metadata, and a read verifies
// it if present. Left out: float8 and unsigned integers wider than a byte.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "minet/core/files.hpp"

namespace minet::models {

inline constexpr std::uint64_t kMaxSafetensorsHeader = 16ull << 20;  // bytes
inline constexpr std::size_t kMaxSafetensorsRank = 8;

struct TensorFile {
  std::map<std::string, at::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

// One tensor of a header; offsets count from the start of the data.
struct TensorEntry {
  std::string name;
  at::ScalarType dtype = at::kFloat;
  std::vector<std::int64_t> shape = {};
  std::uint64_t begin = 0, end = 0;
};
struct TensorHeader {
  std::vector<TensorEntry> entries;  // in file order
  std::map<std::string, std::string> metadata;
  std::uint64_t data_start = 0;  // byte of the file
};

// Both throw InputError for a file that breaks any rule; nothing larger than the file itself is
// allocated.
TensorHeader read_safetensors_header(const std::filesystem::path& path);
TensorFile read_safetensors(const std::filesystem::path& path);

// Atomic. Widest dtype first (readers want aligned data), then by name: the same tensors give the
// same bytes. "sha256" in the metadata is replaced.
void save_safetensors(const std::filesystem::path& path, const TensorFile& file,
                      SaveOptions options = {});

}  // namespace minet::models
