// What all model files share: metadata, and strict copying of tensors.
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

// InputError in one sentence if the key is missing or its value invalid; `where` names the file.
const std::string& get_text(const Metadata& metadata, const std::string& key,
                            const std::string& where);
bool get_flag(const Metadata& metadata, const std::string& key, const std::string& where);
// Whether the model was trained with notes; `before` if the file predates this entry.
bool learnt_notes(const Metadata& metadata, const std::string& where, bool before);

// Format, versions, configuration and scale.
Metadata make_metadata(const config::TrainConfig& config, const audio::SpectrogramScale& scale);
void check_format(const Metadata& metadata, const std::string& where);
audio::SpectrogramScale read_scale(const Metadata& metadata, const std::string& where);
// `file` holds the metadata. How the model samples (generation) is chosen after training: it is
// read from the config.yaml beside the file if there is one.
enum class Said { nothing, differences };
config::TrainConfig read_config(const Metadata& metadata, const std::filesystem::path& file,
                                Said said = Said::differences);

// InputError if the file is far too small for that many parameters: no such model is built.
void check_size(const TensorHeader& header, std::int64_t parameters, const std::string& where);

struct StrictCopy {
  Tensors expected = {};                   // all of them must be in the file
  Tensors optional = {};                   // filled if the file has them
  std::vector<std::string> prefixes = {};  // other names in the file are ignored
};
// InputError lists every missing or unknown name and every wrong shape or dtype at once; nothing
// is copied then.
void copy_strictly(const StrictCopy& copy, const Tensors& tensors, const std::string& where);

}  // namespace minet::models
