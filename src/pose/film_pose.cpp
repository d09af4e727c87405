#include "minet/pose/film_pose.hpp"

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/process.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"

namespace minet::pose {
namespace {

constexpr double kLongest = 24 * 3600;                 // s
constexpr std::string_view kOwnName = "mi_prepare: ";  // begins mi_video's sentence about an error

// Hands on what the program says, line by line, but keeps its last word where it fails, and leaves
// its warnings to who reads the file.
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

}  // namespace

void write_film_pose(const std::filesystem::path& film, const std::filesystem::path& out,
                     const FilmPoseOptions& options) {
  const std::string program =
      require_companion("mi_video", text(", which finds keypoints in ", shown(film), ","));
  std::vector<std::string> command = {program, "--out", out.string(), "--gaps",
                                      options.gaps == GapRule::solos ? "solos" : "paper"};
  if (options.person) {
    command.insert(command.end(), {"--person", text(*options.person)});
  }
  if (options.overlay) command.insert(command.end(), {"--overlay", options.overlay->string()});
  if (log::level() >= log::Level::error) command.emplace_back("--quiet");
  command.insert(command.end(), {"--", film.string()});
  Listener listener;
  const ProcessResult result =
      run_process(command, kLongest, [&listener](std::string_view part) { listener(part); });
  if (result.exit_code == 0) return;
  const std::string why = listener.failure().empty()
                              ? text(shown(film), ": its keypoints could not be found")
                              : listener.failure();
  if (result.exit_code == 2) throw InputError(why);
  throw WorkError(why);
}

}  // namespace minet::pose
