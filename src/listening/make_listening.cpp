// Makes the page and the key of a listening test.
//
// The page reveals nothing: sounds are "x" and "y" at random, pairs have random names and are in
// random order, FLAC carries no tags. Only the key tells which sound is which.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <span>

#include "evaluation/clip_notes.hpp"
#include "evaluation/sound_chain.hpp"
#include "listening/listening_pairs.hpp"
#include "listening/page_parts.hpp"
#include "minet/audio/inversion.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/page.hpp"
#include "minet/core/random.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/core/words.hpp"
#include "minet/models/spectrograms.hpp"

namespace minet::listening {

extern const std::string_view kListeningPage;  // listening.html

namespace {

using Json = nlohmann::ordered_json;

struct Pair {
  ListeningClip clip;
  bool notes_given = false;
  audio::Sound real, made;
};

void check(const ListeningOptions& options) {
  const auto in_range = [](const char* name, std::int64_t value, std::int64_t most) {
    if (value < 0 || value > most) {
      throw InputError(text(name, ": expected 0 to ", most, ", got ", value));
    }
  };
  in_range("pairs", options.pairs, 1000);
  in_range("catch_trials", options.catch_trials, 100);
}

// The sounds of each clip, matched in length, fades and loudness.
std::vector<Pair> make_pairs(evaluation::Scene& scene, const std::vector<ListeningClip>& chosen,
                             const ListeningOptions& options) {
  evaluation::Subject& subject = *scene.subject;
  const config::SpectrogramConfig& shape = subject.config().spectrogram;
  std::vector<clips::Clip> clips;
  for (const ListeningClip& each : chosen) clips.push_back(each.clip);
  std::vector<Pair> pairs;
  // One at a time, because a clip gets notes only if its track has some.
  evaluation::for_each_batch(
      "pairs", clips,
      [&](std::size_t i, const std::vector<clips::Clip>& one) {
        Pair pair{.clip = chosen[i],
                  .real = evaluation::real_sound(scene, scene.tracks, one[0]),
                  .made = {}};
        const audio::InversionOptions inversion{
            .iterations = options.iterations,
            .seed = derive_seed(scene.options.seed, "phases", i),
            .threads = at::get_num_threads()};
        const auto invert = [&](const at::Tensor& spectrograms) {
          return audio::invert(models::to_magnitudes(subject.scale(), spectrograms[0]), shape,
                               inversion);
        };
        if (options.real == RealSound::inverted) {
          pair.real = invert(scene.tracks.spectrograms(one, subject.scale()));
        }
        if (pair.clip.catch_trial) {
          pair.made = noise_like(pair.real, derive_seed(scene.options.seed, "catch trial", i));
        } else {
          pair.notes_given =
              options.notes && subject.takes_notes() && scene.track(scene.tracks, one[0]).has_notes;
          pair.made = evaluation::generated_stages(
                          scene, i,
                          {.poses = scene.tracks.poses(one),
                           .notes = evaluation::given_notes(scene, one, pair.notes_given),
                           .sampling = scene.sampling("generated", i)},
                          options.iterations)
                          .front()
                          .sound;
        }
        pair.made.samples.resize(pair.real.samples.size());
        audio::fade_ends(pair.real, kFade);
        audio::fade_ends(pair.made, kFade);
        match_loudness(pair.real, pair.made);
        pairs.push_back(std::move(pair));
      },
      1);
  return pairs;
}

// The loudest of some real training sounds, at the loudness of the pairs, to set the volume with.
audio::Sound volume_sample(const evaluation::Scene& scene) {
  audio::Sound loudest;
  double most = -1;
  for (const clips::Clip& clip : evaluation::scattered_clips(scene, scene.train_tracks, 32)) {
    audio::Sound sound = evaluation::real_sound(scene, scene.train_tracks, clip);
    double energy = 0;
    for (const float x : sound.samples) energy += x * x;
    if (energy > most) {
      most = energy;
      loudest = std::move(sound);
    }
  }
  audio::fade_ends(loudest, kFade);
  audio::Sound same = loudest;
  match_loudness(loudest, same);
  return loudest;
}

std::string flac_text(const audio::Sound& sound) {
  const std::string bytes = audio::flac_bytes(sound);
  return base64(std::as_bytes(std::span(bytes)));
}

// The pairs in listening order: the page's content, and the key's.
struct Trials {
  Json page = Json::array(), answers = Json::array();
  std::map<std::string, std::int64_t> by_instrument;  // number of pairs, without catch trials
  std::int64_t notes_given = 0;                       // number of pairs with notes
};

Trials make_trials(const evaluation::Scene& scene, const std::vector<Pair>& pairs, bool body) {
  Trials trials;
  const std::uint64_t seed = scene.options.seed;
  Random random(derive_seed(seed, "listening order"));
  for (const std::int64_t at : random.permutation(static_cast<std::int64_t>(pairs.size()))) {
    const Pair& pair = pairs[static_cast<std::size_t>(at)];
    const bool made_is_x = random.below(2) == 0;
    const std::string id =
        sha256(text(scene.corpus.hash(), " ", seed, " ", random.next())).substr(0, 8);
    Json trial{{"id", id},
               {"x", flac_text(made_is_x ? pair.made : pair.real)},
               {"y", flac_text(made_is_x ? pair.real : pair.made)}};
    if (body) trial["pose"] = movements(scene.tracks.poses({pair.clip.clip})[0]);
    trials.page.push_back(std::move(trial));
    trials.answers.push_back({{"id", id},
                              {"made", made_is_x ? "x" : "y"},
                              {"catch", pair.clip.catch_trial},
                              {"instrument", pair.clip.instrument},
                              {"track", scene.track(scene.tracks, pair.clip.clip).id},
                              {"start_s", static_cast<double>(pair.clip.clip.first_frame) /
                                              scene.subject->config().frame_rate()},
                              {"notes_given", pair.notes_given}});
    if (pair.clip.catch_trial) continue;
    ++trials.by_instrument[pair.clip.instrument];
    trials.notes_given += pair.notes_given ? 1 : 0;
  }
  return trials;
}

struct TestPage {
  std::string name, html;
};

TestPage test_page(const evaluation::Scene& scene, Json trials, const std::string& title) {
  Json test{{"format", "minet-listening-test"},
            {"version", 1},
            {"seconds", scene.subject->config().data.clip_seconds},
            {"fps", scene.subject->config().pose.fps},  // as scene.tracks gives them
            {"bones", bones()},
            {"sample", flac_text(volume_sample(scene))},
            {"trials", std::move(trials)}};
  const std::string name = sha256(test.dump()).substr(0, 16);
  test["test"] = name;
  std::string page(kListeningPage);
  put(page, "@FIGURE@", kStickFigure);
  put(page, "@TEST@", for_script(test));
  put(page, "@COLOURS@", std::string(page_colours()));
  put(page, "@TITLE@", safe(title));
  return {name, page};
}

std::string report_of(const std::string& headline, const Json& json, const Trials& trials,
                      std::size_t page_bytes) {
  std::vector<std::vector<std::string>> rows{{"instrument", "pairs"}};
  for (const auto& [instrument, count] : trials.by_instrument) {
    rows.push_back({instrument.empty() ? "(no label)" : printable(instrument), text(count)});
  }
  return text(headline, "\n\n", table(rows), "\n",
              counted(json["catch_trials"].get<std::int64_t>(), "catch trial"), "; notes given in ",
              trials.notes_given, " of ", counted(json["pairs"].get<std::int64_t>(), "pair"),
              "; the page takes ", page_bytes / 1000 / 100 / 10.0, " MB.\nGive ",
              json["page"].get<std::string>(), " to listeners and keep ",
              json["key"].get<std::string>(), " to yourself.\n");
}

}  // namespace

evaluation::EvalResult make_listening_test(const ListeningOptions& options) {
  check(options);
  FolderWriter folder(options.out, options.force);
  evaluation::EvalOptions common = options.common;
  common.clips = 1;  // chosen here, by instrument
  evaluation::Scene scene(common, "listening");
  const std::vector<Pair> pairs =
      make_pairs(scene, choose_listening_clips(scene, options), options);
  Trials trials = make_trials(scene, pairs, options.body);
  const TestPage page = test_page(scene, std::move(trials.page), options.title);

  evaluation::Heading heading = scene.heading();
  heading.clips = pairs.size();
  heading.seconds = static_cast<double>(pairs.size()) * scene.subject->config().data.clip_seconds;
  Json json = evaluation::begin_json(heading);
  json["kind"] = scene.subject->kind();
  json["test"] = page.name;
  json["title"] = options.title;
  json["real"] = options.real == RealSound::recorded ? "recorded" : "inverted";
  json["pairs"] = static_cast<std::int64_t>(pairs.size()) - options.catch_trials;
  json["catch_trials"] = options.catch_trials;
  json["notes_given"] = trials.notes_given;
  json["instruments"] = trials.by_instrument;
  Json key = json;
  key["format"] = "minet-listening-key";
  key["format_version"] = 1;
  key["trials"] = std::move(trials.answers);
  save_file(folder.path() / "listening.html", page.html);
  save_file(folder.path() / "key.json", evaluation::dump(key));
  folder.commit();

  json["page"] = (options.out / "listening.html").string();
  json["key"] = (options.out / "key.json").string();
  return {.json = evaluation::dump(json),
          .report = report_of(evaluation::headline(heading), json, trials, page.html.size())};
}

}  // namespace minet::listening
