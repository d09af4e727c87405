// Which measurement goes where in the tables.
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "comparison/examples.hpp"
#include "comparison/measurement.hpp"
#include "comparison/paper_table.hpp"
#include "comparison/report_page.hpp"
#include "comparison/result_shelf.hpp"
#include "comparison/run_shelf.hpp"
#include "evaluation/curves.hpp"
#include "evaluation/result.hpp"
#include "minet/comparison/tables.hpp"
#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/corpus/corpus.hpp"
#include "minet/corpus/instruments.hpp"
#include "minet/evaluation/instrument.hpp"
#include "minet/evaluation/knn.hpp"
#include "minet/evaluation/ndb.hpp"
#include "minet/evaluation/nll.hpp"
#include "minet/evaluation/notes.hpp"
#include "minet/evaluation/reconstruction.hpp"
#include "minet/evaluation/tsne.hpp"
#include "minet/models/model.hpp"

namespace minet::comparison {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;
using evaluation::EvalOptions;
using evaluation::EvalResult;

constexpr double kFewestPoints = 12;          // a map of fewer says nothing
constexpr std::uint64_t kMaxText = 64 << 20;  // bytes of an SVG or a JSON file that we read back
constexpr const char* kMark = "minet-tables.json";  // whose folder it is

// Why what needs notes cannot be compared on a corpus; empty if it can.
std::string why_no_notes(const corpus::Corpus& corpus) {
  for (const char* split : {"train", "test"}) {
    const auto tracks = corpus.tracks_of(split);
    if (std::none_of(tracks.begin(), tracks.end(),
                     [](const corpus::Track& track) { return track.has_notes; })) {
      return text("no track of split '", split, "' has notes");
    }
  }
  return {};
}

using Take = std::function<Cell(const Measurement&)>;

Take number(std::string path, std::string interval = {}) {
  return [path = std::move(path), interval = std::move(interval)](const Measurement& measurement) {
    return measurement.at(path, interval);
  };
}

class TableMaker {
 public:
  explicit TableMaker(const TablesOptions& options)
      : options_(options),
        corpus_(corpus::Corpus::open(options.corpus)),
        no_notes_(why_no_notes(corpus_)),
        runs_(options, {.hash = corpus_.hash(), .notes = no_notes_.empty()}),
        results_(options.out / "results") {
    check();
    fs::create_directories(options_.out);
  }

  TablesResult make() {
    const FolderLock lock(options_.out);
    remember_options();
    runs_.train_all();
    if (!no_notes_.empty()) {
      leave_out("Content cond. MI Net and GRU-Seq2Seq; pitch, onsets and chroma of table A",
                no_notes_);
    }
    table_1();
    table_2();
    table_3();
    table_4();
    table_5();
    table_a();
    return publish();
  }

 private:
  void check() const {
    const std::int64_t least = 2 * evaluation::NdbOptions{}.bins;
    if (options_.ndb_clips < least) {
      throw InputError(
          text("ndb_clips: expected at least ", least, ", two a bin, got ", options_.ndb_clips));
    }
    if (options_.seeds.empty()) {
      throw InputError("seeds: expected one or more seeds, got none");
    }
    std::set<std::uint64_t> seen;
    for (const std::uint64_t seed : options_.seeds) {
      if (!seen.insert(seed).second) {
        throw InputError(
            text("seeds: expected different seeds, got ", seed, " twice; leave one out"));
      }
    }
    if (corpus::read_instruments(corpus_).empty()) {
      throw InputError(text(options_.corpus.string(),
                            ": expected instruments in tracks.csv, which the tables compare, got "
                            "none; add them before preparing the corpus"));
    }
    for (const char* split : {"train", "test"}) {
      if (corpus_.tracks_of(split).empty()) {
        throw InputError(text(options_.corpus.string(), ": expected tracks in split '", split,
                              "', got none; prepare the corpus with both"));
      }
    }
    // Runs that were trained elsewhere may stand there before the command's own mark does.
    std::error_code ignored;
    if (fs::exists(options_.out) && !fs::is_empty(options_.out, ignored) &&
        !fs::exists(options_.out / kMark) && !holds_runs_alone()) {
      throw InputError(text(options_.out.string(),
                            ": expected a new folder, one that this command made before, or one "
                            "with nothing but runs/, got another; choose another name"));
    }
  }

  bool holds_runs_alone() const {
    for (const auto& item : fs::directory_iterator(options_.out)) {
      if (item.path().filename() != "runs") return false;
    }
    return true;
  }

  // The folder is this command's from now on, for this corpus.
  void remember_options() const {
    const fs::path mark = options_.out / kMark;
    Json json;
    json["corpus_hash"] = corpus_.hash();
    if (fs::exists(mark)) {
      const Json before = Json::parse(read_file(mark, kMaxText), nullptr, false);
      if (before != json) {
        throw InputError(text(options_.out.string(),
                              ": expected the corpus that it was begun with "
                              "(hash ",
                              before.value("corpus_hash", "unknown").substr(0, 12), "), got ",
                              options_.corpus.string(), " (", corpus_.hash().substr(0, 12),
                              "); choose another folder"));
      }
      return;
    }
    save_file(mark, evaluation::dump(json));
  }

  void leave_out(const std::string& what, const std::string& reason) {
    left_out_.emplace_back(what, reason);
  }

  EvalOptions common(RunKind kind, std::uint64_t seed) const {
    return {.model = runs_.folder(kind, seed),
            .corpus = options_.corpus,
            .clips = options_.clips,
            .seed = seed,
            .device = options_.device,
            .threads = options_.threads};
  }

  const std::string& model_hash(RunKind kind, std::uint64_t seed) {
    std::string& hash = model_hashes_[{kind, seed}];  // a model is not trained any more here
    if (hash.empty()) hash = sha256_of_file(models::model_file(runs_.folder(kind, seed)));
    return hash;
  }

  // What a measurement is made from, besides `own`.
  Json inputs(RunKind kind, std::uint64_t seed, Json own) {
    Json json;
    json["version"] = version();
    json["corpus"] = corpus_.hash();
    json["model"] = model_hash(kind, seed);
    json["seed"] = seed;
    json["options"] = std::move(own);
    return json;
  }

  // One a seed.
  std::vector<Measurement> measure(const std::string& metric, RunKind kind, const Json& own,
                                   const std::function<EvalResult(std::uint64_t)>& evaluate) {
    std::vector<Measurement> all;
    for (const std::uint64_t seed : options_.seeds) {
      const std::string name = text(metric, "-", key_of(kind), "-seed", seed);
      all.push_back(
          {name, results_.get(name, inputs(kind, seed, own), [&] { return evaluate(seed); })});
    }
    return all;
  }

  // The same place of each seed's measurement; empty if one of them could not measure it.
  static Cell cell(const std::vector<Measurement>& all, const Take& take) {
    std::vector<Measured> values;
    for (const Measurement& measurement : all) {
      const Cell one = take(measurement);
      if (!one) return std::nullopt;
      values.push_back(*one);
    }
    return over_runs(values);
  }

  static void put(PaperTable& table, const std::string& row, const std::vector<Measurement>& all,
                  const std::vector<Take>& takes) {
    TableRow& line = table.row(row);
    for (std::size_t i = 0; i < takes.size(); ++i) line.cells[i] = cell(all, takes[i]);
  }

  static bool all_have(const std::vector<Measurement>& all, const std::string& path) {
    return std::all_of(all.begin(), all.end(),
                       [&](const Measurement& measurement) { return measurement.has(path); });
  }

  void table_1() {
    PaperTable& table = tables_.emplace_back();
    table = {.key = "1",
             .title = "Does generated sound fill the bins of training sound as real sound does?",
             .columns = {"NDB", "JS"},
             .rows = {},
             .notes = {text("NDB: bins of 50 whose share differs at the 0.05 level; JS: "
                            "Jensen-Shannon divergence in nats; lower is better. Real test clips "
                            "are the floor: no generator can be asked for less. Codes: the real "
                            "clips through the VQ-VAE, the floor of a perfect prior. With one "
                            "seed, intervals are a bootstrap over tracks.")}};
    // The paper's rows in the paper's order, whether or not all can be measured here.
    for (const RunKind kind :
         {RunKind::seq2seq, RunKind::graph_transformer, RunKind::minet, RunKind::content}) {
      table.row(title_of(kind));
    }
    ndb_row(table, RunKind::seq2seq);
    ndb_row(table, RunKind::graph_transformer);
    ndb_row(table, RunKind::minet);
    table.row("real test clips");
    if (!no_notes_.empty()) return;
    const auto test = corpus_.tracks_of("test");
    const bool everywhere = std::all_of(test.begin(), test.end(),
                                        [](const corpus::Track& track) { return track.has_notes; });
    if (everywhere) {
      ndb_row(table, RunKind::content);
    } else {
      leave_out("table 1, Content cond. MI Net", "not every track of split 'test' has notes");
    }
  }

  // The row of a kind; of MI Net the floors too.
  void ndb_row(PaperTable& table, RunKind kind) {
    const bool notes = needs_notes(kind), floors = kind == RunKind::minet;
    const auto all = measure("ndb", kind, {{"clips", options_.ndb_clips}}, [&](std::uint64_t seed) {
      evaluation::NdbOptions options{
          .common = common(kind, seed), .notes = notes, .floors = floors};
      options.common.clips = options_.ndb_clips;
      options.train_clips = options_.ndb_clips;
      options.cache = options_.out / "cache";
      return evaluation::evaluate_ndb(options);
    });
    const auto row = [&](const std::string& name, const std::string& prefix) {
      put(table, name, all,
          {number(prefix + "ndb", prefix + "ndb_interval"),
           number(prefix + "js", prefix + "js_interval")});
    };
    row(title_of(kind), "");
    if (!floors) return;
    row("real test clips", "floor_");
    if (all_have(all, "halves_ndb")) row("real training halves", "halves_");
    row("MI Net's codes of real test clips", "codes_");
  }

  void table_2() {
    PaperTable& table = tables_.emplace_back();
    table = {.key = "2",
             .title = "Does the nearest body vector name the instrument?",
             .columns = {"accuracy"},
             .rows = {},
             .notes = {"1-NN by cosine on the body's features, test clips against training clips; "
                       "no model was told any instrument. Raw poses: the same on statistics of the "
                       "keypoints themselves."}};
    for (const RunKind kind :
         {RunKind::seq2seq, RunKind::graph_transformer, RunKind::minet, RunKind::content}) {
      if (needs_notes(kind) && !no_notes_.empty()) continue;
      const auto all = measure("knn", kind, Json::object(), [&](std::uint64_t seed) {
        evaluation::KnnOptions options{.common = common(kind, seed)};
        options.common.clips = 0;
        return evaluation::evaluate_knn(options);
      });
      put(table, title_of(kind), all, {number("accuracy", "accuracy_interval")});
      if (kind != RunKind::minet) continue;
      put(table, "raw poses", all, {number("raw_pose_accuracy", "raw_pose_accuracy_interval")});
      put(table, "always the most common", all, {number("most_frequent")});
      put(table, "chance", all, {number("chance")});
    }
  }

  void table_3() {
    PaperTable& table = tables_.emplace_back();
    table = {.key = "3",
             .title = "Do people take generated sound for the real recording?",
             .columns = {"taken for real"},
             .rows = {},
             .notes = {"Share of pairs in which a listener took the model's sound for the real "
                       "one (two-alternative forced choice); the interval is Wilson's."}};
    table.row("MI Net");
    table.row("nobody can tell").cells[0] = Measured{.value = 0.5};
    if (!options_.listening) {
      table.notes.emplace_back(
          "No listeners' answers were given; docs/listening.md says how to get them.");
      return;
    }
    const Measurement score{options_.listening->string(),
                            Json::parse(read_file(*options_.listening, kMaxText), nullptr, false)};
    if (!score.has("success.rate") || !score.has("success.low") || !score.has("success.high")) {
      throw InputError(text(options_.listening->string(),
                            ": expected the score of a listening test with its success rate, got "
                            "something else; score the answers first"));
    }
    Cell rate = score.at("success.rate");
    if (rate) {
      const Cell low = score.at("success.low"), high = score.at("success.high");
      if (low && high)
        rate = Measured{.value = rate->value, .low = low->value, .high = high->value};
    }
    table.row("MI Net").cells[0] = rate;
  }

  void table_4() {
    PaperTable& table = tables_.emplace_back();
    table = {.key = "4",
             .title = "What do the codes keep of a sound?",
             .columns = {"L2", "LSD (dB)", "SC (dB)", "codes used", "perplexity"},
             .rows = {},
             .notes = {"On held-out clips. L2: mean squared error of the standardised "
                       "log-spectrogram; LSD: log-spectral distance; SC: spectral convergence; in "
                       "these lower is better. The paper's L2 is of another scale: only the ratio, "
                       "with over without MBR blocks, can be compared."}};
    // What has no codes has three of the five figures.
    const auto columns = [](const std::string& prefix, std::size_t count = 5) {
      std::vector<Take> takes;
      for (const char* key : {"l2", "log_spectral_distance_db", "spectral_convergence_db",
                              "codes_used", "perplexity"}) {
        if (takes.size() < count) takes.push_back(number(prefix + key));
      }
      return takes;
    };
    const auto of = [&](RunKind kind) {
      return measure("reconstruction", kind, {{"clips", options_.clips}}, [&](std::uint64_t seed) {
        return evaluation::evaluate_reconstruction({.common = common(kind, seed)});
      });
    };
    const auto without = of(RunKind::no_mbr), with = of(RunKind::minet);
    put(table, title_of(RunKind::no_mbr), without, columns(""));
    put(table, title_of(RunKind::minet), with, columns(""));
    std::vector<Measured> ratios;
    for (std::size_t i = 0; i < with.size(); ++i) {
      const Cell above = with[i].at("l2"), below = without[i].at("l2");
      if (above && below) ratios.push_back({.value = above->value / below->value});
    }
    TableRow& ratio = table.row("with over without");
    if (ratios.size() == with.size()) ratio.cells[0] = over_runs(ratios);
    put(table, "frame-wise PCA and k-means, no training", without,
        columns("baselines.pca_kmeans."));
    put(table, "frame-wise PCA, no codes", without, columns("baselines.pca.", 3));
    put(table, "mean of each bin", without, columns("baselines.bin_mean.", 3));
  }

  void table_5() {
    PaperTable& table = tables_.emplace_back();
    table = {
        .key = "5",
        .title = "How well are held-out codes predicted?",
        .columns = {"nats per code", "another track's body costs"},
        .rows = {},
        .notes = {"Lower is better in the first column; in the second, above 0 where the model "
                  "listens to the body. The first two rows are given the notes, the others are "
                  "not; all predict the codes of one VQ-VAE. With one seed, intervals are over "
                  "clips."}};
    table.row(title_of(RunKind::gru_seq2seq));
    table.row(title_of(RunKind::content));
    const auto of = [&](RunKind kind, const std::string& prefix) {
      const auto all = measure("nll", kind, {{"clips", options_.clips}}, [&](std::uint64_t seed) {
        return evaluation::evaluate_nll({.common = common(kind, seed)});
      });
      TableRow& row = table.row(title_of(kind));
      row.cells[0] = cell(all, [&](const Measurement& measurement) {
        return measurement.with_error(prefix + "_nats", prefix + "_standard_error");
      });
      // Clips of one track alone have no other's body.
      if (all_have(all, prefix + "_pose_gain_nats")) {
        row.cells[1] = cell(all, [&](const Measurement& measurement) {
          return measurement.with_error(prefix + "_pose_gain_nats",
                                        prefix + "_pose_gain_standard_error");
        });
      }
      return all;
    };
    if (no_notes_.empty()) {
      of(RunKind::gru_seq2seq, "nll_notes");
      of(RunKind::content, "nll_notes");
    }
    const auto minet = of(RunKind::minet, "nll");
    for (const char* baseline : {"bigram", "unigram", "uniform"}) {
      table.row(baseline).cells[0] = cell(minet, number(text("baselines.", baseline, ".nll_nats")));
    }
  }

  // Ours: the paper has no such table.
  void table_a() {
    PaperTable& table = tables_.emplace_back();
    table = {
        .key = "A",
        .title = "Which stage loses the notes, which the instrument? (ours)",
        .columns = {"pitch accuracy", "onset F1", "chroma distance", "instrument"},
        .rows = {},
        .notes = {"Pitch, onsets and chroma of the sound against the track's notes; instrument: "
                  "the share that a classifier of real training sound names correctly. Lower is "
                  "better in chroma distance only. Content cond. MI Net and the GRU-Seq2Seq are "
                  "given the notes, the others are not. Chance: another track's notes, the "
                  "most common instrument."}};
    const auto test = corpus_.tracks_of("test");
    const auto count = std::count_if(test.begin(), test.end(),
                                     [](const corpus::Track& track) { return track.has_notes; });
    hears_notes_ = no_notes_.empty() && count >= 2;
    if (no_notes_.empty() && !hears_notes_) {
      leave_out("pitch, onsets and chroma of table A",
                "only one test track has notes, so no other's can be compared with");
    }
    for (const RunKind kind : {RunKind::minet, RunKind::content, RunKind::gru_seq2seq,
                               RunKind::seq2seq, RunKind::graph_transformer}) {
      if (needs_notes(kind) && !no_notes_.empty()) continue;
      chain_rows(table, kind);
    }
  }

  void chain_rows(PaperTable& table, RunKind kind) {
    const Json own{{"clips", options_.clips}};
    const bool told = needs_notes(kind);
    std::vector<Measurement> notes;
    if (hears_notes_) {
      notes = measure("notes", kind, own, [&](std::uint64_t seed) {
        return evaluation::evaluate_notes({.common = common(kind, seed)});
      });
    }
    const auto instrument = measure("instrument", kind, own, [&](std::uint64_t seed) {
      return evaluation::evaluate_instrument({.common = common(kind, seed), .notes = told});
    });
    const auto row = [&](const std::string& name, const std::string& stage, bool chance) {
      TableRow& line = table.row(name);
      const std::string place = text("chain.", stage, chance ? ".chance." : ".");
      if (!notes.empty()) {
        line.cells[0] = cell(notes, number(place + "pitch_accuracy"));
        line.cells[1] = cell(notes, number(place + "onset_f1"));
        line.cells[2] = cell(notes, number(place + "chroma_distance"));
      }
      line.cells[3] =
          cell(instrument, number(chance ? "chance" : text("chain.", stage, ".accuracy")));
    };
    if (kind == RunKind::minet) {
      row("real sound", "real", false);
      row("real magnitudes, phases reconstructed", "inverted", false);
      row("MI Net's codes of it", "reconstruction", false);
    }
    row(title_of(kind) + ", generated", "generated", false);
    if (kind == RunKind::graph_transformer) row("chance", "generated", true);
  }

  std::string figure_7() {
    const std::uint64_t seed = options_.seeds.front();
    const fs::path folder = options_.out / "results" / "tsne";
    double clips = 0;  // of the test split, end to end
    for (const corpus::Track& track : corpus_.tracks_of("test")) {
      clips += std::floor(track.seconds / runs_.config(RunKind::minet).data.clip_seconds);
    }
    if (clips < kFewestPoints) return {};
    results_.get(text("tsne-minet-seed", seed), inputs(RunKind::minet, seed, Json::object()), [&] {
      evaluation::TsneOptions options{.common = common(RunKind::minet, seed),
                                      .perplexity = std::min(30.0, clips / 3),
                                      .out = folder,
                                      .force = true};
      options.common.clips = 0;
      return evaluation::evaluate_tsne(options);
    });
    const fs::path svg = folder / "tsne.svg";
    if (!fs::exists(svg)) return {};
    // As part of a page a picture has no prologue of its own.
    const std::string content = read_file(svg, kMaxText);
    const std::size_t begin = content.find("<svg");
    return begin == std::string::npos ? std::string() : content.substr(begin);
  }

  std::vector<std::string> curves() const {
    const std::uint64_t seed = options_.seeds.front();
    const auto curve = [&](RunKind kind, const char* stage, const char* key, const char* name) {
      return evaluation::read_curve(runs_.folder(kind, seed) / "metrics.jsonl", stage, key, name);
    };
    std::vector<std::string> svgs{
        evaluation::curves_svg("Reconstruction loss",
                               {curve(RunKind::minet, "vqvae", "reconstruction", "MBR"),
                                curve(RunKind::no_mbr, "vqvae", "reconstruction", "plain")}),
        evaluation::curves_svg("Codes used in a batch",
                               {curve(RunKind::minet, "vqvae", "codes_used", "MBR"),
                                curve(RunKind::no_mbr, "vqvae", "codes_used", "plain")}),
        evaluation::curves_svg("Prior, nats per code",
                               {curve(RunKind::minet, "prior", "loss", "MI Net"),
                                curve(RunKind::content, "prior", "loss", "content cond."),
                                curve(RunKind::gru_seq2seq, "prior", "loss", "GRU-Seq2Seq")}),
        evaluation::curves_svg(
            "Baselines, frame loss",
            {curve(RunKind::seq2seq, "baseline", "loss", "Seq2Seq"),
             curve(RunKind::graph_transformer, "baseline", "loss", "Graph-Transformer")})};
    std::erase_if(svgs, [](const std::string& svg) { return svg.empty(); });
    return svgs;
  }

  // Of run.json; empty where the run has none.
  Json run_json(RunKind kind, std::uint64_t seed) const {
    const fs::path file = runs_.folder(kind, seed) / "run.json";
    if (!fs::exists(file)) return Json::object();
    Json json = Json::parse(read_file(file, kMaxText), nullptr, false);
    return json.is_object() ? json : Json::object();
  }

  Json runs_json() {
    Json runs = Json::array();
    for (const std::uint64_t seed : options_.seeds) {
      for (const RunKind kind : runs_.kinds()) {
        const Json own = run_json(kind, seed);
        Json& run = runs.emplace_back();
        run["run"] = key_of(kind);
        run["seed"] = seed;
        run["model"] = model_hash(kind, seed);
        for (const char* key : {"version", "torch", "device", "threads", "capability", "started"}) {
          if (own.contains(key)) run[key] = own[key];
        }
      }
    }
    return runs;
  }

  std::string budgets() const {
    const auto stage = [](const config::StageConfig& budget) {
      return text(budget.steps, " steps of ", budget.batch, " clips");
    };
    const config::TrainConfig& shared = runs_.config(RunKind::minet);
    std::vector<std::string> budgets{text("shared VQ-VAE ", stage(shared.vqvae_training))};
    for (const RunKind kind : runs_.kinds()) {
      budgets.push_back(text(title_of(kind), " ", stage(runs_.budget(kind))));
    }
    return "Budgets: " + join(budgets, "; ");
  }

  // Runs of other corpora that the options let in.
  std::vector<std::string> other_corpora() const {
    std::vector<std::string> facts;
    for (const std::uint64_t seed : options_.seeds) {
      for (const RunKind kind : runs_.kinds()) {
        const std::string hash = runs_.corpus_of(kind, seed);
        if (hash.empty() || hash == corpus_.hash()) continue;
        facts.push_back(text(title_of(kind), " was trained on corpus ", hash.substr(0, 12),
                             ", given as the same recordings"));
      }
    }
    return facts;
  }

  std::string machines() const {
    std::set<std::string> found;
    for (const std::uint64_t seed : options_.seeds) {
      for (const RunKind kind : runs_.kinds()) {
        const Json own = run_json(kind, seed);
        if (own.contains("device") && own["device"].is_string()) {
          found.insert(own["device"].get<std::string>());
        }
      }
    }
    return text("Trained on ", join({found.begin(), found.end()}, ", "));
  }

  std::vector<std::string> facts() const {
    const auto tracks = [&](const char* split) {
      double seconds = 0;
      const auto all = corpus_.tracks_of(split);
      for (const corpus::Track& track : all) seconds += track.seconds;
      return text(all.size(), " tracks, ", human_duration(seconds));
    };
    std::vector<std::string> seeds;
    for (const std::uint64_t seed : options_.seeds) seeds.push_back(text(seed));
    std::vector<std::string> facts{
        text("Corpus: ", options_.corpus.string(), " (", corpus_.hash().substr(0, 12), "); train ",
             tracks("train"), "; test ", tracks("test")),
        text("Configuration: ", options_.config.string(),
             options_.overrides.empty() ? "" : " with " + join(options_.overrides, ", ")),
        budgets(),
        machines(),
        text("Seeds: ", join(seeds, ", "), "; ", options_.clips, " test clips, ",
             options_.ndb_clips, " for table 1; intervals are 95 %",
             options_.seeds.size() > 1 ? ", over the seeds" : ""),
        text("minet ", version())};
    for (std::string& fact : other_corpora()) facts.push_back(std::move(fact));
    for (const auto& [what, reason] : left_out_) {
      facts.push_back(text("Left out: ", what, ": ", reason));
    }
    return facts;
  }

  ReportPage page(const std::vector<PaperFigure>& paper) {
    const std::uint64_t seed = options_.seeds.front();
    ExampleModels models{.free = runs_.folder(RunKind::minet, seed), .told = std::nullopt};
    if (no_notes_.empty()) models.told = runs_.folder(RunKind::content, seed);
    return {.headline = "minet: MI Net beside its baselines and ablations",
            .facts = facts(),
            .tables = tables_,
            .paper = paper,
            .examples = make_examples(options_, models, seed),
            .tsne_svg = figure_7(),
            .curves = curves()};
  }

  TablesResult publish() {
    const auto paper = paper_figures(
        options_.paper ? std::optional(options_.paper->string()) : std::nullopt, tables_);
    const std::string html = render(page(paper));
    TablesResult result;
    Json json;
    json["version"] = version();
    json["corpus"] = options_.corpus.string();
    json["corpus_hash"] = corpus_.hash();
    json["config"] = options_.config.string();
    json["overrides"] = options_.overrides;
    json["seeds"] = options_.seeds;
    json["clips"] = options_.clips;
    json["ndb_clips"] = options_.ndb_clips;
    json["runs"] = runs_json();
    json["left_out"] = Json::array();
    for (const auto& [what, reason] : left_out_) {
      json["left_out"].push_back({{"what", what}, {"reason", reason}});
    }
    json["tables"] = Json::array();
    result.report = join(facts(), "\n") + "\n\n";
    for (const PaperTable& table : tables_) {
      json["tables"].push_back(as_json(table, paper));
      result.report += as_text(table, paper) + "\n";
      save_file(options_.out / text("table-", table.key, ".csv"), as_csv(table, paper));
    }
    result.json = evaluation::dump(json);
    result.page = options_.out / "report.html";
    save_file(options_.out / "tables.json", result.json);
    save_file(options_.out / "tables.txt", result.report);
    save_file(result.page, html);
    return result;
  }

  const TablesOptions options_;
  const corpus::Corpus corpus_;
  const std::string no_notes_;  // why; empty where the corpus has notes
  bool hears_notes_ = false;    // there are notes to compare sound with
  const RunShelf runs_;
  const ResultShelf results_;
  std::map<std::pair<RunKind, std::uint64_t>, std::string> model_hashes_;
  std::vector<PaperTable> tables_;
  std::vector<std::pair<std::string, std::string>> left_out_;  // what, why
};

}  // namespace

TablesResult make_tables(const TablesOptions& options) {
  return TableMaker(options).make();
}

}  // namespace minet::comparison
