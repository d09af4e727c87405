// The JSON header of a safetensors file: strict parsing and writing.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "minet/models/safetensors.hpp"

namespace minet::models {

// Entries in file order. Every rule of the format is checked, with `data_bytes`, the number of
// bytes that follow the header. InputError messages start with `where`.
TensorHeader parse_safetensors_header(std::string_view json, std::uint64_t data_bytes,
                                      const std::string& where);

// Padded with spaces to a multiple of 8.
std::string safetensors_header_text(const TensorHeader& header);

// "F32" for kFloat; empty for a type that files cannot hold.
std::string_view safetensors_dtype(at::ScalarType type);

}  // namespace minet::models
