#include "minet/core/film.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "minet/core/errors.hpp"
#include "minet/core/process.hpp"
#include "minet/core/text.hpp"

namespace minet {
namespace {

using nlohmann::json;

std::optional<double> seconds_at(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return parse_double(found->get<std::string>());
}

// Makes times strictly increasing: two frames at the same time would make a joint jump.
void make_rising(std::vector<double>& times) {
  constexpr double kLeast = 1e-3;
  std::sort(times.begin(), times.end());
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double least = i == 0 ? 0.0 : times[i - 1] + kLeast;
    if (times[i] < least) times[i] = least;
  }
}

// What ffprobe says of the first video stream and the container, as JSON; exit code 1 if it is not
// installed.
ProcessResult ask_ffprobe(const std::filesystem::path& path, const char* entries) {
  const auto ffprobe = find_program("ffprobe");
  if (!ffprobe) return {.exit_code = 1, .output = {}, .error_output = {}};
  std::vector<std::string> command = {
      *ffprobe, "-v", "error", "-select_streams", "v:0", "-show_entries", entries, "-of", "json"};
  for (std::string& word : ffmpeg_input(path)) command.push_back(std::move(word));
  return run_process(command, 3600);
}

// The same; empty if it cannot read the file.
json probe_video(const std::filesystem::path& path, const char* entries) {
  const ProcessResult result = ask_ffprobe(path, entries);
  if (result.exit_code > 128 && result.exit_code < 160) {  // killed by a signal
    throw WorkError(text("ffprobe was stopped by a signal while it read ", printable(path.string()),
                         "; try again with more memory or time"));
  }
  const json answer = json::parse(result.output, nullptr, false);
  return result.exit_code == 0 && answer.is_object() ? answer : json::object();
}

// A transport or programme stream of interlaced video may have one packet for each field, two of
// which are one frame; other containers keep both in one packet.
bool may_have_fields(const json& format, const json& stream) {
  const std::string name = format.value("format_name", ""), order = stream.value("field_order", "");
  return (name == "mpegts" || name == "mpeg") &&
         (order == "tt" || order == "bb" || order == "tb" || order == "bt");
}

std::vector<double> times_of_packets(const json& answer) {
  std::vector<double> times;
  for (const json& packet : answer.value("packets", json::array())) {
    // Discarded by an edit list: no player shows this frame.
    if (packet.value("flags", "").find('D') != std::string::npos) continue;
    const auto time = seconds_at(packet, "pts_time");
    const auto shown = time ? time : seconds_at(packet, "dts_time");
    if (shown) times.push_back(*shown);
  }
  return times;
}

// Decodes the video, which takes longer.
std::vector<double> times_of_frames(const std::filesystem::path& path) {
  const json answer = probe_video(path, "frame=best_effort_timestamp_time");
  std::vector<double> times;
  for (const json& frame : answer.value("frames", json::array())) {
    if (const auto time = seconds_at(frame, "best_effort_timestamp_time")) times.push_back(*time);
  }
  return times;
}

}  // namespace

double Film::fps() const {
  if (times.size() < 2) return 0;
  std::vector<double> steps;
  for (std::size_t i = 1; i < times.size(); ++i) steps.push_back(times[i] - times[i - 1]);
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  // The mean if frames are evenly spaced: some containers round times to milliseconds.
  const double mean = (times.back() - times.front()) / static_cast<double>(times.size() - 1);
  return 1 / (std::abs(mean - *middle) < 0.02 * mean ? mean : *middle);
}

std::string require_ffmpeg() {
  if (auto program = find_program("ffmpeg")) return *std::move(program);
  throw InputError(
      "expected the program ffmpeg, which writes videos, got none; install ffmpeg (apt-get install "
      "ffmpeg)");
}

std::vector<std::string> ffmpeg_input(const std::filesystem::path& path) {
  constexpr const char* kDemuxers =  // none of them opens further files
      "mp3,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,ogg,flac,wav,w64,aiff,au,caf,aac,ac3,eac3,"
      "asf,flv,mpeg,mpegvideo,mpegts,h264,hevc,m4v,ivf,gif,mjpeg,ape,wv,tta,amr,dsf";
  return {"-protocol_whitelist",
          "file,pipe",
          "-format_whitelist",
          kDemuxers,
          "-i",
          "file:" + std::filesystem::absolute(path).string()};
}

std::vector<std::string> ffmpeg_input_from_start(const std::filesystem::path& path) {
  std::vector<std::string> input = ffmpeg_input(path);
  const json answer =
      json::parse(ask_ffprobe(path, "format=format_name,start_time").output, nullptr, false);
  const json format = answer.is_object() ? answer.value("format", json::object()) : json::object();
  const std::string name = format.value("format_name", "");
  const auto start = seconds_at(format, "start_time");
  if (!start || (name != "mpegts" && name != "mpeg")) return input;
  // Older versions of ffmpeg recognise the exact start, and replace it: a microsecond less is safe.
  const std::string offset = text(1 - std::llround(*start * 1e6), "us");
  input.insert(input.begin(), {"-copyts", "-itsoffset", offset});
  return input;
}

std::optional<Film> read_film(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  const json answer = probe_video(path,
                                  "packet=pts_time,dts_time,flags:stream=codec_type,field_order:"
                                  "stream_disposition=attached_pic:"
                                  "format=format_name,start_time");
  const auto streams = answer.find("streams");
  if (streams == answer.end() || !streams->is_array() || streams->empty()) return std::nullopt;
  const json disposition = streams->front().value("disposition", json::object());
  if (disposition.value("attached_pic", 0) == 1) return std::nullopt;
  const json format = answer.value("format", json::object());
  const double start = seconds_at(format, "start_time").value_or(0.0);
  Film film;
  film.times =
      may_have_fields(format, streams->front()) ? times_of_frames(path) : times_of_packets(answer);
  if (film.times.size() < 2) return std::nullopt;
  for (double& time : film.times) time -= start;
  make_rising(film.times);
  film.seconds = film.times.back() + 1 / film.fps();
  return film;
}

bool is_video_name(const std::filesystem::path& path) {
  static constexpr std::array<std::string_view, 14> kExtensions = {
      ".mp4",  ".mov", ".m4v", ".mkv",  ".webm", ".avi", ".mts",
      ".m2ts", ".ts",  ".mpg", ".mpeg", ".3gp",  ".wmv", ".flv"};
  const std::string extension = lower(path.extension().string());
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

}  // namespace minet
