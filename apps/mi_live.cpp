// mi_live: plays sound from keypoints as they arrive. `mi_generate --live` starts it: a program of
// its own, because no other command needs OSC or a sound card.
#include <unistd.h>

#include <iostream>

#include "minet/live/play.hpp"
#include "minet/score/notes.hpp"
#include "torch_main.hpp"

using namespace minet;

namespace {

struct Arguments {
  app::CommonOptions common;
  live::PlayOptions options;
  std::optional<std::string> model, notes, pcm;
  score::ReadNotesOptions read_notes;
  std::string pcm_format = "s16";
  double buffer_ms = 20;
  bool list_cards = false;
};

void add_source_options(CLI::App& cli, Arguments& arguments) {
  cli.add_option("--osc", arguments.options.osc_port,
                 "Receive keypoints by OSC on this UDP port: /minet/pose with 141 or 94 numbers")
      ->check(CLI::Range(1, 65535));
  CLI::Option* camera =
      cli.add_option("--camera", arguments.options.camera,
                     "Find keypoints in the frames of this camera, such as 0, or of a video in its "
                     "place; default without --osc: read lines of JSON from standard input");
  cli.add_option("--device", arguments.options.camera_device,
                 "Device for finding keypoints in the camera's frames: auto, cpu, cuda or "
                 "cuda:N. The sound is always made on the CPU")
      ->needs(camera)
      ->capture_default_str();
  cli.add_option("--person", arguments.options.person,
                 "Which of several people in the image, from 0, left to right")
      ->needs(camera)
      ->check(CLI::Range(0, 999));
  cli.add_option("--hold", arguments.options.hold_s,
                 "Seconds without keypoints after which the sound fades out")
      ->capture_default_str();
  cli.add_option("--seconds", arguments.options.seconds, "Stop after this many seconds");
}

void add_sound_options(CLI::App& cli, Arguments& arguments) {
  CLI::Option* card =
      cli.add_option(
             "--card", arguments.options.card,
             "Sound card: its number or part of its name (--list-cards), default, or null for "
             "no output")
          ->capture_default_str();
  cli.add_flag("--list-cards", arguments.list_cards, "List the sound cards and exit");
  cli.add_option("--pcm", arguments.pcm, "Write PCM to standard output (-) instead, mono, 16 kHz")
      ->excludes(card);
  cli.add_option("--pcm-format", arguments.pcm_format,
                 "Sample format of --pcm, little-endian: s16 (16-bit integers) or f32 (floats)")
      ->capture_default_str()
      ->check(CLI::IsMember({"s16", "f32"}));
  cli.add_option(
         "--buffer", arguments.buffer_ms,
         "Milliseconds of sound to keep ready: more avoids gaps on a busy machine, less lowers the "
         "latency")
      ->capture_default_str();
}

void add_options(CLI::App& cli, Arguments& arguments) {
  generation::SamplingChoice& sampling = arguments.options.player.sampling;
  cli.add_option("--model", arguments.model,
                 "Run folder, or folder with model.safetensors, of a plus model");
  add_source_options(cli, arguments);
  add_sound_options(cli, arguments);
  CLI::Option* notes = cli.add_option(
      "--notes", arguments.notes,
      "Notes to play, starting with the first frame: .mid, URMP Notes_*.txt or notes.csv");
  app::add_score_options(cli, arguments.read_notes, notes);
  cli.add_option("--seed", sampling.seed, "Random seed")
      ->check(app::whole_number())
      ->default_str("0");
  app::add_sampling_options(cli, sampling);
  cli.add_option("--threads", arguments.options.player.threads, "Threads for LibTorch")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  cli.add_flag("!--no-realtime", arguments.options.realtime,
               "Do not ask the system for real-time priority");
  cli.add_flag("-v,--verbose", arguments.options.verbose,
               "Report latency and load every 10 seconds");
}

int play(Arguments& arguments) {
  if (arguments.list_cards) {
    std::cout << live::list_cards();
    return 0;
  }
  if (!arguments.model)
    throw InputError("--model: expected a run folder, got none; see mi_generate --live --help");
  live::PlayOptions& options = arguments.options;
  options.player.model = *arguments.model;
  options.buffer_s = arguments.buffer_ms / 1000;
  if (arguments.pcm) {
    if (*arguments.pcm != "-") {
      throw InputError(text("--pcm: expected - for standard output, got ",
                            printable(*arguments.pcm), "; redirect it with | or >"));
    }
    options.pcm = STDOUT_FILENO;
  }
  options.pcm_format = arguments.pcm_format == "f32" ? live::PcmFormat::f32 : live::PcmFormat::s16;
  if (arguments.notes) {
    arguments.read_notes.monophonic = true;
    score::NoteList list = score::read_notes(*arguments.notes, arguments.read_notes);
    for (const std::string& repair : list.repairs) {
      log::info(text(printable(*arguments.notes), ": ", repair));
    }
    if (list.notes.empty()) {
      log::warning(text(printable(*arguments.notes), ": it has no notes, so nothing will sound"));
    }
    options.player.notes = std::move(list.notes);
  }
  const live::PlayReport report = live::play(options);
  log::info(live::summary(report));
  throw_if_stopped(text("stopped after ", human_duration(report.seconds)));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const app::Program program{.name = "mi_generate",
                             .summary = "Play live, as keypoints arrive (docs/live.md).",
                             .example = "mi_generate --live --model models/plus --camera 0",
                             .read_error = app::read_torch_error,
                             .invocation = "mi_generate --live"};
  Arguments arguments;
  CLI::App cli;
  app::set_up(cli, program, arguments.common);
  cli.name("mi_generate --live");
  add_options(cli, arguments);
  return app::leave(
      app::run(cli, program, arguments.common, argc, argv, [&] { return play(arguments); }));
}
