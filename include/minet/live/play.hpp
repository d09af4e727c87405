// Playing while keypoints arrive: from lines of JSON, OSC or a camera to the sound card or to PCM.
// docs/live.md says what the formats are and what was measured.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "minet/generation/live_player.hpp"

namespace minet::live {

enum class PcmFormat { s16, f32 };  // little endian

struct PlayOptions {
  generation::LivePlayerOptions player;
  // Where keypoints come from; none of both: lines of JSON on standard input.
  std::optional<int> osc_port = std::nullopt;        // UDP, 1 to 65535
  std::optional<std::string> camera = std::nullopt;  // a number, or a film that plays as one
  std::string camera_device = "cpu";  // of the networks that look at it: auto, cpu, cuda, ...
  std::optional<int> person = std::nullopt;  // of several before the camera, from 0
  // Where sound goes: PCM into a file descriptor, or a sound card: a number or a part of its name,
  // "default", or "null", which plays to nobody at the pace of one.
  std::optional<int> pcm = std::nullopt;
  PcmFormat pcm_format = PcmFormat::s16;
  std::string card = "default";
  double buffer_s = 0.02;                        // between us and what plays the sound
  double hold_s = 2;                             // the player is held while no picture comes
  std::optional<double> seconds = std::nullopt;  // then it ends
  bool realtime = true;                          // ask for real-time priority
  bool verbose = false;                          // latency and load every 10 s
};

struct PlayReport {
  double seconds = 0;  // of sound
  std::int64_t pictures = 0, used = 0, empty = 0, bad = 0;
  // From the arrival of a picture to the sound that it governs, seconds; buffers included.
  double median_s = 0, most_s = 0, longest_s = 0;  // most: 95 % of them
  double load = 0;                                 // processor time of this process / time
  std::int64_t underruns = 0;
  double buffer_s = 0;     // as asked for, or longer where the card takes more at a time
  std::int64_t rests = 0;  // how often the source paused longer than it is held
};

// Until the input ends, `seconds` are over, the reader of PCM is gone, or a stop was requested.
// WorkError where the sound card or the camera is gone.
// InputError for options that cannot be, and where the input ends before anybody was seen.
PlayReport play(const PlayOptions& options);

std::string summary(const PlayReport& report);

// The sound cards that are there, one a line: number, name, rates.
std::string list_cards();

}  // namespace minet::live
