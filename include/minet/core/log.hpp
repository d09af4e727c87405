// Logging. Hides spdlog, because LibTorch ships a different version of fmt and the two must not be
// included in one source file.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace minet::log {

enum class Level { debug, info, warning, error, off };

// From "debug", "info", "warning", "error" or "off".
std::optional<Level> parse_level(std::string_view name);
void set_level(Level level);
Level level();

// Also writes every line, with its time, to this file until `close_file`. Failures to write, such
// as a full disk, are ignored.
void open_file(const std::filesystem::path& path);
void close_file();

// All of them write to stderr.
void debug(std::string_view message);
void info(std::string_view message);
void warning(std::string_view message);
void error(std::string_view message);

}  // namespace minet::log
