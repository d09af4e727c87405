#include "generation/pieces.hpp"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "minet/audio/loudness.hpp"
#include "minet/core/access.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/film.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/log.hpp"
#include "minet/core/process.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/models/model.hpp"
#include "minet/pose/film_pose.hpp"
#include "minet/score/notes.hpp"

namespace minet::generation {
namespace fs = std::filesystem;
namespace {

Outputs outputs_of(const GenerateOptions& options, std::int64_t piece) {
  fs::path wav = options.output;
  if (options.count > 1) {
    wav.replace_filename(
        text(options.output.stem().string(), "-", piece + 1, options.output.extension().string()));
  }
  Outputs outputs{.wav = wav, .json = fs::path(wav).replace_extension(".json"), .video = {}};
  if (options.video) {
    outputs.video = fs::path(wav).replace_extension(options.overlay ? fs::path(".mp4")
                                                                    : options.video->extension());
  }
  return outputs;
}

// The video with the skeleton drawn on it and, with options.overlay_notes, what sounds; without
// those it is the same for all pieces and drawn once.
fs::path draw_player(const GenerateOptions& options, const std::string& roll) {
  const fs::path scratch = options.film_pose.parent_path();
  fs::path drawn = scratch / "overlay.mp4";
  std::error_code ignored;
  pose::DrawFilmOptions draw{.film = *options.video,
                             .notes = {},
                             .gaps = options.gaps,
                             .device = options.device,
                             .replace = true};
  if (options.overlay_notes) {
    draw.notes = scratch / "roll.csv";
    save_file(*draw.notes, roll, {.replace = true});
  } else if (fs::exists(drawn, ignored)) {
    return drawn;
  }
  pose::draw_on_film(options.film_pose, drawn, draw);
  return drawn;
}

constexpr double kLengthWarning = 0.5;  // s, difference between a video and its new sound

// The codec of the sound in a video where ffmpeg's own choice does not do: in AVI, MP3 would be
// 70 ms late; in FLV and 3GP it does not play 16 kHz.
std::optional<std::string> sound_codec(const fs::path& video) {
  const std::string extension = lower(video.extension().string());
  if (extension == ".avi") return "pcm_s16le";
  if (extension == ".flv" || extension == ".3gp" || extension == ".3g2") return "aac";
  return std::nullopt;
}

// All of the video's frames, not re-encoded, with the new sound.
void mux(const fs::path& video, const fs::path& wav, const fs::path& output, bool replace) {
  std::vector<std::string> command = {require_ffmpeg(), "-nostdin", "-hide_banner", "-loglevel",
                                      "error"};
  for (const auto& input : {ffmpeg_input_from_start(video), ffmpeg_input(wav)}) {
    command.insert(command.end(), input.begin(), input.end());
  }
  for (const char* word : {"-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy", "-n"}) {
    command.emplace_back(word);
  }
  if (const auto codec = sound_codec(output)) command.insert(command.end(), {"-c:a", *codec});
  save_file_by(
      output,
      [&](const fs::path& into) {
        command.push_back("file:" + fs::absolute(into).string());
        const ProcessResult result = run_process(command, kFilmSeconds);
        if (result.exit_code != 0) {
          throw WorkError(text(printable(video.string()),
                               ": ffmpeg could not add the sound to the video (",
                               printable(trim(result.error_output)),
                               "); the sound file is complete, try another container"));
        }
      },
      replace);
}

// The gain (dB) that brings a sound to the wanted loudness, or its peak to the limit if that is
// less; reports its loudness either way.
double loudness_gain(const audio::Sound& sound, const std::optional<double>& wanted,
                     const fs::path& output) {
  constexpr double kPeakLimitDb = -1;  // dBFS, as EBU R 128 requires
  constexpr double kMuchDb = 30;       // sound that needs more gain was all but silent
  const std::optional<double> measured = audio::loudness(sound);
  if (!measured) {
    log::warning(text(output.string(), ": too quiet or too short to measure its loudness",
                      wanted ? "; it is left unchanged" : ""));
    return 0;
  }
  const auto rounded = [](double value) { return std::round(value * 10) / 10; };
  if (!wanted) {
    log::info(text(output.string(), ": ", rounded(*measured), " LUFS"));
    return 0;
  }
  float peak = 0;
  for (const float sample : sound.samples) peak = std::max(peak, std::abs(sample));
  const double room = kPeakLimitDb - 20 * std::log10(std::max(1e-10, static_cast<double>(peak)));
  const double gain = std::min(*wanted - *measured, room);
  log::info(text(output.string(), ": ", rounded(*measured), " LUFS, brought to ",
                 rounded(*measured + gain)));
  if (gain < *wanted - *measured) {
    log::warning(text(output.string(), ": at ", rounded(*wanted),
                      " LUFS its peaks would clip: they are brought to ", kPeakLimitDb,
                      " dBFS instead"));
  }
  if (gain > kMuchDb) {
    log::warning(text(output.string(), ": it was almost silent and is raised by ", rounded(gain),
                      " dB, its noise too; leave the option 'loudness' out to keep its level"));
  }
  return gain;
}

}  // namespace

void check_output(const fs::path& output, bool force) {
  if (!audio::is_sound_output(output)) {
    throw InputError(
        text(output.string(), ": expected an output that ends in .wav or .flac; name it so"));
  }
  refuse_overwrite(output, force);
  expect_writable(output);
}

std::vector<Outputs> checked_outputs(const GenerateOptions& options) {
  sampling_of(options.sampling, {}, false);  // rejects invalid options before anything is loaded
  if (options.bits != 16 && options.bits != 24) {
    throw InputError(text("bits: expected 16 or 24 bits per sample, got ", options.bits));
  }
  if (options.loudness && !(*options.loudness >= -70 && *options.loudness <= 0)) {
    throw InputError(text("loudness: expected -70 to 0 LUFS, got ", *options.loudness));
  }
  if (options.count < 1 || options.count > 256) {
    throw InputError(text("count: expected 1 to 256 pieces, got ", options.count));
  }
  if (options.pose.empty() && !options.video) {
    throw InputError("pose: expected keypoints or a video, got neither; give one of them");
  }
  if (options.overlay && (!options.video || !options.pose.empty())) {
    throw InputError(
        "overlay: expected keypoints that are found in the video; give the option 'video', and "
        "leave out the option 'pose'");
  }
  if (options.overlay_notes && !options.overlay) {
    throw InputError(
        "overlay-notes: expected an overlay to draw them on, got none; add the option 'overlay'");
  }
  std::vector<Outputs> all;
  for (std::int64_t piece = 0; piece < options.count; ++piece) {
    const Outputs outputs = outputs_of(options, piece);
    for (const fs::path& output : {outputs.wav, outputs.json, outputs.video}) {
      refuse_inputs(output, {options.pose, options.video.value_or(""), options.notes.value_or("")});
    }
    check_output(outputs.wav, options.force);
    refuse_overwrite(outputs.json, options.force);
    expect_writable(outputs.json);
    if (options.video) {
      refuse_overwrite(outputs.video, options.force);
      expect_writable(outputs.video);
    }
    all.push_back(outputs);
  }
  std::error_code ignored;
  if (options.video) require_ffmpeg();
  if (options.video && !fs::is_regular_file(*options.video, ignored)) {
    throw InputError(
        text(options.video->string(), ": expected a video file, but ", why_absent(*options.video)));
  }
  return all;
}

pose::PoseSequence read_player(const GenerateOptions& options, const config::PoseConfig& config) {
  pose::ReadPoseOptions read = options.read_pose;
  std::optional<Film> film;
  if (options.video) film = read_film(*options.video);
  const bool found = !options.film_pose.empty();
  if (found) {
    read = {.format = pose::PoseFormat::mediapipe};
  } else if (film) {
    read.film = std::make_shared<const Film>(*film);
  }
  pose::GapReport gaps;
  pose::PoseSequence pose = pose::prepare_pose(found ? options.film_pose : options.pose,
                                               {.read = read,
                                                .fps = config.fps,
                                                .gap_confidence = config.gap_confidence,
                                                .gaps = options.gaps},
                                               &gaps);
  Notices notices;
  append(notices, std::move(gaps.notices), options.pose.string());
  const double sound = options.seconds.value_or(pose.seconds());
  if (film && std::abs(film->seconds - sound) > kLengthWarning && !has(notices, NoticeKind::rate)) {
    const auto rounded = [](double seconds) { return std::round(seconds * 100) / 100; };
    notices.push_back({NoticeKind::length,
                       text("the video is ", rounded(film->seconds), " s long and its new sound ",
                            rounded(sound), " s: both are kept whole"),
                       0, options.video->string()});
  }
  say(notices);
  pose::normalise(pose);
  return pose;
}

std::int64_t steps_of(const GenerateOptions& options, double rate, double pose_seconds) {
  const double seconds = options.seconds.value_or(pose_seconds);
  if (!(seconds > 0 && seconds <= audio::kMaxSoundSeconds)) {
    throw InputError(text("seconds: expected more than 0 and at most ", audio::kMaxSoundSeconds,
                          ", got ", seconds));
  }
  if (seconds > pose_seconds + 0.1) {
    log::warning(text("the keypoints end at ", pose_seconds, " s and the sound at ", seconds,
                      " s: the last pose is held"));
  }
  return std::max<std::int64_t>(1, std::llround(seconds * rate));
}

double last_end_s(const std::vector<score::Note>& notes) {
  double end = 0;
  for (const score::Note& note : notes) end = std::max(end, note.end_s());
  return end;
}

std::vector<score::Note> read_asked_notes(const GenerateOptions& options, double seconds,
                                          bool enabled, bool notes_trained) {
  const fs::path& path = *options.notes;
  if (!notes_trained) {
    throw InputError(text(
        options.model.string(), ": expected a model that was trained with notes, but ",
        enabled ? "no training track of its corpus had any"
                : "its configuration has content.enabled: false",
        ", so it cannot follow ", path.string(), "; leave the notes out or use another model"));
  }
  score::ReadNotesOptions read = options.read_notes;
  read.monophonic = true;
  score::NoteList list = score::read_notes(path, read);
  for (const std::string& repair : list.repairs) log::info(text(path.string(), ": ", repair));
  const auto sounds = [&](const score::Note& note) {
    return note.onset_s < seconds && note.end_s() > 0;
  };
  if (std::none_of(list.notes.begin(), list.notes.end(), sounds)) {
    log::warning(text(path.string(), ": no note sounds in the ", seconds, " s that are generated"));
  }
  const double end = last_end_s(list.notes);
  if (!options.seconds && end > 0 && std::abs(end / seconds - 1) > 0.1) {
    log::info(text(path.string(), ": the notes end at ", end, " s, the sound at ", seconds,
                   " s; if they belong together, check the keypoints' frame rate (--fps)"));
  }
  return std::move(list.notes);
}

void apply_gain(audio::Sound& sound, double gain_db) {
  if (gain_db == 0) return;
  const auto factor = static_cast<float>(std::pow(10.0, gain_db / 20));
  for (float& sample : sound.samples) sample *= factor;
}

Sidecar sidecar_for(const fs::path& model, const at::Device& device) {
  const fs::path file = models::model_file(model);
  return {.model = fs::absolute(model).lexically_normal().string(),
          .model_sha256 = sha256_of_file(file),
          .version = version(),
          .torch = TORCH_VERSION,
          .device = device.str(),
          .capability = at::get_cpu_capability(),
          .threads = at::get_num_threads(),
          .codes = {},
          .body = {},
          .inputs = {}};
}

void write_piece(const GenerateOptions& options, const SamplingOptions& sampling,
                 std::int64_t piece, const Outputs& outputs, audio::Sound sound, Sidecar& sidecar,
                 const std::string& roll, GenerateReport& report) {
  sidecar.gain_db = loudness_gain(sound, options.loudness, outputs.wav);
  sidecar.bits = options.bits;
  apply_gain(sound, sidecar.gain_db);
  sidecar.inputs = {{"pose", options.pose.string()},
                    {"notes", options.notes ? options.notes->string() : ""},
                    {"transpose", options.read_notes.transpose},
                    {"seconds", report.seconds},
                    {"seed", sampling.seed},
                    {"piece", piece},
                    {"temperature", sampling.temperature},
                    {"top_k", sampling.top_k},
                    {"top_p", sampling.top_p}};
  if (!sidecar.body.empty()) sidecar.inputs["level_temperature"] = sampling.level_temperature;
  const score::MidiChoice& midi = options.read_notes.midi;
  if (midi.track > 0) sidecar.inputs["track"] = midi.track;
  if (midi.channel > 0) sidecar.inputs["channel"] = midi.channel;
  audio::save_sound(outputs.wav, sound, options.bits, {.replace = options.force});
  save_file(outputs.json, to_json(sidecar), {.replace = options.force});
  report.files.push_back(outputs.wav);
  report.files.push_back(outputs.json);
  if (options.video) {
    mux(options.overlay ? draw_player(options, roll) : *options.video, outputs.wav, outputs.video,
        options.force);
    report.files.push_back(outputs.video);
  }
}

}  // namespace minet::generation
