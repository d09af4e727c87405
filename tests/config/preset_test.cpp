// The presets, the rules that relate values, and that every member of every struct is a key that is
// read, dumped and compared.
#include <algorithm>
#include <limits>

#include "config/enums.hpp"
#include "config/fields.hpp"
#include "config/listing.hpp"
#include "config/reader.hpp"
#include "config/rules.hpp"
#include "config/support.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"

namespace minet::config {
namespace {

TEST(Preset, PaperIsTheDefaultsAndNamesEveryKey) {
  const auto path = source_folder() / "configs/paper.yaml";
  EXPECT_EQ(differences(load_train_config(path), TrainConfig{}), std::vector<std::string>{});
  EXPECT_TRUE(load_train_config(path) == TrainConfig{});
  // Every key has a line of its own below its section, with its value and a comment.
  const auto lines = split(read_file(path, 1 << 20), '\n');
  std::string section;
  std::size_t at = 0;
  for (const Row& row : list(TrainConfig{}).rows) {
    if (row.section != section) {
      section = row.section;
      while (at < lines.size() && !lines[at].starts_with(section + ":")) ++at;
    }
    const std::string key = "  " + row.key + ": " + row.value;
    while (at < lines.size() && !lines[at].starts_with(key)) ++at;
    ASSERT_LT(at, lines.size()) << "no line '" << key << "' below '" << section << ":'";
    if (!section.ends_with("_training") && section != "run" && section != "content" &&
        section != "vqvae") {
      EXPECT_NE(lines[at].find('['), std::string::npos) << "no origin in: " << lines[at];
    }
  }
}

TEST(Preset, TinyIsPaperButForWhatMakesItSmall) {
  const auto tiny = load_train_config(source_folder() / "configs/tiny.yaml");
  const std::vector<std::string> expected = {
      "vqvae.channels: 128, not 512",
      "prior.head: tied, not linear",
      "content.alignment: both, not cross_attention",
      "vqvae_training.steps: 1300, not 100000",
      "vqvae_training.learning_rate: 0.001, not 0.0005",
      "vqvae_training.warmup_steps: 50, not 100",
      "prior_training.steps: 700, not 50000",
      "prior_training.batch: 16, not 32",
      "prior_training.learning_rate: 0.002, not 0.0003",
      "prior_training.warmup_steps: 30, not 200",
      "run.save_every: 200, not 500",
      "run.evaluate_every: 200, not 500",
      "run.evaluate_clips: 16, not 32",
  };
  EXPECT_EQ(differences(tiny, TrainConfig{}), expected);
  EXPECT_EQ(advice(tiny), std::vector<std::string>{});
}

TEST(Preset, BaselinesAndAblationsDifferFromPaperAndTinyByWhatTheyAre) {
  const auto changes = [](const char* name, const char* base) {
    const TrainConfig from = load_train_config(source_folder() / "configs" / base);
    return differences(load_train_config(source_folder() / "configs" / name), from);
  };
  using Lines = std::vector<std::string>;
  EXPECT_EQ(changes("baselines/seq2seq.yaml", "paper.yaml"),
            Lines{"model.kind: seq2seq, not minet"});
  EXPECT_EQ(changes("baselines/graph_transformer.yaml", "paper.yaml"),
            Lines{"model.kind: graph_transformer, not minet"});
  EXPECT_EQ(changes("plus.yaml", "paper.yaml"),
            (Lines{"model.kind: plus, not minet", "run.log_every: 20, not 10"}));
  EXPECT_EQ(changes("ablations/no_mbr.yaml", "paper.yaml"),
            Lines{"vqvae.bands: [1, 1, 1, 1], not [16, 8, 4, 2]"});
  EXPECT_EQ(changes("ablations/tiny-no_mbr.yaml", "tiny.yaml"),
            Lines{"vqvae.bands: [1, 1, 1, 1], not [16, 8, 4, 2]"});
  EXPECT_EQ(changes("ablations/gru_seq2seq.yaml", "paper.yaml"),
            Lines{"prior.kind: gru, not transformer"});
  EXPECT_EQ(changes("ablations/tiny-gru_seq2seq.yaml", "tiny.yaml"),
            Lines{"prior.kind: gru, not transformer"});
  EXPECT_EQ(changes("unconditional.yaml", "paper.yaml"), Lines{"content.enabled: false, not true"});
  EXPECT_EQ(changes("tiny-unconditional.yaml", "tiny.yaml"),
            Lines{"content.enabled: false, not true"});
  for (const char* kind : {"seq2seq", "graph_transformer"}) {
    const TrainConfig tiny =
        load_train_config(source_folder() / "configs/baselines" / text("tiny-", kind, ".yaml"));
    EXPECT_EQ(to_string(tiny.model.kind), kind);
    EXPECT_EQ(tiny.baseline_training.steps, 600);
    EXPECT_TRUE(tiny.is_baseline());
    EXPECT_EQ(advice(tiny), Lines{});
  }
  EXPECT_FALSE(TrainConfig{}.is_baseline());
}

TEST(Preset, TheShapesOfThePaperFollow) {
  const TrainConfig paper;
  EXPECT_EQ(paper.clip_frames(), 250);
  EXPECT_EQ(paper.clip_pose_frames(), 100);
  EXPECT_EQ(paper.body_width(), 64);
  EXPECT_EQ(paper.prior_width(), 128);
  EXPECT_EQ(paper.frame_rate(), 62.5);
}

// Changes one field to a different legal value.
class Changer {
 public:
  explicit Changer(std::size_t which) : which_(which) {}
  template <class Value, class Check>
  void field(const char* key, Value& value, const Check&, Origin, const char*) {
    if (count_++ != which_) return;
    changed = section_ + "." + key;
    change(value);
  }
  template <class Section>
  void section(const char* key, Section& values, const char*) {
    section_ = key;
    fields(*this, values);
  }
  std::string changed;

 private:
  static void change(std::int64_t& value) { value += 1; }
  static void change(std::uint64_t& value) { value = std::numeric_limits<std::uint64_t>::max(); }
  // Needs all 17 digits, so that a dump with fewer does not read back equal.
  static void change(double& value) { value = value == 0 ? 1.0 / 3 : value * (1.0 - 1.0 / 7); }
  static void change(bool& value) { value = !value; }
  static void change(std::vector<std::int64_t>& value) { value = {3, 1}; }
  template <class Enum>
  requires std::is_enum_v<Enum>
  static void change(Enum& value) {
    value = EnumWords<Enum>::words.back().value == value ? EnumWords<Enum>::words.front().value
                                                         : EnumWords<Enum>::words.back().value;
  }
  std::size_t which_;
  std::size_t count_ = 0;
  std::string section_;
};

TEST(Keys, EachIsDumpedReadAndComparedOnItsOwn) {
  const auto keys = list(TrainConfig{}).rows;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    TrainConfig config;
    Changer changer(i);
    fields(changer, config);
    ASSERT_EQ(changer.changed, keys[i].path());
    EXPECT_FALSE(config == TrainConfig{}) << changer.changed;
    const auto lines = differences(config, TrainConfig{});
    ASSERT_EQ(lines.size(), 1u) << changer.changed;
    EXPECT_EQ(lines[0].find(changer.changed + ": "), 0u);
    // With the reader alone, because some of these changes break a rule.
    const Document document = parse_document(to_yaml(config));
    ASSERT_TRUE(document.complete && document.problems.empty());
    Reading reading;
    Reader reader(reading, {.name = "dump"}, "", document.root);
    fields(reader, reading.config);
    reader.finish();
    EXPECT_NO_THROW(reading.problems.throw_if_any());
    EXPECT_TRUE(reading.config == config) << changer.changed;
    EXPECT_EQ(reading.places.size(), keys.size());
  }
}

// Counts an aggregate's members, to find one without a line in fields().
struct Anything {
  template <class T>
  operator T() const;  // never called
};
template <class Struct, class... Members>
constexpr std::size_t members() {
  if constexpr (requires { Struct{Members{}..., Anything{}}; }) {
    return members<Struct, Members..., Anything>();
  } else {
    return sizeof...(Members);
  }
}

class Counter {
 public:
  template <class Value, class Check>
  void field(const char*, const Value&, const Check&, Origin, const char*) {
    ++count;
  }
  template <class Section>
  void section(const char*, const Section&, const char*) {
    ++count;
  }
  std::size_t count = 0;
};

template <class Struct>
void expect_all_members_are_fields(const char* name) {
  Counter counter;
  const Struct value{};
  fields(counter, value);
  EXPECT_EQ(counter.count, members<Struct>()) << name << " has a member that fields() leaves out";
}

TEST(Keys, EveryMemberOfEveryStructIsOne) {
  static_assert(members<BodyConfig>() == 2);
  expect_all_members_are_fields<ModelConfig>("ModelConfig");
  expect_all_members_are_fields<SpectrogramConfig>("SpectrogramConfig");
  expect_all_members_are_fields<PoseConfig>("PoseConfig");
  expect_all_members_are_fields<DataConfig>("DataConfig");
  expect_all_members_are_fields<VqVaeConfig>("VqVaeConfig");
  expect_all_members_are_fields<BodyConfig>("BodyConfig");
  expect_all_members_are_fields<PriorConfig>("PriorConfig");
  expect_all_members_are_fields<ContentConfig>("ContentConfig");
  expect_all_members_are_fields<Seq2SeqConfig>("Seq2SeqConfig");
  expect_all_members_are_fields<GraphTransformerConfig>("GraphTransformerConfig");
  expect_all_members_are_fields<StageConfig>("StageConfig");
  expect_all_members_are_fields<RunConfig>("RunConfig");
  expect_all_members_are_fields<TrainConfig>("TrainConfig");
}

TEST(Keys, EnumWordsGoBothWays) {
  EXPECT_EQ(to_string(ModelKind::graph_transformer), "graph_transformer");
  EXPECT_EQ(to_string(FrameLoss::mse), "mse");
  EXPECT_EQ(to_string(PriorKind::gru), "gru");
  EXPECT_EQ(from_string<ModelKind>("seq2seq"), ModelKind::seq2seq);
  EXPECT_EQ(from_string<PriorKind>("transformer"), PriorKind::transformer);
  EXPECT_EQ(from_string<FrameLoss>("l2"), std::nullopt);
  EXPECT_EQ(to_string(LogScale::decibel), "decibel");
  EXPECT_EQ(to_string(EmbeddingInit::codebook), "codebook");
  EXPECT_EQ(to_string(PriorHead::tied), "tied");
  EXPECT_EQ(to_string(Alignment::both), "both");
  EXPECT_EQ(from_string<LogScale>("log1p"), LogScale::log1p);
  EXPECT_EQ(from_string<EmbeddingInit>("random"), EmbeddingInit::random);
  EXPECT_EQ(from_string<PriorHead>("linear"), PriorHead::linear);
  EXPECT_EQ(from_string<Alignment>("cross_attention"), Alignment::cross_attention);
  EXPECT_EQ(from_string<Alignment>("Both"), std::nullopt);
}

TEST(Dump, OfAPresetIsReadBackEqual) {
  for (const char* name : {"configs/paper.yaml", "configs/tiny.yaml"}) {
    const auto config = load_train_config(source_folder() / name, {"vqvae.beta=0.1"});
    EXPECT_TRUE(parse_train_config(to_yaml(config), "dump") == config);
    EXPECT_EQ(to_yaml(parse_train_config(to_yaml(config), "dump")), to_yaml(config));
  }
}

TEST(Dump, NumbersAreNumbersToOtherYamlReadersToo) {
  TrainConfig config;
  config.vqvae.laplace = 2e-6;  // PyYAML reads 2e-06 as text
  config.prior_training.weight_decay = 1.5e-7;
  const std::string yaml = to_yaml(config);
  EXPECT_NE(yaml.find("  laplace: 2.0e-06\n"), std::string::npos);
  EXPECT_NE(yaml.find("  weight_decay: 1.5e-07\n"), std::string::npos);
  EXPECT_NE(yaml.find("  learning_rate: 0.0003\n"), std::string::npos);
  EXPECT_NE(yaml.find("  bands: [16, 8, 4, 2]\n"), std::string::npos);
}

TEST(Rules, EachIsBrokenBySomeFileAndSaysWhatToDo) {
  const std::pair<const char*, const char*> cases[] = {
      {"spectrogram: {bins: 513}",
       "t.yaml:1:21: spectrogram.bins must be half of spectrogram.n_fft (2048), got 513; set n_fft "
       "to 1026"},
      {"spectrogram: {n_fft: 1024}",
       "t.yaml:1:22: spectrogram.bins must be half of spectrogram.n_fft (1024), got 1024; set "
       "n_fft to 2048"},
      {"spectrogram: {hop: 513}",
       "t.yaml:1:20: spectrogram.hop must be at most a quarter of spectrogram.n_fft (2048), got "
       "513; an eighth of n_fft is usual"},
      {"spectrogram: {n_fft: 256, bins: 128, hop: 128}",
       "t.yaml:1:43: spectrogram.hop must be at most a quarter of spectrogram.n_fft (256), got "
       "128"},
      {"data: {clip_seconds: 0.1}",
       "t.yaml:1:22: data.clip_seconds must give at least 8 spectrogram frames, got 6 from 0.1 s; "
       "set it to 0.128 or more"},
      {"data: {clip_seconds: 1}\npose: {fps: 1}",
       "t.yaml:1:22: data.clip_seconds must give at least 2 pose frames, got 1 from 1 s; set it to "
       "2 or more"},
      {"vqvae:\n  channels: 100\n",
       "t.yaml:2:13: vqvae.channels must be divisible by each of vqvae.bands, and 100 is not by "
       "16; set it to 112 or change the bands"},
      {"vqvae:\n  bands: [5]\n",
       "t.yaml:2:10: vqvae.channels must be divisible by each of vqvae.bands, and 512 is not by 5; "
       "set it to 515 or change the bands"},
      {"vqvae: {kmeans_vectors: 1000}",
       "t.yaml:1:25: vqvae.kmeans_vectors must be at least vqvae.codes (1024), got 1000; set it to "
       "20480 or so"},
      {"vqvae_training: {steps: 100}",
       "t.yaml:1:25: vqvae.plain_steps must be less than vqvae_training.steps (100), got 100; the "
       "codebook would never start"},
      {"vqvae_training: {batch: 1}\ndata: {clip_seconds: 2}",
       "t.yaml:1:25: vqvae_training.batch clips of data.clip_seconds must have at least an eighth "
       "as many frames as vqvae.codes (1024), got 125; set a larger batch, longer clips or fewer "
       "codes"},
      {"prior: {heads: 7}",
       "t.yaml:1:16: prior.heads must divide W = vqvae.code_width + 2 * body.hidden (128) into "
       "even head widths, for rotary positions, got 7; set it to a divisor of W / 2"},
      {"prior: {heads: 128}", "t.yaml:1:16: prior.heads must divide W"},
      {"content: {heads: 3}",
       "t.yaml:1:18: content.heads must divide W = vqvae.code_width + 2 * body.hidden (128) into "
       "even head widths, for rotary positions, got 3; set it to a divisor of W / 2"},
      {"vqvae_training: {steps: 200, warmup_steps: 201}",
       "t.yaml:1:44: vqvae_training.warmup_steps must be at most vqvae_training.steps (200), got "
       "201"},
      {"prior_training: {steps: 199}",
       "t.yaml:1:25: prior_training.warmup_steps must be at most prior_training.steps (199), got "
       "200"},
      {"graph_transformer: {heads: 3}",
       "t.yaml:1:28: graph_transformer.heads must divide graph_transformer.width (512) into even "
       "head widths, for rotary positions, got 3; set it to a divisor of 256"},
      {"graph_transformer: {temporal_kernel: 8}",
       "t.yaml:1:38: graph_transformer.temporal_kernel must be odd, so that it reaches as far back "
       "as ahead, got 8; set it to 9"},
      {"baseline_training: {steps: 999}",
       "t.yaml:1:28: baseline_training.warmup_steps must be at most baseline_training.steps (999), "
       "got 1000"},
      {"synthesiser_training: {steps: 99}",
       "t.yaml:1:31: synthesiser_training.warmup_steps must be at most synthesiser_training.steps "
       "(99), got 100"},
      {"controls_training: {steps: 99}",
       "t.yaml:1:28: controls_training.warmup_steps must be at most controls_training.steps (99), "
       "got 100"},
      {"model: {kind: plus}\nplus: {noise_bands: 130}",
       "plus.noise_bands must be at most spectrogram.hop / 2 + 1, where hop is 256, got 130; set "
       "it to 129"},
      {"model: {kind: plus}\nplus: {sound_frames: 250}",
       "plus.sound_frames must be less than the 250 frames of data.clip_seconds, got 250"},
  };
  std::set<const Rule*> seen;
  for (const auto& [yaml, expected] : cases) {
    const std::string message = error_of_yaml(yaml);
    EXPECT_NE(message.find(expected), std::string::npos) << yaml << "\n  gave " << message;
    for (const Rule& rule : rules()) {
      const std::string problem = message.substr(message.find(": ") + 2);
      if (problem.starts_with(rule.keys.front())) seen.insert(&rule);
    }
  }
  EXPECT_EQ(seen.size(), rules().size()) << "a rule has no case here";
  EXPECT_EQ(error_of_yaml("content: {heads: 3, enabled: false}"), "no error");
  EXPECT_EQ(error_of_yaml("content: {heads: 3}\nprior: {kind: gru}"), "no error");
  EXPECT_EQ(error_of_yaml("prior: {heads: 64}"), "no error");
  // The body encoder is also that of plus, which has no heads.
  EXPECT_EQ(error_of_yaml("model: {kind: plus}\nbody: {hidden: 20}"), "no error");
  EXPECT_EQ(error_of_yaml("spectrogram: {hop: 512}"), "no error");
  EXPECT_EQ(error_of_yaml("spectrogram: {hop: 300}"), "no error");  // need not divide n_fft
  EXPECT_EQ(error_of_yaml("spectrogram: {n_fft: 16, bins: 8, hop: 4}"), "no error");
  EXPECT_EQ(error_of_yaml("data: {clip_seconds: 0.128}\nvqvae_training: {batch: 16}"), "no error");
  EXPECT_EQ(error_of_yaml("vqvae_training: {steps: 101, warmup_steps: 101}"), "no error");
}

TEST(Rules, AllBrokenOnesComeAtOnce) {
  EXPECT_EQ(error_of_yaml("prior: {heads: 7}\ncontent: {heads: 5}\n")
                .find("2 problems in the configuration:\n  t.yaml:1:16: prior.heads must"),
            0u);
}

TEST(Rules, NameOnlyKeysThatExist) {
  std::vector<std::string> keys;
  for (const Row& row : list(TrainConfig{}).rows) keys.push_back(row.path());
  for (const auto& table : {rules(), advice_rules()}) {
    for (const Rule& rule : table) {
      for (const char* key : rule.keys) {
        EXPECT_NE(std::find(keys.begin(), keys.end(), key), keys.end()) << key;
      }
    }
  }
}

TEST(Validate, ChecksWhatWasBuiltInCode) {
  EXPECT_NO_THROW(validate(TrainConfig{}));
  TrainConfig config;
  config.vqvae.channels = 0;  // its rule would divide by 0
  config.vqvae.bands = {0};
  config.vqvae.beta = std::numeric_limits<double>::quiet_NaN();
  config.spectrogram.hop = 0;
  config.data.clip_seconds = std::numeric_limits<double>::infinity();
  config.body.layers = 99;
  config.prior.head = static_cast<PriorHead>(7);
  config.prior.heads = 7;
  EXPECT_EQ(error_of([&] { validate(config); }),
            "8 problems in the configuration:\n"
            "  configuration: spectrogram.hop: 0 is not in [1, 65536]\n"
            "  configuration: data.clip_seconds: inf is not in (0, 600]\n"
            "  configuration: vqvae.channels: 0 is not in [1, 16384]\n"
            "  configuration: vqvae.bands: 0 is not in [1, 1024]\n"
            "  configuration: vqvae.beta: nan is not in [0, 100]\n"
            "  configuration: body.layers: 99 is not in [1, 16]\n"
            "  configuration: prior.head: is none of the values of its type\n"
            "  configuration: prior.heads must divide W = vqvae.code_width + 2 * body.hidden (128) "
            "into even head widths, for rotary positions, got 7; set it to a divisor of W / 2");
}

TEST(Advice, WarnsOfWhatIsLegalAndGoesWrong) {
  EXPECT_EQ(advice(TrainConfig{}).size(), 0u);
  TrainConfig config;
  config.prior.context = 249;
  config.vqvae.plain_steps = 99;
  config.vqvae.revive_every = 0;
  const auto sentences = advice(config);
  ASSERT_EQ(sentences.size(), 3u);
  EXPECT_EQ(sentences[0],
            "prior.context is 249, less than the 250 frames of a training clip: the prior forgets "
            "the start of each clip");
}

}  // namespace
}  // namespace minet::config
