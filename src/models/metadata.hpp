// What every model file shares: its metadata, and copying its tensors strictly.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "minet/audio/spectrogram.hpp"
#include "minet/config/train_config.hpp"
#include "minet/models/safetensors.hpp"

namespace minet::models {

using Metadata = std::map<std::string, std::string>;
using Tensors = std::map<std::string, at::Tensor>;

// InputError in one sentence for a key that is missing or no such value; `where` names the file.
const std::string& get_text(const Metadata& metadata, const std::string& key,
                            const std::string& where);
bool get_flag(const Metadata& metadata, const std::string& key, const std::string& where);
// Whether notes were learnt from; `before` where the file is older than this entry.
bool learnt_notes(const Metadata& metadata, const std::string& where, bool before);

// Format, versions, configuration and scale.
Metadata make_metadata(const config::TrainConfig& config, const audio::SpectrogramScale& scale);
void check_format(const Metadata& metadata, const std::string& where);
audio::SpectrogramScale read_scale(const Metadata& metadata, const std::string& where);
// `file` is where the metadata stand. How the model draws (generation) is chosen after training: it
// is read from the config.yaml beside the file, where there is one.
enum class Said { nothing, differences };
config::TrainConfig read_config(const Metadata& metadata, const std::filesystem::path& file,
                                Said said = Said::differences);

// Nothing is built that a file is far too small to fill.
void check_size(const TensorHeader& header, std::int64_t parameters, const std::string& where);

struct StrictCopy {
  Tensors expected = {};                   // to be filled, all of them
  Tensors optional = {};                   // filled where the file has them
  std::vector<std::string> prefixes = {};  // other names of the file are not looked at
};
// InputError lists every missing or unknown name and every wrong shape or dtype at once, and then
// nothing was copied.
void copy_strictly(const StrictCopy& copy, const Tensors& tensors, const std::string& where);

}  // namespace minet::models
