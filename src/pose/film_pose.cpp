#include "minet/pose/film_pose.hpp"

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "minet/core/access.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/process.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"

namespace minet::pose {
namespace {

constexpr double kLongest = 24 * 3600;                 // s
constexpr std::string_view kOwnName = "mi_prepare: ";  // prefix of mi_video's error message

// Forwards mi_video's output line by line, except its error message, which is kept for the
// exception, and its warnings, which the reader of the file repeats.
class Listener {
 public:
  void operator()(std::string_view part) {
    line_ += part;
    for (std::size_t end = line_.find('\n'); end != std::string::npos; end = line_.find('\n')) {
      const std::string line = line_.substr(0, end + 1);
      if (line.starts_with(kOwnName)) {
        failure_ = std::string(trim(line.substr(kOwnName.size())));
      } else if (!line.starts_with("warning: ") && log::level() < log::Level::error) {
        std::fwrite(line.data(), 1, line.size(), stderr);
      }
      line_.erase(0, end + 1);
    }
  }
  std::string failure() const {
    std::string sentence = failure_;
    if (sentence.ends_with('.')) sentence.pop_back();
    return sentence;
  }

 private:
  std::string line_, failure_;
};

void run_mi_video(const std::vector<std::string>& command, const std::string& otherwise) {
  Listener listener;
  const ProcessResult result =
      run_process(command, kLongest, [&listener](std::string_view part) { listener(part); });
  if (result.exit_code == 0) return;
  const std::string why = listener.failure().empty() ? otherwise : listener.failure();
  if (result.exit_code == 2) throw InputError(why);
  throw WorkError(why);
}

// The program and the options common to all its uses.
std::vector<std::string> mi_video(std::string_view purpose, GapRule gaps,
                                  const std::string& device) {
  std::vector<std::string> command = {require_companion("mi_video", purpose), "--gaps",
                                      gaps == GapRule::solos ? "solos" : "paper",
                                      "--device=" + device};
  if (log::level() >= log::Level::error) command.emplace_back("--quiet");
  return command;
}

}  // namespace

void write_film_pose(const std::filesystem::path& film, const std::filesystem::path& out,
                     const FilmPoseOptions& options) {
  std::vector<std::string> command =
      mi_video(text(", which finds keypoints in ", shown(film), ","), options.gaps, options.device);
  command.insert(command.end(), {"--out", out.string()});
  if (options.person) command.insert(command.end(), {"--person", text(*options.person)});
  command.insert(command.end(), {"--", film.string()});
  run_mi_video(command, text(shown(film), ": its keypoints could not be found"));
}

bool is_drawn_on_film(const std::filesystem::path& preview) {
  const std::string extension = lower(preview.extension().string());
  return extension == ".png" || extension == ".mp4";
}

void check_preview_name(const std::filesystem::path& preview) {
  if (!preview.empty()) expect_extension("preview", preview, {".svg", ".png", ".mp4"});
}

void draw_on_film(const std::filesystem::path& keypoints, const std::filesystem::path& out,
                  const DrawFilmOptions& options) {
  std::vector<std::string> command =
      mi_video(text(", which draws ", shown(out), ","), options.gaps, options.device);
  command.insert(command.end(), {"--keypoints", keypoints.string(), "--preview", out.string()});
  if (options.notes) command.insert(command.end(), {"--overlay-notes", options.notes->string()});
  if (options.replace) command.emplace_back("--force");
  if (options.film) command.insert(command.end(), {"--", options.film->string()});
  run_mi_video(command, text(shown(out), ": could not be drawn"));
}

}  // namespace minet::pose
