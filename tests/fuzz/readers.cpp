// Every reader of external bytes that needs no LibTorch. Those in rooms with LibTorch whose sources
// do not use it (sidecars, answers, networks, run folders, curves) are compiled into the
// harness.
#include <array>
#include <cmath>

#include "audio/sniff.hpp"
#include "audio/sound_reader.hpp"
#include "corpus/index.hpp"
#include "corpus/solos_files.hpp"
#include "corpus/table.hpp"
#include "evaluation/curves.hpp"
#include "fuzz/target.hpp"
#include "generation/sidecar.hpp"
#include "listening/listening_answers.hpp"
#include "minet/config/config.hpp"
#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/shard.hpp"
#include "minet/core/text.hpp"
#include "minet/pose/causal.hpp"
#include "minet/pose/picture_line.hpp"
#include "minet/pose/prepare.hpp"
#include "minet/pose/readers.hpp"
#include "minet/training/run_folder.hpp"
#include "vision/tflite_file.hpp"

namespace minet::fuzz {
namespace {

template <class Read>
void reading(const Read& read) {
  try {
    read();
  } catch (const InputError& error) {
    for (const std::string& line : split(error.what(), '\n')) {
      require(line.size() < 4000, "a message does not echo the file");
    }
  }
}

void npy(std::string_view bytes) {
  const auto path = files().write("a.npy", bytes);
  reading([&] { npy_shape(path); });
  reading([&] { read_npy_float(path); });
  reading([&] { read_npy_float_rows(path, 1, 2); });
  reading([&] { read_npy_int(path); });
}

void csv(std::string_view bytes) {
  reading([&] {
    const CsvTable table = parse_csv(bytes, "fuzzed");
    std::string written = csv_line(table.header);
    for (const CsvRow& row : table.rows) {
      require(row.cells.size() == table.header.size(), "a row has the header's cells");
      written += csv_line(row.cells);
      for (const std::string& cell : row.cells) parse_cell(cell, table.separator);
    }
  });
}

void yaml(std::string_view bytes) {
  reading([&] {
    const config::TrainConfig config = config::parse_train_config(bytes, "fuzzed");
    const std::string written = config::to_yaml(config);
    require(config::to_yaml(config::parse_train_config(written, "written")) == written,
            "what is written is read the same");
  });
}

void read_pose_file(std::string_view bytes, const char* name, pose::PoseFormat format) {
  const auto path = files().write(name, bytes);
  reading([&] {
    const pose::RawPose raw = pose::read_pose(path, {.format = format});
    require(static_cast<std::int64_t>(raw.data.size()) == raw.frames() * pose::kJoints * 3,
            "47 joints a frame");
    for (std::size_t i = 1; i < raw.times.size(); ++i) {
      require(raw.times[i] > raw.times[i - 1], "times rise");
    }
    if (raw.frames() > 2000 || raw.times.back() > 600) return;  // slow, and covers no further code
    pose::PoseSequence pose = pose::prepare_pose(path, {.read = {.format = format}});
    pose::normalise(pose);
    for (const float value : pose::pose_window(pose, 0, 10)) {
      require(std::isfinite(value), "poses are numbers");
    }
  });
}

void pose_json(std::string_view bytes) {
  read_pose_file(bytes, "a.json", pose::PoseFormat::automatic);
}
void pose_csv(std::string_view bytes) {
  read_pose_file(bytes, "a.csv", pose::PoseFormat::automatic);
}
void pose_array(std::string_view bytes) {
  read_pose_file(bytes, "b.npy", pose::PoseFormat::automatic);
  read_pose_file(bytes, "b.npy", pose::PoseFormat::solos);
}

// Lines of one stream, like the keypoints of a live player.
void pose_line(std::string_view bytes) {
  pose::CausalPose player;
  double now = 0;
  for (const std::string& line : split(std::string(bytes.substr(0, 1 << 16)), '\n')) {
    reading([&] {
      const pose::ArrivedPicture picture = pose::parse_picture_line(line);
      player.add(picture.joints, now += 0.04);
      if (!player.started()) return;
      player.tick(now);
      for (const float value : player.pair(now)) require(std::isfinite(value), "poses are numbers");
    });
  }
}

void sound(std::string_view bytes) {
  const auto path = files().write("a.wav", bytes);
  reading([&] {
    const auto file = std::make_shared<audio::InputFile>(path);
    const audio::Sniffed sniffed = audio::sniff(*file, path);
    if (sniffed.container == audio::Container::other) return;  // ffmpeg's
    const std::size_t links = std::max<std::size_t>(1, sniffed.links.size());
    for (std::size_t link = 0; link < std::min<std::size_t>(links, 4); ++link) {
      audio::SoundReader reader(file, sniffed, path, link);
      std::array<float, 4096> block{};
      std::size_t got = 0, all = 0;
      while ((got = reader.read(block)) > 0 && (all += got) < (1 << 20)) {
        for (std::size_t i = 0; i < got; ++i)
          require(std::isfinite(block[i]), "samples are numbers");
      }
    }
  });
}

void table(std::string_view bytes) {
  const auto path = files().write("t.csv", bytes);
  reading([&] { corpus::read_table(path); });
}

void corpus_index(std::string_view bytes) {
  const auto parts = parts_of(bytes, 3);
  files().write(corpus::kCorpusFile, parts[0]);
  files().write(corpus::kTracksFile, parts[1]);
  files().write(corpus::kNoticesFile, parts[2]);
  reading([&] { corpus::tracks_csv(corpus::read_index(files().folder()).entries); });
}

void solos(std::string_view bytes) {
  const auto parts = parts_of(bytes, 3);
  files().write("solos_ids.json", parts[0]);
  files().write("solos_timestamps.json", parts[1]);
  files().write("skeleton_dict.json", parts[2]);
  reading([&] { corpus::read_solos_index(files().folder()); });
}

void sidecar(std::string_view bytes) {
  const auto path = files().write("s.json", bytes);
  reading([&] { generation::to_json(generation::read_sidecar(path)); });
}

void listening(std::string_view bytes) {
  const auto parts = parts_of(bytes, 2);
  const auto key = files().write("key.json", parts[0]);
  const auto answers = files().write("answers.json", parts[1]);
  reading(
      [&] { listening::read_listening_answers({answers}, listening::read_listening_key(key)); });
}

void run(std::string_view bytes) {
  const auto parts = parts_of(bytes, 3);
  files().write("config.yaml", "");
  files().write("run.json", parts[0]);
  files().write("command.json", parts[2]);
  const auto metrics = files().write("metrics.jsonl", parts[1]);
  reading([&] { training::read_run_settings(files().folder()); });
  reading([&] { read_shard_command(files().folder()); });
  reading([&] {
    const evaluation::Curve curve = evaluation::read_curve(metrics, "vqvae", "loss", "loss");
    evaluation::curves_svg("loss", {curve}, "step");
    training::truncate_metrics(metrics, training::Stage::vqvae, 20);
    const auto kept = evaluation::read_curve(metrics, "vqvae", "loss", "loss").points;
    require(kept.size() <= curve.points.size(), "a shorter curve");
    for (const auto& [step, loss] : kept) require(step <= 20, "no later step");
  });
}

void tflite(std::string_view bytes) {
  reading([&] { vision::parse_tflite(std::string(bytes), "fuzzed"); });
}

constexpr Target kReaders[] = {
    {"npy", npy},
    {"csv", csv},
    {"yaml", yaml},
    {"score", score},
    {"sound", sound},
    {"pose_json", pose_json},
    {"pose_csv", pose_csv},
    {"pose_array", pose_array},
    {"pose_line", pose_line},
    {"table", table},
    {"corpus", corpus_index},
    {"solos", solos},
    {"sidecar", sidecar},
    {"listening", listening},
    {"run", run},
    {"tflite", tflite},
};

}  // namespace

std::span<const Target> readers() {
  return kReaders;
}

}  // namespace minet::fuzz
