// What a good file gives, and every kind of error in a bad one, with its location.
#include "config/support.hpp"

namespace minet::config {
namespace {

TEST(Reading, AnEmptyMappingIsThePaperPreset) {
  EXPECT_TRUE(parse_train_config("{}", "t.yaml") == TrainConfig{});
}

TEST(Reading, EveryTypeOfValueArrives) {
  const auto config = parse_train_config(R"(---
spectrogram:
  scale: log1p
data: {clip_seconds: 2.5}
vqvae:
  bands:
    - 4
    - 2
  laplace: 1e-6
prior:
  embedding: "random"   # quotes do no harm to a word
  head: tied
content:
  enabled: false
  alignment: added
run:
  seed: 18446744073709551615
)",
                                         "t.yaml");
  EXPECT_EQ(config.spectrogram.scale, LogScale::log1p);
  EXPECT_EQ(config.data.clip_seconds, 2.5);
  EXPECT_EQ(config.vqvae.bands, (std::vector<std::int64_t>{4, 2}));
  EXPECT_EQ(config.vqvae.laplace, 1e-6);
  EXPECT_EQ(config.prior.embedding, EmbeddingInit::random);
  EXPECT_EQ(config.prior.head, PriorHead::tied);
  EXPECT_FALSE(config.content.enabled);
  EXPECT_EQ(config.content.alignment, Alignment::added);
  EXPECT_EQ(config.run.seed, 18446744073709551615ULL);
  EXPECT_EQ(config.vqvae.channels, 512);  // not named: the default
}

TEST(Reading, LineEndsOfWindowsAndAByteOrderMarkDoNoHarm) {
  const auto config = parse_train_config("\xEF\xBB\xBFvqvae:\r\n  codes: 512\r\n", "t.yaml");
  EXPECT_EQ(config.vqvae.codes, 512);
}

TEST(Reading, AnUnknownKeyNamesTheNearest) {
  EXPECT_EQ(error_of_yaml("vqvae:\n  channels: 512\n  chanels: 512\n"),
            "t.yaml:3:3: vqvae.chanels: unknown key (did you mean 'channels'?)");
  EXPECT_EQ(error_of_yaml("vqave:\n  channels: 512\n"),
            "t.yaml:1:1: vqave: unknown key (did you mean 'vqvae'?)");
}

TEST(Reading, AKeyInTheWrongPlaceIsToldTheRightOne) {
  EXPECT_EQ(error_of_yaml("body: {hidden: 32}\nbeta: 0.3\n"),
            "t.yaml:2:1: beta: unknown key here; there is 'beta' below 'vqvae:'");
  EXPECT_EQ(error_of_yaml("vqvae.beta: 0.3\n"),
            "t.yaml:1:1: vqvae.beta: unknown key here; there is 'beta' below 'vqvae:'");
  EXPECT_EQ(error_of_yaml("codes_used: 3\nrun: {seed: 1}\nheads: 4\n"),
            "2 problems in the configuration:\n"
            "  t.yaml:1:1: codes_used: unknown key; expected include, model, spectrogram, pose, "
            "data, augment, vqvae, body, prior, content, vqvae_training, prior_training, seq2seq, "
            "graph_transformer, baseline_training, plus, synthesiser_training, controls_training, "
            "run or generation\n"
            "  t.yaml:3:1: heads: unknown key here; there is 'heads' below 'prior:', 'heads' "
            "below 'content:' or 'heads' below 'graph_transformer:'");
}

TEST(Reading, ADuplicateKeyNamesTheFirst) {
  EXPECT_EQ(error_of_yaml("run:\n  seed: 1\n  log_every: 5\n  seed: 2\n"),
            "t.yaml:4:3: run.seed: duplicate key; line 2 has it already, so remove one");
  EXPECT_EQ(error_of_yaml("run: {seed: 1}\nrun: {log_every: 2}\n"),
            "t.yaml:2:1: run: duplicate key; line 1 has it already, so remove one");
}

TEST(Reading, WrongTypesSayWhatWasExpected) {
  const std::pair<const char*, const char*> cases[] = {
      {"vqvae: {codes: many}", "1:16: vqvae.codes: expected an integer, got 'many'"},
      {"vqvae: {codes: 1e3}", "1:16: vqvae.codes: expected an integer, got '1e3'"},
      {"vqvae: {codes: 512.0}", "1:16: vqvae.codes: expected an integer, got '512.0'"},
      {"vqvae: {codes: 0x200}", "1:16: vqvae.codes: expected an integer, got '0x200'"},
      {"vqvae: {codes: +512}", "1:16: vqvae.codes: expected an integer, got '+512'"},
      {"vqvae: {codes: -}", "1:16: vqvae.codes: expected an integer, got '-'"},
      {"vqvae: {codes: '512'}",
       "1:16: vqvae.codes: expected an integer, got the text '512' in quotes"},
      {"vqvae: {codes: [512]}", "1:16: vqvae.codes: expected an integer, got a list"},
      {"vqvae: {codes: {x: 1}}", "1:16: vqvae.codes: expected an integer, got keys below it"},
      {"vqvae: {beta: high}", "1:15: vqvae.beta: expected a finite number, got 'high'"},
      {"vqvae: {beta: 1,5}", "1:17: vqvae.5: unknown key; expected"},
      {"vqvae: {beta: .nan}", "1:15: vqvae.beta: expected a finite number, got '.nan'"},
      {"vqvae: {beta: nan}", "1:15: vqvae.beta: expected a finite number, got 'nan'"},
      {"vqvae: {beta: inf}", "1:15: vqvae.beta: expected a finite number, got 'inf'"},
      {"vqvae: {beta: 1e999}", "1:15: vqvae.beta: expected a finite number, got '1e999'"},
      {"vqvae: {beta: '0.5'}", "1:15: vqvae.beta: expected a number, got the text '0.5' in quotes"},
      {"vqvae: {bands: 16}",
       "1:16: vqvae.bands: expected a list of integers such as [16, 8], got '16'"},
      {"vqvae: {bands: []}", "1:16: vqvae.bands: expected a list of 1 to 16 integers, got 0"},
      {"content: {enabled: yes}", "1:20: content.enabled: expected true or false, got 'yes'"},
      {"content: {enabled: 1}", "1:20: content.enabled: expected true or false, got '1'"},
      {"content: {alignment: cross_atention}",
       "1:22: content.alignment: expected cross_attention, added or both, got 'cross_atention' "
       "(did you mean 'cross_attention'?)"},
      {"spectrogram: {scale: mel}",
       "1:22: spectrogram.scale: expected decibel or log1p, got 'mel'"},
      {"vqvae: 5", "1:8: vqvae: expected keys below it, got '5'"},
      {"vqvae: [5]", "1:8: vqvae: expected keys below it, got a list"},
  };
  for (const auto& [yaml, expected] : cases) {
    EXPECT_NE(error_of_yaml(yaml).find(std::string("t.yaml:") + expected), std::string::npos)
        << yaml << "\n  gave " << error_of_yaml(yaml);
  }
}

TEST(Reading, LeadingZerosAreRefusedBecauseYamlReadsThemAsOctal) {
  EXPECT_EQ(error_of_yaml("run: {seed: 010}"),
            "t.yaml:1:13: run.seed: 010 has a leading zero, which some YAML readers take for "
            "octal; write it without");
  EXPECT_NE(error_of_yaml("spectrogram: {floor_db: -080}").find("-080 has a leading zero"),
            std::string::npos);
  EXPECT_EQ(error_of_yaml("run: {seed: 0}"), "no error");
  EXPECT_EQ(error_of_yaml("vqvae: {beta: 0.5}"), "no error");
}

TEST(Reading, NothingIsNeverTakenForAValue) {
  for (const char* nothing : {"", "~", "null", "Null", "NULL"}) {
    const std::string value = nothing;
    EXPECT_NE(error_of_yaml("run:\n  seed: " + value + "\n")
                  .find("run.seed: expected an integer, got nothing (null); write a value or "
                        "remove the key"),
              std::string::npos)
        << value;
    EXPECT_NE(error_of_yaml("prior:\n  head: " + value + "\n")
                  .find("prior.head: expected linear or tied, got nothing (null)"),
              std::string::npos)
        << value;
  }
  EXPECT_NE(error_of_yaml("vqvae:\nrun:\n  seed: 1\n")
                .find("vqvae: expected keys below it, got nothing; remove it, or indent the keys"),
            std::string::npos);
  for (const char* empty : {"", "\n", "# only a comment\n", "   "}) {
    EXPECT_EQ(error_of_yaml(empty),
              "t.yaml: expected keys such as 'vqvae:', got an empty file; write {} for no changes");
  }
  EXPECT_EQ(error_of_yaml("- vqvae\n"),
            "t.yaml:1:1: expected keys such as 'vqvae:' with their keys below them");
}

TEST(Reading, RangesHoldAtTheirEndsAndNotBeyond) {
  const std::pair<const char*, const char*> cases[] = {
      {"vqvae: {residual_blocks: 0}", ""},
      {"vqvae: {residual_blocks: -1}", "-1 is not in [0, 64]"},
      {"vqvae: {residual_blocks: 64}", ""},
      {"vqvae: {residual_blocks: 65}", "65 is not in [0, 64]"},
      {"vqvae: {residual_blocks: 99999999999999999999}", "99999999999999999999 is not in [0, 64]"},
      {"prior: {dropout: 0}", ""},
      {"prior: {dropout: 0.999}", ""},
      {"prior: {dropout: 1}", "1 is not in [0, 1)"},
      {"vqvae: {ema_decay: 0}", "0 is not in (0, 1)"},
      {"vqvae: {laplace: 0}", "0 is not in (0, 1]"},
      {"vqvae: {laplace: 1}", ""},
      {"run: {seed: 18446744073709551616}",
       "18446744073709551616 is not in [0, 18446744073709551615]"},
      {"run: {seed: -1}", "-1 is not in [0, 18446744073709551615]"},
      {"vqvae: {channels: 1024, bands: [1024, 1]}", ""},
      {"vqvae: {bands: [16, 0, 2, 1025]}", "1:21: vqvae.bands[1]: 0 is not in [1, 1024]"},
      {"vqvae: {bands: [16, 0, 2, 1025]}", "1:27: vqvae.bands[3]: 1025 is not in [1, 1024]"},
  };
  for (const auto& [yaml, expected] : cases) {
    const std::string message = error_of_yaml(yaml);
    if (*expected == '\0') {
      EXPECT_EQ(message, "no error") << yaml;
    } else {
      EXPECT_NE(message.find(expected), std::string::npos) << yaml << "\n  gave " << message;
    }
  }
}

TEST(Reading, AllProblemsOfAFileComeAtOnceInTheOrderOfItsLines) {
  const char* yaml = R"(vqvae:
  codes: many
  chanels: 512
  bands: [16, 2000]
prior:
  heads: 0
  heads: 8
run:
  seed: ~
content:
  layers: *two
spectrogram:
  bins: 1000
)";
  EXPECT_EQ(error_of_yaml("two: &two 2\n" + std::string(yaml)),
            R"(10 problems in the configuration:
  t.yaml:1:1: two: unknown key; expected include, model, spectrogram, pose, data, augment, vqvae, body, prior, content, vqvae_training, prior_training, seq2seq, graph_transformer, baseline_training, plus, synthesiser_training, controls_training, run or generation
  t.yaml:1:6: two: YAML anchors (&name) are not used here; remove it
  t.yaml:3:10: vqvae.codes: expected an integer, got 'many'
  t.yaml:4:3: vqvae.chanels: unknown key (did you mean 'channels'?)
  t.yaml:5:15: vqvae.bands[1]: 2000 is not in [1, 1024]
  t.yaml:7:10: prior.heads: 0 is not in [1, 128]
  t.yaml:8:3: prior.heads: duplicate key; line 7 has it already, so remove one
  t.yaml:10:9: run.seed: expected an integer, got nothing (null); write a value or remove the key
  t.yaml:12:11: content.layers: YAML aliases (*name) are not used here; write the value itself)"
            "\n  t.yaml:14:9: spectrogram.bins must be half of spectrogram.n_fft (2048), got 1000; "
            "set n_fft to 2000")
      << "the bins rule is still asked: neither of its keys had a problem";
}

TEST(Reading, LongListsOfProblemsAreCut) {
  std::string yaml = "run:\n";
  for (int i = 0; i < 60; ++i) yaml += "  zzzzzzzz" + std::to_string(i) + ": 1\n";
  const std::string message = error_of_yaml(yaml);
  EXPECT_EQ(message.find("60 problems in the configuration:\n"), 0u);
  EXPECT_NE(message.find("zzzzzzzz49"), std::string::npos);
  EXPECT_EQ(message.find("zzzzzzzz50"), std::string::npos);
  EXPECT_EQ(message.substr(message.rfind('\n')), "\n  and 10 more");
}

TEST(Reading, OverridesWinInTheirOrderAndAreYaml) {
  const auto config = parse_train_config(
      "vqvae: {channels: 256}", "t.yaml",
      {"vqvae.channels=128", "vqvae.channels=64", "vqvae.bands=[8, 4]", "vqvae.laplace=1e-6",
       "content.enabled=false", "run={seed: 9, log_every: 3}", " prior.head = tied"});
  EXPECT_EQ(config.vqvae.channels, 64);
  EXPECT_EQ(config.vqvae.bands, (std::vector<std::int64_t>{8, 4}));
  EXPECT_EQ(config.vqvae.laplace, 1e-6);
  EXPECT_FALSE(config.content.enabled);
  EXPECT_EQ(config.run.seed, 9u);
  EXPECT_EQ(config.run.log_every, 3);
  EXPECT_EQ(config.prior.head, PriorHead::tied);
}

TEST(Reading, BadOverridesAreReportedLikeBadFiles) {
  const std::pair<const char*, const char*> cases[] = {
      {"vqvae.chanels=64",
       "--set vqvae.chanels=64: vqvae.chanels: unknown key (did you mean 'channels'?)"},
      {"vqvae.codes=many", "--set vqvae.codes=many: vqvae.codes: expected an integer, got 'many'"},
      {"vqvae.codes=",
       "--set vqvae.codes=: vqvae.codes: expected an integer, got nothing (null); "
       "write a value or remove the key"},
      {"vqvae.codes", "--set vqvae.codes: expected KEY=VALUE, such as vqvae.channels=128"},
      {"=3", "--set =3: expected KEY=VALUE, such as vqvae.channels=128"},
      {"channels=3",
       "--set channels=3: channels: unknown key here; there is 'channels' below 'vqvae:'"},
      {"a.b.c=3", "--set a.b.c=3: unknown key; keys have one dot, such as vqvae.channels"},
      {"run.seed=010",
       "--set run.seed=010: run.seed: 010 has a leading zero, which some YAML "
       "readers take for octal; write it without"},
      {"run.seed=&x 1", "--set run.seed=&x 1: YAML anchors (&name) are not used here; remove it"},
      {"run.seed=[1", "--set run.seed=[1: not valid YAML: end of sequence flow not found"},
      {"include=x.yaml",
       "--set include=x.yaml: include: unknown key; expected model, spectrogram, pose, data, "
       "augment, vqvae, body, prior, content, vqvae_training, prior_training, seq2seq, "
       "graph_transformer, "
       "baseline_training, plus, synthesiser_training, controls_training, run or generation"},
      {"vqvae.channels=100",
       "--set vqvae.channels=100: vqvae.channels must be divisible by each of vqvae.bands, and 100 "
       "is not by 16; set it to 112 or change the bands"},
  };
  for (const auto& [argument, expected] : cases) {
    EXPECT_EQ(error_of_yaml("{}", {argument}), expected);
  }
  EXPECT_EQ(error_of_yaml("run: {seed: x}", {"run.sede=1"}),
            "2 problems in the configuration:\n"
            "  t.yaml:1:13: run.seed: expected an integer, got 'x'\n"
            "  --set run.sede=1: run.sede: unknown key (did you mean 'seed'?)");
}

}  // namespace
}  // namespace minet::config
