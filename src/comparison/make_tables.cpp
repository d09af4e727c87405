// Which measurement goes where in the tables.
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "comparison/examples.hpp"
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

constexpr double kFewestPoints = 12;          // a map of fewer says nothing
constexpr std::uint64_t kMaxText = 64 << 20;  // bytes of an SVG or a JSON file that we read back

// json[path...], nullptr where it is not.
const Json* find(const Json& json, const std::vector<std::string>& path) {
  const Json* here = &json;
  for (const std::string& key : path) {
    if (!here->is_object() || !here->contains(key)) return nullptr;
    here = &(*here)[key];
  }
  return here;
}

// The number at `path`, with the interval [low, high] at `interval` where there is one.
Cell measured(const Json& json, const std::vector<std::string>& path,
              const std::vector<std::string>& interval = {}) {
  const Json* value = find(json, path);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  Measured result{.value = value->get<double>()};
  const Json* ends = interval.empty() ? nullptr : find(json, interval);
  if (ends != nullptr && ends->is_array() && ends->size() == 2 && (*ends)[0].is_number() &&
      (*ends)[1].is_number()) {
    result.low = (*ends)[0].get<double>();
    result.high = (*ends)[1].get<double>();
  }
  return result;
}

// A mean with its standard error -> with a 95 % interval.
Cell with_error(const Json& json, const std::string& key, const std::string& error_key) {
  Cell cell = measured(json, {key});
  const Cell error = measured(json, {error_key});
  if (cell && error) {
    cell->low = cell->value - 1.96 * error->value;
    cell->high = cell->value + 1.96 * error->value;
  }
  return cell;
}

class TableMaker {
 public:
  explicit TableMaker(const TablesOptions& options)
      : options_(options),
        corpus_(corpus::Corpus::open(options.corpus)),
        runs_(options),
        results_(options.out / "results") {
    check();
  }

  TablesResult make() {
    const FolderLock lock(options_.out);
    remember_options();
    runs_.train_all();
    reconstruction();
    nll();
    ndb();
    knn();
    chain();
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
    const auto test = corpus_.tracks_of("test");
    if (std::none_of(test.begin(), test.end(),
                     [](const corpus::Track& track) { return track.has_notes; })) {
      throw InputError(text(options_.corpus.string(),
                            ": expected notes for tracks of split 'test', which the tables "
                            "compare, got none; add them before preparing the corpus"));
    }
    std::error_code ignored;
    if (fs::exists(options_.out) && !fs::is_empty(options_.out, ignored) &&
        !fs::exists(options_.out / kMark)) {
      throw InputError(text(options_.out.string(),
                            ": expected a new folder or one that this command made before, got "
                            "another; choose another name"));
    }
    fs::create_directories(options_.out);
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

  evaluation::EvalOptions common(RunKind kind, std::uint64_t seed) const {
    return {.model = runs_.folder(kind, seed),
            .corpus = options_.corpus,
            .clips = options_.clips,
            .seed = seed,
            .device = options_.device,
            .threads = options_.threads};
  }

  // What a measurement is made from, besides `own`.
  Json inputs(RunKind kind, std::uint64_t seed, Json own) {
    Json json;
    json["version"] = version();
    json["corpus"] = corpus_.hash();
    std::string& hash = model_hashes_[{kind, seed}];  // a model is not trained any more here
    if (hash.empty()) hash = sha256_of_file(models::model_file(runs_.folder(kind, seed)));
    json["model"] = hash;
    json["seed"] = seed;
    json["options"] = std::move(own);
    return json;
  }

  // One JSON a seed.
  std::vector<Json> measure(const std::string& metric, RunKind kind, const Json& own,
                            const std::function<evaluation::EvalResult(std::uint64_t)>& evaluate) {
    std::vector<Json> all;
    for (const std::uint64_t seed : options_.seeds) {
      all.push_back(results_.get(text(metric, "-", key_of(kind), "-seed", seed),
                                 inputs(kind, seed, own), [&] { return evaluate(seed); }));
    }
    return all;
  }

  // The same place of each seed's JSON; empty if one of them has nothing there.
  static Cell cell(const std::vector<Json>& all, const std::function<Cell(const Json&)>& take) {
    std::vector<Measured> values;
    for (const Json& json : all) {
      const Cell one = take(json);
      if (!one) return std::nullopt;
      values.push_back(*one);
    }
    return over_runs(values);
  }

  void put(PaperTable& table, const std::string& row, const std::vector<Json>& all,
           const std::vector<std::function<Cell(const Json&)>>& takes) {
    TableRow& line = table.row(row);
    for (std::size_t i = 0; i < takes.size(); ++i) {
      if (takes[i]) line.cells[i] = cell(all, takes[i]);
    }
  }

  void ndb() {
    PaperTable& table = tables_.emplace_back();
    table = {.key = "1",
             .title = "Does generated sound fill the bins of training sound as real sound does?",
             .columns = {"NDB", "JS"},
             .rows = {},
             .notes = {text("NDB: bins of 50 whose share differs at the 0.05 level; JS: "
                            "Jensen-Shannon divergence in nats; lower is better. The first row is "
                            "the floor: no generator can be asked for less. Codes: the real clips "
                            "through the VQ-VAE, the floor of a perfect prior. With one seed, "
                            "intervals are a bootstrap over tracks."),
                       "The paper's generated sound scores 33 on URMP; on Solos, generated 36 and "
                       "real 31."}};
    const Json own{{"clips", options_.ndb_clips}};
    const auto add = [&](RunKind kind, bool notes, const std::string& name) {
      const auto all = measure(notes ? "ndb-notes" : "ndb", kind, own, [&](std::uint64_t seed) {
        evaluation::NdbOptions options{.common = common(kind, seed),
                                       .notes = notes,
                                       .floors = kind == RunKind::minet && notes};
        options.common.clips = options_.ndb_clips;
        options.train_clips = options_.ndb_clips;
        options.cache = options_.out / "cache";
        return evaluation::evaluate_ndb(options);
      });
      const auto column = [](std::string prefix, std::string key) {
        return [=](const Json& json) {
          return measured(json, {prefix + key}, {prefix + key + "_interval"});
        };
      };
      const auto row = [&](const std::string& row_name, const std::string& prefix) {
        put(table, row_name, all, {column(prefix, "ndb"), column(prefix, "js")});
      };
      if (kind == RunKind::minet && notes) {
        row("real test clips", "floor_");
        row("real training halves", "halves_");
        row("MI Net's codes of real test clips", "codes_");
      }
      row(name, "");
    };
    add(RunKind::minet, true, "MI Net, with notes");
    add(RunKind::minet, false, "MI Net, body alone");
    add(RunKind::gru_seq2seq, true, "GRU-Seq2Seq, with notes");
    add(RunKind::seq2seq, false, title_of(RunKind::seq2seq));
    add(RunKind::graph_transformer, false, title_of(RunKind::graph_transformer));
  }

  void knn() {
    PaperTable& table = tables_.emplace_back();
    table = {.key = "2",
             .title = "Does the nearest body vector name the instrument?",
             .columns = {"accuracy"},
             .rows = {},
             .notes = {"1-NN by cosine on the body's features, test clips against training clips; "
                       "no model was told any instrument. Raw poses: the same on statistics of the "
                       "keypoints themselves. On Solos the paper has 0.615 for MI Net, 0.378 and "
                       "0.383 for the baselines."}};
    for (const RunKind kind : {RunKind::minet, RunKind::seq2seq, RunKind::graph_transformer}) {
      const auto all = measure("knn", kind, Json::object(), [&](std::uint64_t seed) {
        evaluation::KnnOptions options{.common = common(kind, seed)};
        options.common.clips = 0;
        return evaluation::evaluate_knn(options);
      });
      put(table, title_of(kind), all,
          {[](const Json& json) { return measured(json, {"accuracy"}, {"accuracy_interval"}); }});
      if (kind != RunKind::minet) continue;
      put(table, "raw poses", all, {[](const Json& json) {
            return measured(json, {"raw_pose_accuracy"}, {"raw_pose_accuracy_interval"});
          }});
      put(table, "always the commonest", all,
          {[](const Json& json) { return measured(json, {"most_frequent"}); }});
      put(table, "chance", all, {[](const Json& json) { return measured(json, {"chance"}); }});
    }
  }

  void reconstruction() {
    PaperTable& table = tables_.emplace_back();
    table = {.key = "3",
             .title = "What do the codes keep of a sound?",
             .columns = {"L2", "LSD (dB)", "SC (dB)", "codes used", "perplexity"},
             .rows = {},
             .notes = {"On held-out clips. L2: mean squared error of the standardised "
                       "log-spectrogram; LSD: log-spectral distance; SC: spectral convergence; in "
                       "these lower is better. The paper's L2 is of another scale: only its "
                       "ratio, 0.88 with to without MBR blocks, can be compared."}};
    const auto columns = [](const std::vector<std::string>& prefix) {
      std::vector<std::function<Cell(const Json&)>> takes;
      for (const char* key : {"l2", "log_spectral_distance_db", "spectral_convergence_db",
                              "codes_used", "perplexity"}) {
        std::vector<std::string> path = prefix;
        path.emplace_back(key);
        takes.emplace_back([path](const Json& json) { return measured(json, path); });
      }
      return takes;
    };
    for (const RunKind kind : {RunKind::minet, RunKind::no_mbr}) {
      const auto all =
          measure("reconstruction", kind, {{"clips", options_.clips}}, [&](std::uint64_t seed) {
            return evaluation::evaluate_reconstruction({.common = common(kind, seed)});
          });
      put(table, title_of(kind), all, columns({}));
      if (kind != RunKind::no_mbr) continue;
      put(table, "frame-wise PCA and k-means, no training", all,
          columns({"baselines", "pca_kmeans"}));
      put(table, "frame-wise PCA, no codes", all, columns({"baselines", "pca"}));
      put(table, "mean of each bin", all, columns({"baselines", "bin_mean"}));
    }
  }

  void nll() {
    PaperTable& table = tables_.emplace_back();
    table = {
        .key = "4",
        .title = "How well does the prior foretell held-out codes?",
        .columns = {"nats a code", "another's body costs"},
        .rows = {},
        .notes = {"Lower is better in the first column; in the second, above 0 where the prior "
                  "listens to the body. Each model is measured on its own VQ-VAE's codes, which "
                  "the two content models share. With one seed, intervals are over clips."}};
    const auto columns = [](const std::string& prefix) {
      return std::vector<std::function<Cell(const Json&)>>{
          [=](const Json& json) {
            return with_error(json, prefix + "_nats", prefix + "_standard_error");
          },
          [=](const Json& json) {
            return with_error(json, prefix + "_pose_gain_nats",
                              prefix + "_pose_gain_standard_error");
          }};
    };
    for (const RunKind kind : {RunKind::minet, RunKind::gru_seq2seq}) {
      const auto all = measure("nll", kind, {{"clips", options_.clips}}, [&](std::uint64_t seed) {
        return evaluation::evaluate_nll({.common = common(kind, seed)});
      });
      put(table, title_of(kind) + ", with notes", all, columns("nll_notes"));
      if (kind != RunKind::minet) continue;
      put(table, "MI Net, body alone", all, columns("nll"));
      for (const char* baseline : {"bigram", "unigram", "uniform"}) {
        const std::string key = baseline;
        put(table, key, all, {[key](const Json& json) {
              return measured(json, {"baselines", key, "nll_nats"});
            }});
      }
    }
  }

  void chain() {
    PaperTable& table = tables_.emplace_back();
    table = {
        .key = "5",
        .title = "Which stage loses the notes, which the instrument?",
        .columns = {"pitch accuracy", "onset F1", "chroma distance", "instrument"},
        .rows = {},
        .notes = {"Pitch, onsets and chroma of the sound against the track's notes; instrument: "
                  "the share that a classifier of real training sound names rightly. Lower is "
                  "better in chroma distance only. The Seq2Seq and the Graph-Transformer are "
                  "not told the notes. Chance: another track's notes, the commonest "
                  "instrument."}};
    const Json own{{"clips", options_.clips}};
    for (const RunKind kind :
         {RunKind::minet, RunKind::gru_seq2seq, RunKind::seq2seq, RunKind::graph_transformer}) {
      const auto notes = measure("notes", kind, own, [&](std::uint64_t seed) {
        return evaluation::evaluate_notes({.common = common(kind, seed)});
      });
      const auto instrument = measure("instrument", kind, own, [&](std::uint64_t seed) {
        return evaluation::evaluate_instrument({.common = common(kind, seed)});
      });
      const auto row = [&](const std::string& name, const std::string& stage, bool chance) {
        const auto note_figure = [&](const char* key) {
          std::vector<std::string> path{"chain", stage};
          if (chance) path.emplace_back("chance");
          path.emplace_back(key);
          return [path](const Json& json) { return measured(json, path); };
        };
        put(table, name, notes,
            {note_figure("pitch_accuracy"), note_figure("onset_f1"),
             note_figure("chroma_distance")});
        table.row(name).cells[3] = cell(instrument, [&](const Json& json) {
          return chance ? measured(json, {"chance"}) : measured(json, {"chain", stage, "accuracy"});
        });
      };
      if (kind == RunKind::minet) {
        row("real sound", "real", false);
        row("real magnitudes, phases made", "inverted", false);
        row("MI Net's codes of it", "reconstruction", false);
      }
      row(title_of(kind) + ", generated", "generated", false);
      if (kind == RunKind::graph_transformer) row("chance", "generated", true);
    }
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
    const auto metrics = [&](RunKind kind) { return runs_.folder(kind, seed) / "metrics.jsonl"; };
    std::vector<std::string> svgs{
        evaluation::curves_svg(
            "Reconstruction loss",
            {evaluation::read_curve(metrics(RunKind::minet), "vqvae", "reconstruction", "MBR"),
             evaluation::read_curve(metrics(RunKind::no_mbr), "vqvae", "reconstruction", "plain")}),
        evaluation::curves_svg(
            "Codes used in a batch",
            {evaluation::read_curve(metrics(RunKind::minet), "vqvae", "codes_used", "MBR"),
             evaluation::read_curve(metrics(RunKind::no_mbr), "vqvae", "codes_used", "plain")}),
        evaluation::curves_svg("Prior, nats a code",
                               {evaluation::read_curve(metrics(RunKind::minet), "prior", "loss",
                                                       "transformer content"),
                                evaluation::read_curve(metrics(RunKind::gru_seq2seq), "prior",
                                                       "loss", "GRU-Seq2Seq")}),
        evaluation::curves_svg(
            "Baselines, frame loss",
            {evaluation::read_curve(metrics(RunKind::seq2seq), "baseline", "loss", "Seq2Seq"),
             evaluation::read_curve(metrics(RunKind::graph_transformer), "baseline", "loss",
                                    "Graph-Transformer")})};
    std::erase_if(svgs, [](const std::string& svg) { return svg.empty(); });
    return svgs;
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
    return {text("Corpus: ", options_.corpus.string(), " (", corpus_.hash().substr(0, 12),
                 "); train ", tracks("train"), "; test ", tracks("test")),
            text("Configuration: ", options_.config.string(),
                 options_.overrides.empty() ? "" : " with " + join(options_.overrides, ", ")),
            text("Seeds: ", join(seeds, ", "), "; ", options_.clips, " test clips, ",
                 options_.ndb_clips, " for table 1; intervals are 95 %",
                 options_.seeds.size() > 1 ? ", over the seeds" : ""),
            text("minet ", version())};
  }

  TablesResult publish() {
    std::sort(tables_.begin(), tables_.end(),
              [](const PaperTable& a, const PaperTable& b) { return a.key < b.key; });
    const auto paper = paper_figures(
        options_.paper ? std::optional(options_.paper->string()) : std::nullopt, tables_);
    ReportPage page{
        .headline = "minet: MI Net beside its baselines and ablations",
        .facts = facts(),
        .tables = tables_,
        .paper = paper,
        .examples = make_examples(options_, runs_.folder(RunKind::minet, options_.seeds.front()),
                                  options_.seeds.front()),
        .tsne_svg = figure_7(),
        .curves = curves()};
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
    save_file(result.page, render(page));
    return result;
  }

  static constexpr const char* kMark = "minet-tables.json";  // whose folder it is

  const TablesOptions options_;
  const corpus::Corpus corpus_;
  const RunShelf runs_;
  const ResultShelf results_;
  std::map<std::pair<RunKind, std::uint64_t>, std::string> model_hashes_;
  std::vector<PaperTable> tables_;
};

}  // namespace

TablesResult make_tables(const TablesOptions& options) {
  return TableMaker(options).make();
}

}  // namespace minet::comparison
