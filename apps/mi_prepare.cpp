// mi_prepare: from recordings and keypoints to a prepared corpus, and conversion of single files.
// One function per subcommand: options in, one library call, a report out.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app_main.hpp"
#include "companion.hpp"
#include "minet/core/access.hpp"
#include "minet/core/argv.hpp"
#include "minet/core/files.hpp"
#include "minet/core/film.hpp"
#include "minet/core/shard.hpp"
#include "minet/core/words.hpp"
#include "minet/corpus/check.hpp"
#include "minet/corpus/importers.hpp"
#include "minet/corpus/prepare.hpp"
#include "minet/orchestra/orchestra.hpp"
#include "minet/pose/draw.hpp"
#include "minet/pose/film_pose.hpp"
#include "minet/pose/prepare.hpp"
#include "minet/score/notes.hpp"

namespace minet::app {
namespace {

struct Session {
  CommonOptions common;
  std::function<int()> chosen;         // the subcommand that the arguments named
  std::vector<std::string> arguments;  // without the program's name
};

int main(std::vector<std::string> arguments);

// Reports go to stdout, so that they can be saved; --quiet suppresses them.
void print(const Session& session, const std::string& report) {
  if (!session.common.quiet) std::cout << printable_lines(report);
}

CLI::App* add_command(CLI::App& app, const char* name, const char* summary, const char* example,
                      const char* explanation = "") {
  CLI::App* command = app.add_subcommand(name, summary);
  command->footer(text(explanation, "Example:\n  ", example));
  command->fallthrough();  // --quiet and --log-level work before and after the name
  return command;
}

void add_orchestra(CLI::App& app, Session& session) {
  struct Options {
    orchestra::OrchestraOptions make;
    std::string sound = "auto", pose = "npy", cameras = "stage", habits = "usual";
    bool no_mix = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      app, "orchestra", "Make a synthetic orchestra: players with their movements and sound",
      "mi_prepare orchestra --out players --tracks 31 --seconds 60 && \\\n"
      "  mi_prepare folder --table players/tracks.csv --out corpus",
      "The folder has URMP's layout and file names; everything in it is synthetic. After an\n"
      "interruption, run the same command again.\n\n");
  command->add_option("--out", options->make.out, "Folder to create")->required();
  command
      ->add_option("--tracks", options->make.tracks,
                   "Number of tracks; 16 or more have every instrument, 31 or more have each in "
                   "the test split too")
      ->capture_default_str();
  command->add_option("--seconds", options->make.seconds, "Length of each piece in seconds")
      ->capture_default_str();
  command->add_option("--seed", options->make.seed, "Random seed")
      ->check(whole_number())
      ->capture_default_str();
  command->add_option("--sound", options->sound, "auto, fluidsynth or additive")
      ->capture_default_str();
  command
      ->add_option("--pose-format", options->pose,
                   "npy: one file per player; openpose: one folder of JSON files per piece")
      ->capture_default_str();
  command
      ->add_option("--cameras", options->cameras,
                   "stage: in front of the players; anywhere: up to 60 degrees from the side")
      ->capture_default_str();
  command
      ->add_option(
          "--habits", options->habits,
          "usual: all players hold an instrument the same way; varied: high or low, near or far")
      ->capture_default_str();
  command
      ->add_option("--instruments", options->make.instruments,
                   "Instrument codes to use in turn, such as vn,tbn; default: all, as in URMP")
      ->delimiter(',');
  command->add_flag("--no-mix", options->no_mix, "Do not write the mixtures of all parts");
  command->add_option("--threads", options->make.threads, "Pieces made at a time; 0: one per CPU")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_flag("--force", options->make.force, "Replace an existing folder");
  command->callback([&session, options] {
    session.chosen = [&session, options] {
      options->make.sound = orchestra::parse_sound_source(options->sound);
      options->make.pose = orchestra::parse_pose_files(options->pose);
      options->make.cameras = orchestra::parse_cameras(options->cameras);
      options->make.habits = orchestra::parse_habits(options->habits);
      options->make.mix = !options->no_mix;
      const orchestra::OrchestraReport report = orchestra::make_orchestra(options->make);
      print(session,
            text(printable(options->make.out.string()), ": ",
                 counted(report.tracks, "synthetic track"), " of ", counted(report.pieces, "piece"),
                 ", ", report.test_tracks, " for testing, ", human_duration(report.seconds), ", ",
                 report.notes, " notes\n", report.why, "\n"));
      if (report.pieces_before > 0) {
        print(session, text(report.pieces_before, " pieces were kept from an interrupted run\n"));
      }
      return 0;
    };
  });
}

void add_clip_seconds(CLI::App& command, double& seconds) {
  command
      .add_option("--clip-seconds", seconds,
                  "Shortest track that can be used: the data.clip_seconds you will train with")
      ->check(CLI::Range(0.04, 3600.0))
      ->capture_default_str();
}

template <class Options>
void add_build_options(CLI::App& command, const Session& session,
                       const std::shared_ptr<Options>& options) {
  command.add_option("--out", options->out, "Folder to create")->required();
  command.add_option("--seed", options->seed, "Random seed for the split")
      ->check(whole_number())
      ->capture_default_str();
  command.add_option("--threads", options->threads, "Tracks processed at a time; 0: one per CPU")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command
      .add_option_function<std::string>(
          "--gaps",
          [options](const std::string& name) { options->gaps = pose::parse_gap_rule(name); },
          pose::kGapsHelp)
      ->default_str("paper");
  command.add_flag("--skip-bad", options->skip_bad, "Leave out tracks that cannot be used");
  command.add_flag("--force", options->force,
                   "Replace an existing corpus; unchanged tracks are reused");
  command.add_option_function<std::string>(
      "--shard",
      [options, &session](const std::string& word) {
        options->shard = parse_shard(word);
        options->arguments = session.arguments;
      },
      "I/N: prepare only part I of N and store it in OUT.shards; mi_prepare merge combines the "
      "parts");
}

int report_corpus(const Session& session, const corpus::PrepareReport& report) {
  say(report.notices);
  for (const std::string& warning : report.warnings) log::warning(printable(warning));
  print(session, corpus::describe(report));
  return 0;
}

void add_folder(CLI::App& app, Session& session) {
  const auto options = std::make_shared<corpus::PrepareFolderOptions>();
  CLI::App* command = add_command(
      app, "folder", "Make a corpus from your own recordings",
      "mi_prepare folder --table tracks.csv --out corpus",
      "tracks.csv has one row per track, with paths relative to it:\n"
      "  audio,pose,notes,instrument,group\n"
      "  take1.wav,take1_json,take1.mid,vn,monday\n"
      "A video can be given as audio. Further columns, all optional: id, split (train or "
      "test), fps, person,\n"
      "pose_format, first_frame, picture. docs/own-recordings.md explains each.\n\n");
  command->add_option("--table", options->table, "CSV file with one row per track")->required();
  command
      ->add_option("--test-share", options->test_share,
                   "Share of the tracks for the test split, by whole groups")
      ->capture_default_str();
  command->add_flag("--keep-level", options->keep_level,
                    "Do not normalise the level of the tracks");
  add_clip_seconds(*command, options->clip_seconds);
  add_build_options(*command, session, options);
  command->callback([&session, options] {
    session.chosen = [&session, options] {
      return report_corpus(session, corpus::prepare_folder(*options));
    };
  });
}

void add_urmp(CLI::App& app, Session& session) {
  struct Options : corpus::PrepareUrmpOptions {
    std::string notes_name = "performed", split_name = "leak-free";
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      app, "urmp", "Make a corpus from URMP, or from anything in its layout",
      "mi_prepare urmp --root URMP/Dataset --pose keypoints --out corpus",
      "Keypoints are looked up by piece and part, in folders named like the pieces:\n"
      "  01_Jupiter_vn_vc/Pose_1_vn_01_Jupiter.npy   one player's, or a folder of OpenPose files\n"
      "  01_Jupiter_vn_vc/openpose/*_keypoints.json  all players, left to right = part order\n"
      "One part of each instrument is kept for testing, and no composition is in both splits,\n"
      "except with --split paper.\n\n");
  command->add_option("--root", options->root, "URMP's folder of pieces")->required();
  command->add_option("--pose", options->pose, "Folder with keypoints; may be the same as --root")
      ->required();
  command
      ->add_option("--notes", options->notes_name,
                   "performed (Notes_*.txt), score (Sco_*.mid, not aligned) or none")
      ->capture_default_str();
  command
      ->add_option("--split", options->split_name,
                   "leak-free, or paper: all other tracks are for training, including parts of "
                   "the test compositions")
      ->capture_default_str();
  command->add_option("--fps", options->fps,
                      "Frames per second of the keypoints; default: 30000/1001");
  add_build_options(*command, session, options);
  command->callback([&session, options] {
    session.chosen = [&session, options] {
      options->notes = corpus::parse_urmp_notes(options->notes_name);
      options->split = corpus::parse_urmp_split(options->split_name);
      return report_corpus(session, corpus::prepare_urmp(*options));
    };
  });
}

void add_solos(CLI::App& app, Session& session) {
  const auto options = std::make_shared<corpus::PrepareSolosOptions>();
  CLI::App* command = add_command(
      app, "solos", "Make a corpus from Solos",
      "mi_prepare solos --root Solos --audio sounds --out corpus",
      "ROOT has solos_ids.json, solos_timestamps.json, skeleton_dict.json and skeleton.npy;\n"
      "the sounds are named <video id>.<any extension>. Missing files are reported.\n\n");
  command->add_option("--root", options->root, "Solos' folder")->required();
  command->add_option("--audio", options->audio, "Folder with the videos' sound")->required();
  command->add_option("--skeleton", options->skeleton,
                      "Solos' keypoint array; default: ROOT/skeleton.npy");
  command
      ->add_option("--first-row", options->first_row,
                   "If the array is an excerpt: its first row in the full array")
      ->capture_default_str();
  command->add_option("--videos", options->videos, "Only these ids, separated by commas")
      ->delimiter(',');
  command->add_option("--test-share", options->test_share, "Share of the videos for the test split")
      ->capture_default_str();
  add_build_options(*command, session, options);
  command->callback([&session, options] {
    session.chosen = [&session, options] {
      return report_corpus(session, corpus::prepare_solos(*options));
    };
  });
}

// Runs the shards' command again, which then uses their tracks.
void add_merge(CLI::App& app, Session& session) {
  const auto out = std::make_shared<std::filesystem::path>();
  CLI::App* command =
      add_command(app, "merge", "Make a corpus from its shards", "mi_prepare merge corpus",
                  "Each shard is made by the same command with a different --shard:\n"
                  "  mi_prepare folder --table tracks.csv --out corpus --skip-bad --shard 1/8\n"
                  "The corpus is what the command without --shard would have made. Both\n"
                  "steps can be repeated: finished parts are kept.\n\n");
  command->add_option("corpus", *out, "The --out folder of the shards' command")->required();
  command->callback([&session, out] {
    session.chosen = [out] {
      ShardCommand made = corpus::command_of_shards(*out);
      made.arguments.emplace_back("--shard=merge");
      std::filesystem::current_path(made.folder);
      return main(std::move(made.arguments));
    };
  });
}

struct PoseOptions {
  std::filesystem::path input, out, preview;
  std::string format = "auto";
  std::string gaps = "paper", picture;
  std::optional<int> person;
  std::optional<double> fps;
  std::optional<std::int64_t> first_frame;
  std::optional<std::filesystem::path> names, film;
  bool force = false;
};

void check_preview(const PoseOptions& options) {
  pose::check_preview_name(options.preview);
  refuse_inputs(options.preview, {options.input, options.film.value_or("")});
  if (!options.preview.empty()) refuse_overwrite(options.preview, options.force);
}

std::shared_ptr<const Film> read_clock(const std::filesystem::path& path) {
  std::optional<Film> film = read_film(path);
  if (!film) {
    throw InputError(
        text("--video: expected a video that ffprobe, a part of ffmpeg, can read, got ",
             shown(path), "; give the video, or the option --fps alone"));
  }
  return std::make_shared<const Film>(std::move(*film));
}

void draw_preview(const PoseOptions& options, const pose::PoseSequence& pose) {
  if (options.preview.empty()) return;
  if (pose::is_drawn_on_film(options.preview)) {
    pose::draw_on_film(options.out, options.preview,
                       {.film = options.film, .notes = {}, .gaps = {}, .replace = options.force});
    return;
  }
  const std::string title = options.input.filename().string();
  save_file(options.preview, pose::draw_svg(pose, {.title = title}), {.replace = options.force});
}

int convert_pose(const Session& session, const PoseOptions& options) {
  refuse_inputs(options.out, {options.input});
  refuse_overwrite(options.out, options.force);
  check_preview(options);
  pose::PreparePoseOptions prepare;
  prepare.read = {.format = pose::parse_pose_format(options.format),
                  .person = options.person,
                  .fps = options.fps,
                  .first_frame = options.first_frame,
                  .names = options.names,
                  .rows = {}};
  if (!options.picture.empty()) prepare.read.picture = pose::parse_picture(options.picture);
  if (options.film) prepare.read.film = read_clock(*options.film);
  prepare.gaps = pose::parse_gap_rule(options.gaps);
  pose::GapReport gaps;
  const pose::PoseSequence pose = pose::prepare_pose(options.input, prepare, &gaps);
  pose::save_pose_npy(options.out, pose);
  draw_preview(options, pose);
  Notices notices;
  append(notices, std::move(gaps.notices), options.input.string());
  say(notices);
  print(session, gaps.text());
  print(session, text(printable(options.out.string()), ": ", counted(pose.frames, "frame"), " at ",
                      to_text(pose.fps), " fps, ", human_duration(pose.seconds()), "\n"));
  return 0;
}

void add_pose(CLI::App& app, Session& session) {
  const auto options = std::make_shared<PoseOptions>();
  CLI::App* command =
      add_command(app, "pose", "Convert keypoints to the 47 joints and report the gaps",
                  "mi_prepare pose openpose_json/ -o player.npy --fps 29.97 --preview player.svg");
  command
      ->add_option("input", options->input,
                   "Keypoint file, or OpenPose's folder (docs/keypoints.md)")
      ->required();
  command->add_option("-o,--out", options->out, "File to write: float32 [frames, 47, 3] at 25 fps")
      ->required();
  command
      ->add_option("--format", options->format, "One of " + join(pose::pose_format_names(), ", "))
      ->capture_default_str();
  command->add_option("--person", options->person, pose::kPersonHelp)->check(CLI::Range(0, 999));
  command->add_option("--fps", options->fps,
                      "Frames per second of the input; default: its own times, else 25");
  command->add_option("--first-frame", options->first_frame,
                      "Frame number at time 0; default: 0 or 1 for tools that leave out frames "
                      "without people, else the first");
  command->add_option("--picture", options->picture, pose::kPictureHelp);
  command->add_option("--gaps", options->gaps, pose::kGapsHelp)->capture_default_str();
  command->add_option(
      "--names", options->names,
      "DeepLabCut: CSV file with columns bodypart,joint that maps unrecognised names");
  command->add_option(
      "--preview", options->preview,
      "Also draw the keypoints: some frames (.svg or .png), or all as a video (.mp4)");
  command->add_option("--video,--film", options->film,
                      "The video the keypoints come from: its frames' times are theirs, unless "
                      "their file has its own, and a .png or .mp4 preview is drawn on it");
  command->add_flag("--force", options->force, "Overwrite existing files");
  command->callback([&session, options] {
    session.chosen = [&session, options] { return convert_pose(session, *options); };
  });
}

// Done by a separate program (apps/mi_video.cpp), which takes half a second to load. It gets the
// arguments unchanged, including --help.
void add_video(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("video", "Find a player's keypoints in a video");
  command->set_help_flag();
  command->prefix_command();
  command->callback([&session, command] {
    session.chosen = [&session, command]() -> int {
      std::vector<std::string> words;
      if (session.common.quiet) words.emplace_back("--quiet");
      words.push_back("--log-level=" + session.common.log_level);
      for (std::string& word : command->remaining()) words.push_back(std::move(word));
      become_companion("mi_video", std::move(words));
    };
  });
}

struct NotesOptions {
  std::filesystem::path input, out;
  score::ReadNotesOptions read;
  bool force = false;
};

int convert_notes(const Session& session, const NotesOptions& options) {
  expect_extension("--out", options.out, {".csv"});
  refuse_inputs(options.out, {options.input});
  refuse_overwrite(options.out, options.force);
  score::NoteList list = score::read_notes(options.input, options.read);
  if (!options.read.monophonic) score::leave_out_drums(list);
  save_file(options.out, score::notes_csv(list.notes), {.replace = options.force});
  double end = 0;
  for (const score::Note& note : list.notes) end = std::max(end, note.end_s());
  print(session, text(printable(options.out.string()), ": ", list.notes.size(), " notes, ",
                      human_duration(end), ", read as ", list.format, "\n"));
  for (const std::string& repair : list.repairs) {
    print(session, "  repaired: " + printable(repair) + "\n");
  }
  return 0;
}

void add_notes(CLI::App& app, Session& session) {
  const auto options = std::make_shared<NotesOptions>();
  CLI::App* command =
      add_command(app, "notes", "Convert MIDI or note lists to notes.csv and report the repairs",
                  "mi_prepare notes prelude.mid -o prelude.csv --monophonic");
  command->add_option("input", options->input, "MIDI file, URMP's Notes_*.txt or a notes.csv")
      ->required();
  command->add_option("-o,--out", options->out, "File to write: onset_s, duration_s, pitch")
      ->required();
  command->add_flag("--monophonic", options->read.monophonic,
                    "Reduce to one voice: the latest onset wins");
  add_score_options(*command, options->read);
  command->add_flag("--force", options->force, "Overwrite an existing file");
  command->callback([&session, options] {
    session.chosen = [&session, options] { return convert_notes(session, *options); };
  });
}

void add_check(CLI::App& app, Session& session) {
  struct Options {
    std::filesystem::path root;
    std::filesystem::path html;
    corpus::CheckOptions check;
    bool json = false, force = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      add_command(app, "check", "Check a corpus; exit code 1 if it cannot be trained on",
                  "mi_prepare check corpus --html check.html");
  command->add_option("corpus", options->root, "Folder of a prepared corpus")->required();
  command->add_flag("--json", options->json, "Print one JSON object");
  command->add_option("--html", options->html,
                      "Also write a page with skeletons and a spectrogram of each track");
  command->add_flag("--force", options->force, "Overwrite an existing page");
  add_clip_seconds(*command, options->check.clip_seconds);
  command
      ->add_option("--threads", options->check.threads,
                   "Tracks processed at a time; 0: one per CPU")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->callback([&session, options] {
    session.chosen = [options] {
      if (!options->html.empty()) refuse_overwrite(options->html, options->force);
      const corpus::CheckReport report = corpus::check(options->root, options->check);
      if (!options->html.empty()) {
        save_file(options->html, corpus::check_page(report, options->check.threads),
                  {.replace = options->force});
      }
      std::cout << (options->json ? corpus::to_json(report) : corpus::describe(report));
      return report.usable() ? 0 : 1;
    };
  });
}

int main(std::vector<std::string> arguments) {
  const Program program{
      .name = "mi_prepare",
      .summary = "Prepare training data: a corpus of sound, keypoints and notes.",
      .example = "mi_prepare folder --table tracks.csv --out corpus && mi_prepare check corpus",
      .companions = {{"video", "mi_video"}}};
  Session session;
  session.arguments = arguments;
  arguments.insert(arguments.begin(), program.name);
  std::vector<char*> argv = argv_of(arguments);
  const int argc = static_cast<int>(arguments.size());
  CLI::App app;
  set_up(app, program, session.common);
  app.require_subcommand(0, 1);  // minet itself reports a missing one
  add_orchestra(app, session);
  add_urmp(app, session);
  add_solos(app, session);
  add_folder(app, session);
  add_merge(app, session);
  add_pose(app, session);
  add_video(app, session);
  add_notes(app, session);
  add_check(app, session);
  return run(app, program, session.common, argc, argv.data(), [&session] {
    if (!session.chosen) {
      throw InputError(
          "expected orchestra, urmp, solos, folder, merge, pose, video, notes or check; see "
          "mi_prepare --help");
    }
    return session.chosen();
  });
}

}  // namespace
}  // namespace minet::app

int main(int argc, char** argv) {
  return minet::app::main({argv + (argc > 0 ? 1 : 0), argv + argc});
}
