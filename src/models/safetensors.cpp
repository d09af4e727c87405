// safetensors files: checked reading with the content hash, all-or-nothing saving.
#include "minet/models/safetensors.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <span>

#include "minet/core/file_kind.hpp"
#include "minet/core/hash.hpp"
#include "models/checks.hpp"
#include "models/safetensors_header.hpp"

namespace minet::models {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

constexpr std::string_view kHashKey = "sha256";

std::string name_of(const std::filesystem::path& path) {
  return printable(path.string());
}

// The open file and its parsed header.
struct Opened {
  std::ifstream stream;
  TensorHeader header;
};

void read_bytes(std::ifstream& stream, char* target, std::uint64_t size,
                const std::filesystem::path& path) {
  stream.read(target, static_cast<std::streamsize>(size));
  require(static_cast<std::uint64_t>(stream.gcount()) == size, name_of(path),
          ": ended while it was read; somebody may be writing it, try again");
}

// Other formats of weights get an error message of their own.
void refuse_pickle(std::string_view first, const std::filesystem::path& path) {
  const bool zip = first.substr(0, 4) == std::string_view("PK\x03\x04", 4);
  const bool pickle = first.size() >= 2 && first[0] == '\x80' && first[1] >= 2 && first[1] <= 5;
  require(!zip && !pickle, name_of(path),
          ": this is a PyTorch or pickle file, which can run code when it is loaded; convert it "
          "where you trust it: python -c \"import torch; from safetensors.torch import save_file; "
          "save_file({k: v.contiguous() for k, v in torch.load('in.pt', "
          "weights_only=True).items()}, 'out.safetensors')\"");
}

Opened open_file(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  require(std::filesystem::exists(status), name_of(path),
          ": no such file; give a .safetensors file");
  require(std::filesystem::is_regular_file(status), name_of(path),
          ": expected a .safetensors file, got something that is not a file");
  const std::uint64_t size = std::filesystem::file_size(path, error);
  Opened opened{std::ifstream(path, std::ios::binary), {}};
  require(!error && opened.stream.is_open(), name_of(path),
          ": cannot be read; check its permissions");
  require(size >= 8, name_of(path), ": expected a safetensors file, got ", size, " bytes");
  std::array<char, 8> start{};
  read_bytes(opened.stream, start.data(), start.size(), path);
  refuse_pickle({start.data(), start.size()}, path);
  const auto length = std::bit_cast<std::uint64_t>(start);
  const bool fits = length <= kMaxSafetensorsHeader && length <= size - 8 && length >= 2;
  const std::string kind = fits ? std::string() : file_kind_of(path);
  require(kind.empty() || kind == "a binary file", name_of(path),
          ": expected a model (.safetensors), got a file that is ", kind,
          "; give a run folder, or the model.safetensors that mi_train wrote");
  require(fits, name_of(path),
          ": not a safetensors file: its first 8 bytes say that the header has ", length,
          " bytes, but the file has ", size, " and a header at most ", kMaxSafetensorsHeader);
  std::string json(length, '\0');
  read_bytes(opened.stream, json.data(), length, path);
  require(json.front() == '{', name_of(path),
          ": not a safetensors file: its header does not start "
          "with '{'");
  opened.header = parse_safetensors_header(json, size - 8 - length, name_of(path));
  opened.header.data_start = 8 + length;
  return opened;
}

std::span<const std::byte> bytes_of(const at::Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()};
}

// A C++ bool that is neither 0 nor 1 is undefined behaviour.
void check_bool(const at::Tensor& tensor, const std::string& name,
                const std::filesystem::path& path) {
  for (const std::byte byte : bytes_of(tensor)) {
    require(byte <= std::byte{1}, name_of(path), ": tensor '", printable(name),
            "' is BOOL but has a byte that is neither 0 nor 1; get the file again");
  }
}

// Readers in other languages map the data in place: putting wide types first keeps them aligned.
std::vector<TensorEntry> layout(const std::map<std::string, at::Tensor>& tensors) {
  std::vector<TensorEntry> entries;
  for (const auto& [name, tensor] : tensors) {
    require(name != "__metadata__", "a tensor cannot be called __metadata__");
    require(tensor.defined() && !safetensors_dtype(tensor.scalar_type()).empty(), "tensor '",
            printable(name), "' has no dtype that safetensors files can hold; convert it first");
    require(tensor.dim() <= static_cast<std::int64_t>(kMaxSafetensorsRank), "tensor '",
            printable(name), "' has more than 8 dimensions; reshape it first");
    entries.push_back({.name = name, .dtype = tensor.scalar_type(), .shape = tensor.sizes().vec()});
  }
  std::stable_sort(entries.begin(), entries.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return c10::elementSize(a.dtype) > c10::elementSize(b.dtype);
  });
  std::uint64_t position = 0;
  for (TensorEntry& entry : entries) {
    entry.begin = position;
    position += tensors.at(entry.name).nbytes();
    entry.end = position;
  }
  return entries;
}

}  // namespace

TensorHeader read_safetensors_header(const std::filesystem::path& path) {
  return open_file(path).header;
}

TensorFile read_safetensors(const std::filesystem::path& path) {
  Opened opened = open_file(path);
  TensorFile file;
  file.metadata = std::move(opened.header.metadata);
  const auto stored = file.metadata.find(std::string(kHashKey));
  Sha256 hash;
  for (const TensorEntry& entry : opened.header.entries) {
    const at::Tensor tensor = at::empty(entry.shape, entry.dtype);
    if (tensor.nbytes() > 0) {
      read_bytes(opened.stream, static_cast<char*>(tensor.mutable_data_ptr()), tensor.nbytes(),
                 path);
      if (stored != file.metadata.end()) hash.update(bytes_of(tensor));
    }
    if (entry.dtype == at::kBool) check_bool(tensor, entry.name, path);
    file.tensors.emplace(entry.name, tensor);
  }
  require(stored == file.metadata.end() || stored->second == hash.finish(), name_of(path),
          ": its numbers are not those that were saved (the SHA-256 in its metadata does not "
          "match), so the file is damaged; copy it again or use the .prev file beside it");
  return file;
}

void save_safetensors(const std::filesystem::path& path, const TensorFile& file,
                      SaveOptions options) {
  TensorHeader header{.entries = layout(file.tensors), .metadata = file.metadata};
  std::vector<at::Tensor> data;  // in file order, on the CPU and contiguous
  Sha256 hash;
  std::uint64_t size = 0;
  for (const TensorEntry& entry : header.entries) {
    data.push_back(file.tensors.at(entry.name).detach().to(at::kCPU).contiguous());
    if (data.back().nbytes() > 0) hash.update(bytes_of(data.back()));
    size += data.back().nbytes();
  }
  header.metadata[std::string(kHashKey)] = hash.finish();
  const std::string json = safetensors_header_text(header);
  require(json.size() <= kMaxSafetensorsHeader, name_of(path), ": its header would have ",
          json.size(), " bytes, more than the ", kMaxSafetensorsHeader,
          " that are read again; save fewer tensors or less metadata");
  if (options.expected_bytes == 0) options.expected_bytes = 8 + json.size() + size;

  FileWriter writer(path, options);
  const auto length =
      std::bit_cast<std::array<std::byte, 8>>(static_cast<std::uint64_t>(json.size()));
  writer.write(std::span<const std::byte>(length));
  writer.write(json);
  for (const at::Tensor& tensor : data) {
    if (tensor.nbytes() > 0) writer.write(bytes_of(tensor));
  }
  writer.commit();
}

}  // namespace minet::models
