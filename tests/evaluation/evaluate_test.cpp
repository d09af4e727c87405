// The whole of mi_eval on a small corpus with a small random model.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "evaluation/clip_notes.hpp"
#include "evaluation/scene.hpp"
#include "evaluation/support.hpp"
#include "minet/audio/sound.hpp"
#include "minet/core/table.hpp"
#include "minet/evaluation/nll.hpp"
#include "minet/evaluation/reconstruction.hpp"
#include "minet/models/plus.hpp"
#include "minet/models/safetensors.hpp"
#include "minet/score/note_indices.hpp"
#include "minet/score/notes.hpp"
#include "support/source_folder.hpp"
#include "support/temp_folder.hpp"

namespace minet::evaluation {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class Evaluate : public OnSmallCorpus<Evaluate> {
 protected:
  static ReconstructionOptions reconstruction() {
    return {.common = common(5), .baseline_frames = 1000, .invert_iterations = 2};
  }
  static NllOptions nll() { return {.common = common(5)}; }
  static Json run(const ReconstructionOptions& options) {
    return Json::parse(evaluate_reconstruction(options).json);
  }
  static Json run(const NllOptions& options) { return Json::parse(evaluate_nll(options).json); }
  static fs::path variant(const std::string& name, const models::Model& model) {
    save_model(model, folder_->path() / name);
    return folder_->path() / name;
  }
};

TEST_F(Evaluate, ReconstructionHasEveryKeyAndItsBaselines) {
  const EvalResult result = evaluate_reconstruction(reconstruction());
  const Json json = Json::parse(result.json);
  for (const char* key : {"metric", "model", "corpus", "split", "seed", "version", "device", "l2",
                          "spectral_convergence_db", "log_spectral_distance_db", "codes_used",
                          "perplexity", "clips", "frames", "baseline_frames"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["metric"], "reconstruction");
  EXPECT_EQ(json["split"], "test");
  EXPECT_EQ(json["clips"], 5);
  EXPECT_EQ(json["frames"], 5 * 250);
  EXPECT_GT(json["codes_used"], 1);
  EXPECT_LE(json["perplexity"], json["codes_used"]);
  const Json& baselines = json["baselines"];
  const double kmeans = baselines["pca_kmeans"]["l2"], pca = baselines["pca"]["l2"],
               mean = baselines["bin_mean"]["l2"];
  EXPECT_LT(pca, kmeans);
  EXPECT_LT(kmeans, mean);
  EXPECT_LT(kmeans, json["l2"]) << "random weights cannot beat k-means";
  EXPECT_LE(baselines["pca_kmeans"]["codes_used"], 64);
  EXPECT_FALSE(baselines["pca"].contains("codes_used"));
  EXPECT_CONTAINS(result.report, "this model");
  EXPECT_CONTAINS(result.report, "k-means codes");
  EXPECT_CONTAINS(result.report, "not better than k-means");
}

TEST_F(Evaluate, TheFigureIsTheTrainingsLoss) {
  const models::Model model = models::load_model(folder_->path() / "model");
  const corpus::Corpus corpus = corpus::Corpus::open(corpus_);
  const clips::TrackStore tracks(corpus, "test", model.config);
  const auto clips = clips::even_clips(tracks.frames(), 250, 5);
  const at::NoGradGuard no_grad;
  const auto output = models::VqVae(model.vqvae)->forward(tracks.spectrograms(clips, model.scale));
  EXPECT_NEAR(run(reconstruction())["l2"], output.reconstruction_loss.item<double>(), 1e-5);
}

TEST_F(Evaluate, TheSameSeedGivesTheSameReconstructionFigures) {
  ReconstructionOptions options = reconstruction();
  const std::string json = evaluate_reconstruction(options).json;
  EXPECT_EQ(json, evaluate_reconstruction(options).json);
  options.common.seed = 2;
  const Json other = run(options), same = Json::parse(json);
  EXPECT_EQ(other["l2"], same["l2"]);
  EXPECT_NE(other["baselines"]["pca_kmeans"]["l2"], same["baselines"]["pca_kmeans"]["l2"]);
}

TEST_F(Evaluate, TheSameSeedGivesTheSameNllFigures) {
  NllOptions options = nll();
  const std::string json = evaluate_nll(options).json;
  EXPECT_EQ(json, evaluate_nll(options).json);
  options.common.seed = 2;
  const Json other = run(options), same = Json::parse(json);
  EXPECT_EQ(other["nll_nats"], same["nll_nats"]);
  EXPECT_NE(other["nll_shuffled_pose_nats"], same["nll_shuffled_pose_nats"]);
}

TEST_F(Evaluate, NllHasEveryKeyAndItsBaselines) {
  const EvalResult result = evaluate_nll(nll());
  const Json json = Json::parse(result.json);
  for (const char* key :
       {"metric", "model", "corpus", "split", "seed", "version", "nll_nats", "nll_bits_per_second",
        "nll_notes_nats", "nll_shuffled_pose_nats", "nll_pose_gain_nats",
        "nll_notes_shuffled_pose_nats", "repeat_share", "clips_with_notes"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  // Random weights have learned nothing: close to uniform.
  EXPECT_NEAR(json["nll_nats"], std::log(64), 0.5);
  EXPECT_NE(json["nll_nats"], json["nll_notes_nats"]);
  EXPECT_NEAR(json["nll_bits_per_second"], json["nll_nats"].get<double>() / std::log(2) * 62.5,
              1e-9);
  EXPECT_EQ(json["clips_with_notes"], 5);
  const Json& baselines = json["baselines"];
  EXPECT_DOUBLE_EQ(baselines["uniform"]["nll_nats"], std::log(64));
  EXPECT_LT(baselines["bigram"]["nll_nats"], baselines["unigram"]["nll_nats"]);
  EXPECT_LT(baselines["unigram"]["nll_nats"], baselines["uniform"]["nll_nats"]);
  EXPECT_CONTAINS(result.report, "bigram");
  EXPECT_CONTAINS(result.report, "with notes");
  EXPECT_CONTAINS(result.report, "another track's body");
}

TEST_F(Evaluate, TheGainOfTheBodyIsTheSumOfItsMoments) {
  const EvalResult result = evaluate_nll(nll());
  const Json json = Json::parse(result.json);
  for (const std::string prefix : {"nll", "nll_notes"}) {
    const Json& moments = json[prefix + "_moments"];
    // Notes of 0.45 s every 0.5 s: no rest is 0.2 s long.
    EXPECT_FALSE(moments.contains("rest"));
    EXPECT_NEAR(moments["onset"]["share"], 0.2, 0.02);
    EXPECT_NEAR(moments["sustain"]["share"], 0.5, 0.02);
    double share = 0, nats = 0, gain = 0;
    for (const Json& moment : moments) {
      EXPECT_EQ(moment["clips"], 5);
      EXPECT_GT(moment["pose_gain_standard_error"], 0);
      share += moment["share"].get<double>();
      nats += moment["share"].get<double>() * moment["nats"].get<double>();
      gain += moment["share"].get<double>() * moment["pose_gain_nats"].get<double>();
    }
    EXPECT_NEAR(share, 1, 1e-12);
    EXPECT_NEAR(nats, json[prefix + "_nats"], 1e-9);
    EXPECT_NEAR(gain, json[prefix + "_pose_gain_nats"], 1e-9);
    EXPECT_NE(moments["onset"]["pose_gain_nats"], moments["sustain"]["pose_gain_nats"]);
  }
  EXPECT_CONTAINS(result.report, "within 50 ms of an onset");
  EXPECT_CONTAINS(result.report, "body saves");
}

// The sum over moments of `key`, weighted by their shares of the codes.
double over_moments(const Json& moments, const char* key) {
  double sum = 0;
  for (const Json& moment : moments) {
    sum += moment["share"].get<double>() * moment[key].get<double>();
  }
  return sum;
}

TEST_F(Evaluate, ResultsWithNotesAreOfTheClipsThatHaveThem) {
  const TempFolder folder;
  NllOptions mixed = nll();
  mixed.common.corpus = make_corpus(folder.path(), {.last_without_notes = 1});
  const EvalResult result = evaluate_nll(mixed);
  const Json json = Json::parse(result.json);
  EXPECT_EQ(json["clips"], 5);
  EXPECT_LT(json["clips_with_notes"], 5);
  EXPECT_NEAR(over_moments(json["nll_notes_moments"], "nats"), json["nll_notes_nats"], 1e-9);
  EXPECT_NEAR(over_moments(json["nll_notes_moments"], "pose_gain_nats"),
              json["nll_notes_pose_gain_nats"], 1e-9);
  EXPECT_CONTAINS(result.report, "of 5 clips have notes");

  mixed.clips_with_notes = true;
  const Json noted = run(mixed);
  EXPECT_EQ(noted["clips"], json["clips_with_notes"]);
  EXPECT_NEAR(noted["nll_notes_nats"], json["nll_notes_nats"], 1e-6);
  EXPECT_NEAR(noted["nll_notes_pose_gain_nats"], json["nll_notes_pose_gain_nats"], 1e-6);
  EXPECT_NE(noted["nll_nats"], json["nll_nats"]);
  EXPECT_NEAR(over_moments(noted["nll_moments"], "nats"), noted["nll_nats"], 1e-9);
  mixed.common.corpus = make_corpus(folder.path() / "none", {.last_without_notes = 3});
  EXPECT_CONTAINS(input_error([&] { evaluate_nll(mixed); }), "expected clips with notes");
}

TEST_F(Evaluate, AUniformPriorHasTheUniformNll) {
  models::Model model = models::load_model(folder_->path() / "model");
  {
    const at::NoGradGuard no_grad;
    for (const auto& item : model.prior->named_parameters()) {
      if (item.key().starts_with("head")) item.value().zero_();
    }
  }
  NllOptions flat = nll();
  flat.common.model = variant("flat", model);
  const Json json = run(flat);
  EXPECT_NEAR(json["nll_nats"], std::log(64), 1e-5);
  EXPECT_NEAR(json["nll_notes_nats"], std::log(64), 1e-5);
}

TEST_F(Evaluate, ABlindBodyEncoderMakesNoDifferenceBetweenBodies) {
  models::Model model = models::load_model(folder_->path() / "model");
  {
    const at::NoGradGuard no_grad;
    for (const auto& parameter : model.body->parameters()) parameter.zero_();
  }
  NllOptions blind = nll();
  blind.common.model = variant("blind", model);
  const Json json = run(blind);
  EXPECT_EQ(json["nll_nats"], json["nll_shuffled_pose_nats"]);
  EXPECT_EQ(json["nll_notes_nats"], json["nll_notes_shuffled_pose_nats"]);
  EXPECT_EQ(json["nll_pose_gain_nats"], 0);
  EXPECT_EQ(json["nll_moments"]["onset"]["pose_gain_nats"], 0);
  EXPECT_EQ(json["nll_notes_moments"]["sustain"]["pose_gain_nats"], 0);
  const Json seeing = run(nll());
  EXPECT_NE(seeing["nll_nats"], seeing["nll_shuffled_pose_nats"]);
}

TEST_F(Evaluate, WithoutContentThereIsNoFigureWithNotesAndAReason) {
  NllOptions bare = nll();
  bare.common.model = variant("bare", make_model_for(corpus_, small_config(false)));
  const EvalResult result = evaluate_nll(bare);
  const Json json = Json::parse(result.json);
  EXPECT_FALSE(json.contains("nll_notes_nats"));
  EXPECT_FALSE(json.contains("nll_notes_moments"));
  EXPECT_TRUE(json["nll_moments"].contains("onset")) << "the corpus still has notes";
  EXPECT_CONTAINS(result.report, "trained without notes");
}

TEST_F(Evaluate, AModelWhoseTrainingHadNoNotesIsGivenNone) {
  models::Model model = models::load_model(folder_->path() / "model");
  models::PlusModel plus = models::load_plus(source_folder() / "models" / "plus");
  model.notes_trained = plus.notes_trained = false;
  fs::create_directory(folder_->path() / "plus");
  models::save_safetensors(folder_->path() / "plus" / "model.safetensors",
                           models::plus_state(plus));
  for (const fs::path& path : {variant("unaware", model), folder_->path() / "plus"}) {
    NllOptions options = nll();
    options.common.model = path;
    EXPECT_FALSE(Scene(options.common, "nll").subject->takes_notes());
    const EvalResult result = evaluate_nll(options);
    EXPECT_EQ(result.json.find("nll_notes"), std::string::npos) << result.json;
  }
}

TEST_F(Evaluate, ACorpusWithoutNotesAndOfOneTestTrackIsMeasuredAsFarAsItGoes) {
  const TempFolder folder;
  NllOptions poor = nll();
  poor.common.corpus =
      make_corpus(folder.path(), {.train_tracks = 1, .test_tracks = 1, .notes = false});
  const EvalResult result = evaluate_nll(poor);
  const Json json = Json::parse(result.json);
  EXPECT_TRUE(json.contains("nll_nats"));
  EXPECT_FALSE(json.contains("nll_notes_nats"));
  EXPECT_FALSE(json.contains("nll_shuffled_pose_nats"));
  EXPECT_FALSE(json.contains("nll_moments"));
  EXPECT_EQ(result.report.find("onset"), std::string::npos) << result.report;
  EXPECT_CONTAINS(result.report, "no track of the split has notes");
  EXPECT_CONTAINS(result.report, "of one track");
}

TEST_F(Evaluate, ModelsAreGivenTheNotesOfTheTracks) {
  const Scene scene(common(5), "notes");
  const auto given = given_notes(scene, scene.clips, true).value();
  const at::Tensor expected = scene.tracks.notes(scene.clips);  // [B, T]
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto indices =
        score::note_indices(given[i], scene.clip_frames(), scene.config().frame_rate());
    EXPECT_TRUE(at::tensor(indices, at::kLong).equal(expected[static_cast<std::int64_t>(i)])) << i;
  }
}

// It may ring on, so that the clip's first frames are no rest.
TEST_F(Evaluate, ANoteThatEndedBeforeAClipIsOneOfItsNotes) {
  const Scene scene(common(5), "notes");
  const std::vector<score::Note> notes = notes_of(scene, {.track = 0, .first_frame = 30});
  EXPECT_NEAR(notes.at(0).end_s(), 0.45 - 0.48, 1e-6);
  EXPECT_NEAR(notes.at(1).onset_s, 0.5 - 0.48, 1e-6);
}

// A repeated note has an onset of its own, which the pitches alone do not show.
TEST_F(Evaluate, PlusIsGivenTheOnsetsOfRepeatedNotes) {
  EvalOptions options = common(1);
  options.model = source_folder() / "models" / "plus";
  const Scene scene(options, "notes");
  const auto sound = [&](const std::vector<score::Note>& notes) {
    const ClipInput input{.poses = scene.tracks.poses(scene.clips),
                          .notes = {{notes}},
                          .sampling = scene.sampling("generated", 0)};
    return scene.subject->sounds(input).at(0).samples;
  };
  const score::Note held{.onset_s = 0.5, .duration_s = 2, .pitch = 67};
  const score::Note first{.onset_s = 0.5, .duration_s = 1, .pitch = 67};
  const score::Note second{.onset_s = 1.5, .duration_s = 1, .pitch = 67};
  EXPECT_EQ(sound({held}), sound({held}));
  EXPECT_NE(sound({held}), sound({first, second}));
}

TEST_F(Evaluate, PlusIsGivenAnotherBodyOnlyIfThereIsOne) {
  NllOptions plus = nll();
  plus.common.model = source_folder() / "models" / "plus";
  const Json whole = run(plus);
  const std::vector<std::string> of_others = {"nll_shuffled_pose_nats", "nll_pose_gain_nats",
                                              "nll_at_onsets_pose_gain_nats",
                                              "nll_notes_level_pose_gain_nats"};
  for (const std::string& key : of_others) EXPECT_TRUE(whole.contains(key)) << key;
  EXPECT_EQ(whole["clips_with_notes"], 5);
  EXPECT_TRUE(whole.contains("nll_notes_level_nats"));

  const TempFolder folder;
  plus.common.corpus = make_corpus(folder.path(), {.test_tracks = 1, .last_without_notes = 1});
  const EvalResult result = evaluate_nll(plus);
  const Json alone = Json::parse(result.json);
  EXPECT_TRUE(alone.contains("nll_nats"));
  EXPECT_TRUE(alone.contains("nll_at_onsets_nats"));
  for (const std::string& key : of_others) EXPECT_FALSE(alone.contains(key)) << key;
  EXPECT_FALSE(alone.contains("nll_notes_level_nats"));
  EXPECT_CONTAINS(result.report, "of one track");
}

TEST_F(Evaluate, AnySplitAndTheWholeOfItCanBeMeasured) {
  ReconstructionOptions all = reconstruction();
  all.common.clips = 0;
  all.common.split = "train";
  EXPECT_EQ(run(all)["clips"], 4 * 2);  // 9 s tracks, 4 s clips
  EXPECT_EQ(run(NllOptions{.common = all.common})["clips"], 4 * 2);
}

TEST_F(Evaluate, SoundExamplesAreWrittenForEachClip) {
  ReconstructionOptions with_sound = reconstruction();
  with_sound.common.clips = 3;
  with_sound.sound = folder_->path() / "sound";
  evaluate_reconstruction(with_sound);
  int wavs = 0, notes = 0;
  for (const auto& entry : fs::directory_iterator(*with_sound.sound)) {
    if (entry.path().extension() == ".wav") {
      ++wavs;
      EXPECT_EQ(audio::sound_info(entry.path()).samples, 64000) << entry.path();
    } else {
      ++notes;
      // The clip starts at 2.496 s of its track, in the note from 2 s to 2.45 s or after it.
      const auto list = score::read_notes(entry.path());
      ASSERT_GE(list.notes.size(), 7u);
      for (const score::Note& note : list.notes) {
        EXPECT_GE(note.onset_s, 0);
        EXPECT_LE(note.end_s(), 4.0 + 1e-9);
      }
    }
  }
  EXPECT_EQ(wavs, 3 * 3);
  EXPECT_EQ(notes, 3);
  EXPECT_TRUE(fs::exists(*with_sound.sound / "track4-2496-reconstruction.wav"));
  // The recording itself is the slice of the track.
  const audio::Sound real = audio::read_sound(*with_sound.sound / "track4-2496-real.wav");
  const audio::Sound track = audio::read_sound(corpus_ / "track4" / "audio.flac");
  for (std::size_t i = 0; i < real.samples.size(); i += 997) {
    ASSERT_NEAR(real.samples[i], track.samples[2496 * 16 + i], 1e-4) << i;
  }
  EXPECT_CONTAINS(input_error([&] { evaluate_reconstruction(with_sound); }), "exists");
  with_sound.force = true;
  evaluate_reconstruction(with_sound);
}

TEST_F(Evaluate, WrongInputIsSaidInASentence) {
  NllOptions wrong = nll();
  wrong.common.split = "valid";
  const std::string message = input_error([&] { evaluate_nll(wrong); });
  EXPECT_CONTAINS(message, "'valid'");
  EXPECT_CONTAINS(message, "test (3), train (4)");

  wrong = nll();
  models::Model model = models::load_model(wrong.common.model);
  model.prior_trained = false;
  wrong.common.model = variant("no-prior", model);
  EXPECT_CONTAINS(input_error([&] { evaluate_nll(wrong); }), "train its prior");
  ReconstructionOptions other = reconstruction();
  other.common.model = wrong.common.model;
  EXPECT_TRUE(run(other).contains("l2")) << "the VQ-VAE can be measured by itself";

  model.vqvae->quantizer->set_started(false);
  other.common.model = variant("no-codebook", model);
  EXPECT_CONTAINS(input_error([&] { evaluate_reconstruction(other); }), "codebook");

  other = reconstruction();
  other.baseline_frames = 0;
  EXPECT_CONTAINS(input_error([&] { evaluate_reconstruction(other); }), "baseline_frames");
  wrong = nll();
  wrong.common.clips = -1;
  EXPECT_CONTAINS(input_error([&] { evaluate_nll(wrong); }), "clips: expected");
  wrong = nll();
  wrong.common.model = folder_->path() / "nowhere";
  EXPECT_CONTAINS(input_error([&] { evaluate_nll(wrong); }), "no such model");
  wrong = nll();
  wrong.common.corpus = folder_->path();
  EXPECT_THROW(evaluate_nll(wrong), InputError);
}

TEST_F(Evaluate, ACorpusWithoutTrainingTracksCannotFitTheBaselines) {
  const TempFolder folder;
  ReconstructionOptions alone = reconstruction();
  alone.common.corpus = make_corpus(folder.path(), {.train_tracks = 0, .test_tracks = 2});
  EXPECT_CONTAINS(input_error([&] { evaluate_reconstruction(alone); }), "fits the baselines");
}

TEST(ChooseClips, NoneCountsTwice) {
  EXPECT_EQ(choose_clips({250, 250}, 250, 64).size(), 2u);
  EXPECT_EQ(choose_clips({1000}, 250, 64).size(), 64u);
  EXPECT_TRUE(choose_clips({249}, 250, 64).empty());
  const auto all = choose_clips({600, 100, 250}, 250, 0);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1].first_frame, 250);
  EXPECT_EQ(all[2].track, 2);
}

TEST(SideBySide, ShowsTheResultsOfAllModels) {
  const EvalResult first{.json = R"({"metric": "nll", "clips": 3, "seconds": 12, "l_2": 0.5})",
                         .report = "first"};
  const EvalResult second{
      .json = R"({"metric": "nll", "clips_with_notes": 2, "pose_gain": 0.25, "l_2": 1.5})",
      .report = "second"};
  const std::string report = side_by_side({"a", "b"}, {first, second}).report;
  EXPECT_CONTAINS(report, "first\nsecond\n");
  EXPECT_CONTAINS(report, "l 2");
  EXPECT_CONTAINS(report, "pose gain");
  EXPECT_CONTAINS(report, "0.250");
  EXPECT_CONTAINS(side_by_side({"b", "a"}, {second, first}).report, "pose gain");
  for (const char* setting : {"clips", "seconds", "pose_gain"}) {
    EXPECT_EQ(report.find(setting), std::string::npos) << report;
  }
}

TEST(SideBySide, DoesNotCompareDifferentUnits) {
  const auto result = [](const char* unit) {
    return EvalResult{.json = std::string(R"({"nll_nats": 0.5, "unit": ")") + unit + "\"}",
                      .report = "report"};
  };
  const EvalResult both = side_by_side({"a", "b"}, {result("per code"), result("per frame")});
  EXPECT_CONTAINS(both.report, "their units differ: per code; per frame");
  EXPECT_EQ(both.report.find("nll"), std::string::npos) << both.report;
  EXPECT_EQ(Json::parse(both.json)["models"].size(), 2u);
  EXPECT_CONTAINS(side_by_side({"a", "b"}, {result("per code"), result("per code")}).report,
                  "nll nats");
}

}  // namespace
}  // namespace minet::evaluation
