// The only source file that includes spdlog: LibTorch's headers bring a different fmt.
#include "minet/core/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

#include "core/terminal.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/message.hpp"
#include "minet/core/text.hpp"

namespace minet::log {
namespace {

// Plain lines for people; names the level unless it is `info`.
class StderrSink : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::string line;
    if (detail::progress_line_open.exchange(false)) line += detail::kWipeLine;
    switch (message.level) {
      case spdlog::level::debug:
        line += "debug: ";
        break;
      case spdlog::level::warn:
        line += "warning: ";
        break;
      case spdlog::level::err:
        line += "error: ";
        break;
      default:
        break;
    }
    line.append(message.payload.data(), message.payload.size());
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);  // a closed stderr is no error
  }
  void flush_() override { std::fflush(stderr); }
};

struct Logger {
  std::mutex mutex;
  std::shared_ptr<StderrSink> terminal = std::make_shared<StderrSink>();
  std::shared_ptr<spdlog::sinks::sink> file;
  std::atomic<Level> level{Level::info};

  void write(Level line_level, std::string_view message) {
    if (line_level < level.load()) return;
    static constexpr spdlog::level::level_enum kLevels[] = {
        spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
    const std::string line = shortened_lines(message);
    const spdlog::details::log_msg entry("minet", kLevels[static_cast<int>(line_level)],
                                         spdlog::string_view_t(line.data(), line.size()));
    const std::lock_guard lock(mutex);
    try {
      terminal->log(entry);
      if (file) {
        file->log(entry);
        file->flush();  // there are few lines, and the last ones matter most after a crash
      }
    } catch (const std::exception&) {
      file.reset();  // best effort: a full disk ends the log file, not the program
    }
  }
};

// Never destroyed: lines may still be logged while other static objects are destroyed.
Logger& logger() {
  static Logger* const kLogger = new Logger;
  return *kLogger;
}

}  // namespace

std::optional<Level> parse_level(std::string_view name) {
  if (name == "debug") return Level::debug;
  if (name == "info") return Level::info;
  if (name == "warning") return Level::warning;
  if (name == "error") return Level::error;
  if (name == "off") return Level::off;
  return std::nullopt;
}

void set_level(Level level) {
  logger().level = level;
}

Level level() {
  return logger().level;
}

void open_file(const std::filesystem::path& path) {
  std::shared_ptr<spdlog::sinks::sink> file;
  try {
    std::error_code error;  // spdlog would create missing folders
    if (path.has_parent_path() && !std::filesystem::is_directory(path.parent_path(), error)) {
      throw InputError("no folder");
    }
    refuse_overwrite(path, true);  // spdlog would follow a link, and block on a FIFO
    file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string(), /*truncate=*/false);
    file->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %-7l %v");
  } catch (const std::exception&) {
    warning(text("no log file: ", printable(path.string()), " cannot be written"));
    return;
  }
  const std::lock_guard lock(logger().mutex);
  logger().file = std::move(file);
}

void close_file() {
  const std::lock_guard lock(logger().mutex);
  logger().file.reset();
}

void debug(std::string_view message) {
  logger().write(Level::debug, message);
}
void info(std::string_view message) {
  logger().write(Level::info, message);
}
void warning(std::string_view message) {
  logger().write(Level::warning, message);
}
void error(std::string_view message) {
  logger().write(Level::error, message);
}

}  // namespace minet::log
