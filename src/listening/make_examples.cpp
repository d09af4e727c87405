// Makes the page of examples.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <utility>

#include "evaluation/result.hpp"
#include "evaluation/subject.hpp"
#include "listening/page_parts.hpp"
#include "minet/audio/picture.hpp"
#include "minet/audio/spectrogram.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/html.hpp"
#include "minet/core/page.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/random.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/core/words.hpp"
#include "minet/corpus/corpus.hpp"
#include "minet/corpus/instruments.hpp"
#include "minet/listening/examples.hpp"
#include "minet/models/device.hpp"
#include "minet/pose/prepare.hpp"

namespace minet::listening {

extern const std::string_view kExamplesScript;  // examples.js

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr char kStyle[] = R"(<style>
:root { --right: #2f7fd8; --left: #e0782a; }
.player { display: grid; grid-template-columns: 13rem minmax(0, 1fr); gap: 1rem; margin: .75rem 0 2.5rem; }
.player canvas { width: 100%; height: 13rem; position: sticky; top: .5rem; }
.player figure { min-width: 0; }
.picture { position: relative; cursor: pointer; }
.picture .line { position: absolute; top: 0; bottom: 0; width: 2px; background: #fff; }
@media (max-width: 40rem) {
  .player { grid-template-columns: minmax(0, 1fr); }
  .player canvas { height: 9rem; background: var(--paper); z-index: 1; }
}
</style>
)";

struct Player {
  std::string name, instrument;  // instrument may be empty
  pose::PoseSequence pose;       // normalised
  std::optional<std::vector<score::Note>> notes = std::nullopt;
  std::optional<audio::Sound> recorded = std::nullopt;
  double seconds = 0;
};

struct PlayedSound {
  std::string name, model = {}, file = {}, flac = {};
  bool notes_given = false;
  audio::Sound sound = {};
};

struct NamedSubject {
  std::string name;
  std::unique_ptr<evaluation::Subject> subject;
};

void check(const ExamplesOptions& options) {
  if (options.models.empty()) throw InputError("models: expected at least one, got none");
  if (!options.corpus && options.players.empty()) {
    throw InputError("examples: expected a corpus or players, got neither");
  }
  if (!(options.seconds > 0 && options.seconds <= 600)) {
    throw InputError(text("seconds: expected more than 0 and at most 600, got ", options.seconds));
  }
  if (options.tracks < 1 || options.tracks > 1000) {
    throw InputError(text("tracks: expected 1 to 1000, got ", options.tracks));
  }
}

// Folder names as names, or whole paths if two are the same.
std::vector<NamedSubject> load_subjects(const ExamplesOptions& options) {
  const at::Device device = models::select_device(options.device);
  const auto short_name = [](const fs::path& path) {
    const fs::path whole = path.lexically_normal();
    return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
  };
  std::vector<NamedSubject> subjects;
  for (const fs::path& path : options.models) {
    const auto alike =
        std::count_if(options.models.begin(), options.models.end(),
                      [&](const fs::path& other) { return short_name(other) == short_name(path); });
    subjects.push_back({.name = alike > 1 ? path.string() : short_name(path),
                        .subject = evaluation::load_subject(path, device, "examples")});
  }
  return subjects;
}

// `count` tracks, spread over the instruments, then over each instrument's tracks.
std::vector<corpus::Track> spread(const std::vector<corpus::Track>& tracks,
                                  const std::map<std::string, std::string>& labels,
                                  std::int64_t count) {
  std::map<std::string, std::vector<corpus::Track>> by_instrument;
  for (const corpus::Track& track : tracks) {
    const auto label = labels.find(track.id);
    by_instrument[label == labels.end() ? "" : label->second].push_back(track);
  }
  std::vector<corpus::Track> in_turns;
  for (std::size_t turn = 0; in_turns.size() < tracks.size(); ++turn) {
    std::vector<corpus::Track> round;
    for (const auto& [name, some] : by_instrument) {
      if (turn < some.size()) round.push_back(some[turn]);
    }
    const auto room = static_cast<std::size_t>(count) - in_turns.size();
    const std::size_t taken = std::min(room, round.size());
    for (std::size_t i = 0; i < taken; ++i) {
      in_turns.push_back(round[i * round.size() / taken]);
    }
    if (taken == room) break;
  }
  return in_turns;
}

std::vector<corpus::Track> choose_tracks(const corpus::Corpus& corpus,
                                         const std::map<std::string, std::string>& labels,
                                         const ExamplesOptions& options) {
  if (options.chosen.empty()) {
    const std::vector<corpus::Track> tracks =
        options.split.empty() ? corpus.tracks() : corpus.tracks_of(options.split);
    if (tracks.empty()) {
      throw InputError(text(corpus.root().string(), ": expected tracks in split '",
                            printable(options.split), "', got none; choose another split"));
    }
    return spread(tracks, labels, options.tracks);
  }
  std::vector<corpus::Track> tracks;
  for (const std::string& id : options.chosen) {
    const auto found = std::find_if(corpus.tracks().begin(), corpus.tracks().end(),
                                    [&](const corpus::Track& track) { return track.id == id; });
    if (found == corpus.tracks().end()) {
      throw InputError(text(corpus.root().string(), ": expected a track '", printable(id),
                            "', but there is none; its tracks.csv lists them"));
    }
    tracks.push_back(*found);
  }
  return tracks;
}

std::vector<Player> players_of_corpus(const ExamplesOptions& options) {
  const corpus::Corpus corpus = corpus::Corpus::open(*options.corpus);
  const std::map<std::string, std::string> labels = corpus::read_instruments(corpus);
  std::vector<Player> players;
  for (const corpus::Track& track : choose_tracks(corpus, labels, options)) {
    const auto label = labels.find(track.id);
    Player player{.name = track.id,
                  .instrument = label == labels.end() ? "" : label->second,
                  .pose = corpus.read_pose(track),
                  .seconds = std::min(options.seconds, track.seconds)};
    pose::normalise(player.pose);
    if (track.has_notes) player.notes = corpus.read_notes(track);
    player.recorded =
        audio::read_sound_segment(corpus.audio_path(track), 0,
                                  static_cast<std::int64_t>(player.seconds * corpus.sample_rate()));
    players.push_back(std::move(player));
  }
  return players;
}

Player player_of_file(const fs::path& path, const ExamplesOptions& options) {
  const fs::path whole = path.lexically_normal();
  Player player{.name = (whole.has_filename() ? whole : whole.parent_path()).stem().string(),
                .instrument = {},
                .pose = pose::prepare_pose(path)};
  pose::normalise(player.pose);
  player.seconds = std::min(options.seconds, player.pose.seconds());
  return player;
}

std::vector<PlayedSound> sounds_of(const Player& player, std::vector<NamedSubject>& subjects,
                                   const ExamplesOptions& options, std::uint64_t seed) {
  std::vector<PlayedSound> sounds;
  if (player.recorded) sounds.push_back({.name = "recorded", .sound = *player.recorded});
  for (NamedSubject& one : subjects) {
    for (const bool notes : {false, true}) {
      if (notes && (!one.subject->takes_notes() || !player.notes)) continue;
      generation::SamplingChoice sampling = options.sampling;
      sampling.seed = seed;
      evaluation::PlayerInput input{
          .pose = player.pose,
          .seconds = player.seconds,
          .sampling = sampling,
          .inversion = {
              .iterations = options.iterations, .seed = seed, .threads = at::get_num_threads()}};
      if (notes) input.notes = player.notes;
      sounds.push_back({.name = text(one.name, notes ? ", with notes" : ", keypoints alone"),
                        .model = one.name,
                        .notes_given = notes,
                        .sound = one.subject->play(input)});
    }
  }
  return sounds;
}

// A file name made from any name.
std::string file_name(const std::string& name) {
  std::string result;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '.';
    if (plain) {
      result += c;
    } else if (!result.empty() && result.back() != '-') {
      result += '-';
    }
  }
  return result;
}

std::string figure_of(const PlayedSound& sound, const std::vector<std::byte>& picture) {
  const std::string name = html_escape(printable(sound.name));
  return text("<figure><figcaption>", name, "</figcaption><div class=\"picture\"><img alt=\"", name,
              ": spectrogram\" src=\"", data_uri("image/png", picture),
              "\"><div class=\"line\" hidden></div></div><audio controls preload=\"auto\" src=\"",
              data_uri("audio/flac", std::as_bytes(std::span(sound.flac))),
              "\"></audio></figure>\n");
}

// One player's images have the same brightness scale, that of the first sound.
std::string player_html(const Player& player, const std::vector<PlayedSound>& sounds,
                        const config::SpectrogramConfig& shape) {
  std::string html =
      text("<h2>", html_escape(printable(player.name)),
           player.instrument.empty() ? "" : " &middot; ", html_escape(printable(player.instrument)),
           "</h2>\n<div class=\"player\"><canvas role=\"img\" aria-label=\"The player's "
           "movements, as a stick figure\"></canvas><div class=\"row\">\n");
  std::optional<float> reference;
  for (const PlayedSound& sound : sounds) {
    const audio::Spectrogram magnitudes = audio::magnitude(sound.sound, shape);
    if (!reference) {
      reference = *std::max_element(magnitudes.values.begin(), magnitudes.values.end());
    }
    // Silence has no maximum.
    html +=
        figure_of(sound, audio::spectrogram_png(
                             magnitudes, {.sample_rate = sound.sound.sample_rate,
                                          .reference = *reference > 0 ? reference : std::nullopt}));
  }
  return html + "</div></div>\n";
}

Json movements_of(const Player& player) {
  const auto frames = std::max<std::int64_t>(1, std::llround(player.seconds * pose::kPoseFps));
  const std::vector<float> values = pose::pose_window(player.pose, 0, frames);
  return movements(at::tensor(values).view({frames, pose::kPoseWidth}));
}

std::vector<std::string> facts_of(const ExamplesOptions& options,
                                  const std::vector<NamedSubject>& subjects) {
  std::vector<std::string> facts;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    const evaluation::Subject& subject = *subjects[i].subject;
    const generation::SamplingOptions alone = subject.sampling(options.sampling, false);
    std::string fact =
        text("model ", printable(options.models[i].string()), " (", subject.kind(),
             "), temperature ", to_text(alone.temperature), ", top_p ", to_text(alone.top_p));
    if (subject.takes_notes()) {
      const generation::SamplingOptions told = subject.sampling(options.sampling, true);
      fact += text("; with notes temperature ", to_text(told.temperature), ", top_p ",
                   to_text(told.top_p));
    }
    facts.push_back(std::move(fact));
  }
  if (options.corpus) {
    facts.push_back(text("corpus ", printable(options.corpus->string()),
                         options.split.empty() ? "" : text(", split ", options.split)));
  }
  facts.push_back(text("seed ", options.seed, ", minet ", version(),
                       "; press play: the player moves with the sound"));
  return facts;
}

}  // namespace

evaluation::EvalResult make_examples(const ExamplesOptions& options) {
  check(options);
  models::use_threads(options.threads);
  FolderWriter folder(options.out, options.force);
  std::vector<NamedSubject> subjects = load_subjects(options);
  std::vector<Player> players;
  if (options.corpus) players = players_of_corpus(options);
  for (const fs::path& path : options.players) players.push_back(player_of_file(path, options));

  std::string html = page_begin(options.title, options.title, facts_of(options, subjects)) + kStyle;
  Json shown{{"fps", pose::kPoseFps}, {"bones", bones()}, {"players", Json::array()}};
  Json json{{"metric", "examples"}, {"version", version()}, {"seed", options.seed}};
  fs::create_directory(folder.path() / "sound");
  std::set<std::string> names;
  Progress progress("players", static_cast<std::int64_t>(players.size()), "players");
  std::int64_t done = 0;
  for (const Player& player : players) {
    throw_if_stopped("stopped while generating; nothing was written");
    std::vector<PlayedSound> sounds =
        sounds_of(player, subjects, options,
                  derive_seed(options.seed, "examples", static_cast<std::uint64_t>(done)));
    Json of{{"name", player.name}};
    if (!player.instrument.empty()) of["instrument"] = player.instrument;
    of["seconds"] = player.seconds;
    for (PlayedSound& sound : sounds) {
      const std::string stem = file_name(text(player.name, "-", sound.name));
      sound.file = text("sound/", stem, ".flac");
      for (int i = 2; !names.insert(sound.file).second; ++i) {
        sound.file = text("sound/", stem, "-", i, ".flac");
      }
      sound.flac = audio::flac_bytes(sound.sound);
      save_file(folder.path() / sound.file, sound.flac);
      of["sounds"].push_back({{"name", sound.name},
                              {"model", sound.model},
                              {"notes_given", sound.notes_given},
                              {"file", sound.file}});
    }
    html += player_html(player, sounds, subjects.front().subject->config().spectrogram);
    shown["players"].push_back(movements_of(player));
    json["players"].push_back(std::move(of));
    progress.update(++done);
  }
  progress.finish();
  html += text("<script id=\"movements\" type=\"application/json\">", for_script(shown),
               "</script>\n<script>\n", kStickFigure, kExamplesScript, "</script>\n", page_end());
  save_file(folder.path() / "index.html", html);
  folder.commit();
  json["page"] = (options.out / "index.html").string();
  return {.json = evaluation::dump(json),
          .report = text(counted(static_cast<std::int64_t>(players.size()), "player"), "; open ",
                         (options.out / "index.html").string(), " in a browser\n")};
}

}  // namespace minet::listening
