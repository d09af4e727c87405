// Live playing while keypoints arrive: from lines of JSON, OSC or a camera to a sound card or PCM.
// docs/live.md describes the formats and the measurements.
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
  // The source of keypoints; if neither is set: lines of JSON on standard input.
  std::optional<int> osc_port = std::nullopt;        // UDP, 1 to 65535
  std::optional<std::string> camera = std::nullopt;  // a number, or a video played like one
  std::string camera_device = "cpu";         // for the networks that watch it: auto, cpu, cuda, ...
  std::optional<int> person = std::nullopt;  // of several people in view, from 0
  // Where sound goes: PCM to a file descriptor, or a sound card: a number or part of its name,
  // "default", or "null", which discards the sound at the pace of a card.
  std::optional<int> pcm = std::nullopt;
  PcmFormat pcm_format = PcmFormat::s16;
  std::string card = "default";
  double buffer_s = 0.02;                        // between this program and what plays the sound
  double hold_s = 2;                             // how long the player is held without frames
  std::optional<double> seconds = std::nullopt;  // stop after this time
  bool realtime = true;                          // ask for real-time priority
  bool verbose = false;                          // latency and load every 10 s
};

struct PlayReport {
  double seconds = 0;  // of sound
  std::int64_t pictures = 0, used = 0, empty = 0, bad = 0;
  // From the arrival of a frame to the sound that it controls, in seconds; buffers included.
  double median_s = 0, most_s = 0, longest_s = 0;  // most: the 95th percentile
  double load = 0;                                 // processor time of this process / elapsed time
  std::int64_t underruns = 0;
  double buffer_s = 0;     // as requested, or longer if the card takes more at a time
  std::int64_t rests = 0;  // number of pauses of the source longer than hold_s
};

// Plays until the input ends, `seconds` are over, the reader of the PCM has closed it, or a stop is
// requested. WorkError if the sound card or the camera disappears. InputError for invalid options
// and, unless `seconds` is set, if the input ends before a player was seen.
PlayReport play(const PlayOptions& options);

std::string summary(const PlayReport& report);

// The available sound cards, one per line: number, name, rates.
std::string list_cards();

}  // namespace minet::live
