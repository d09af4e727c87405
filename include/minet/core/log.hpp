// Logging facade. spdlog stays behind it: LibTorch ships another fmt, and the two must never meet
// in one source file.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace minet::log {

enum class Level { debug, info, warning, error, off };

std::optional<Level> parse_level(
    std::string_view name);  // "debug", "info", "warning", "error", "off"
void set_level(Level level);
Level level();

// Also write every line (with time stamps) to this file until `close_file`. Best effort: a full
// disk never stops the work.
void open_file(const std::filesystem::path& path);
void close_file();

// Lines go to stderr.
void debug(std::string_view message);
void info(std::string_view message);
void warning(std::string_view message);
void error(std::string_view message);

}  // namespace minet::log
