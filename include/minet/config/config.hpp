// Configurations: reads YAML into a TrainConfig and writes it back, validates and explains it.
//
//   auto config = minet::config::load_train_config("configs/tiny.yaml", {"run.seed=7"});
//
// Precedence, weakest first:
//   1. the structs' defaults (the paper preset)
//   2. the files of the `include:` key, in the order written (a path or a list of paths, relative
//      to the file that names them; an included file may include others, up to 8 deep, no cycles)
//   3. the file itself
//   4. overrides "section.key=value" in the order given (`--set`), the value parsed as YAML
// Lists are replaced, not extended. A file needs only the keys that it changes; `{}` changes none.
//
// The reader is strict: unknown, duplicate and empty keys, wrong types, values out of range, YAML
// anchors, aliases, tags and further documents are errors, and so are combinations that do not fit
// together. All problems of all files come in one InputError, each as
// `file:line:column: section.key: what is wrong`. Files are untrusted: at most 1 MiB, 32
// levels, 10,000 YAML events.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "minet/config/train_config.hpp"

namespace minet::config {

// A file and what it includes, then the overrides.
TrainConfig load_train_config(const std::filesystem::path& path,
                              const std::vector<std::string>& overrides = {});

// The same for text from elsewhere, such as the configuration stored in a model; `name` stands for
// the file name in messages. `include:` is refused: such text must not read other files.
TrainConfig parse_train_config(std::string_view yaml, std::string name,
                               const std::vector<std::string>& overrides = {});

// InputError listing every value out of range and every combination that does not fit together; for
// a configuration built in code. The two functions above call it.
void validate(const TrainConfig& config);

// What is legal but known to cause problems, one sentence each, for the log. Usually empty.
std::vector<std::string> advice(const TrainConfig& config);

// Every key with its value. Reading it back gives an identical configuration, bit for bit.
std::string to_yaml(const TrainConfig& config);

// Each key that differs, "vqvae.channels: 128, not 512": the value in `config`, then in `other`.
std::vector<std::string> differences(const TrainConfig& config, const TrainConfig& other);

// A table for people: key, value, origin (paper, inferred, ours; or what a changed value was
// before), meaning.
std::string explain(const TrainConfig& config);

// The contents of docs/configuration.md.
std::string documentation_markdown();

// The names of enum values in YAML and in other files.
std::string_view to_string(ModelKind value);
std::string_view to_string(FrameLoss value);
std::string_view to_string(PriorKind value);
std::string_view to_string(LogScale value);
std::string_view to_string(EmbeddingInit value);
std::string_view to_string(PriorHead value);
std::string_view to_string(Alignment value);
std::string_view to_string(Precision value);

// The inverse of to_string, for the enums above; nullopt for any other word.
template <class Enum>
std::optional<Enum> from_string(std::string_view word);
extern template std::optional<ModelKind> from_string<ModelKind>(std::string_view);
extern template std::optional<FrameLoss> from_string<FrameLoss>(std::string_view);
extern template std::optional<PriorKind> from_string<PriorKind>(std::string_view);
extern template std::optional<LogScale> from_string<LogScale>(std::string_view);
extern template std::optional<EmbeddingInit> from_string<EmbeddingInit>(std::string_view);
extern template std::optional<PriorHead> from_string<PriorHead>(std::string_view);
extern template std::optional<Alignment> from_string<Alignment>(std::string_view);
extern template std::optional<Precision> from_string<Precision>(std::string_view);

}  // namespace minet::config
