// All of mi_eval tables: trains, measures and publishes.
#include <algorithm>
#include <set>

#include "comparison/check_corpus.hpp"
#include "comparison/examples.hpp"
#include "comparison/facts.hpp"
#include "comparison/figures.hpp"
#include "comparison/measuring.hpp"
#include "comparison/paper_tables.hpp"
#include "comparison/report_page.hpp"
#include "evaluation/result.hpp"
#include "evaluation/scene.hpp"
#include "minet/comparison/tables.hpp"
#include "minet/core/access.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/evaluation/ndb.hpp"

namespace minet::comparison {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr std::uint64_t kMaxMark = 1 << 20;         // bytes
constexpr const char* kMark = "minet-tables.json";  // marks a folder as this command's

class TableMaker {
 public:
  explicit TableMaker(const TablesOptions& options)
      : options_(without_training_in_shards(options)), measuring_(options_) {
    check();
    listening_ = listening_table(measuring_);  // from a file: reveals a wrong one early
    fs::create_directories(options_.out);
  }

  TablesResult make() {
    const FolderLock lock(options_.out);
    make_all();
    return publish();
  }

  // Makes this shard's measurements; a merge of all shards makes the tables.
  TablesResult make_shard() {
    const fs::path folder = shard_folder(options_.out, options_.shard);
    make_folders(folder);
    const FolderLock lock(folder);
    make_all();
    tsne_svg(measuring_);
    return {.json = {}, .report = measuring_.said_of_shard(), .page = {}};
  }

 private:
  static TablesOptions without_training_in_shards(TablesOptions options) {
    if (options.shard.merge || options.shard.count > 0) options.train = false;
    return options;
  }

  void make_all() {
    remember_options();
    measuring_.runs().train_all();
    if (!measuring_.no_notes().empty()) {
      measuring_.leave_out(
          "Content cond. MI Net and GRU-Seq2Seq; pitch, onsets and chroma of table A",
          measuring_.no_notes());
    }
    for (const auto& make_one : {ndb_table, knn_table}) tables_.push_back(make_one(measuring_));
    tables_.push_back(listening_);
    for (const auto& make_one : {reconstruction_table, nll_table, stages_table}) {
      tables_.push_back(make_one(measuring_));
    }
  }

  void check() const {
    check_numbers();
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
    const config::TrainConfig& minet = measuring_.runs().config(RunKind::minet);
    const bool notes = measuring_.no_notes().empty();
    check_corpus(measuring_.corpus(), minet.data.clip_seconds, notes);
    check_clips(measuring_.corpus(), minet, {.clips = options_.clips, .notes = notes});
    if (options_.paper) check_paper_figures(options_.paper->string());
    // Runs trained elsewhere may be there before the command's own mark is.
    std::error_code ignored;
    if (fs::exists(options_.out) && !fs::is_empty(options_.out, ignored) &&
        !fs::exists(options_.out / kMark) && !holds_runs_alone()) {
      throw InputError(text(options_.out.string(),
                            ": expected a new folder, one that this command made before, or one "
                            "that holds only runs/, got a different one; choose another name"));
    }
  }

  void check_numbers() const {
    const std::int64_t least = 2 * evaluation::NdbOptions{}.bins;
    if (options_.ndb_clips < least || options_.ndb_clips > evaluation::kMaxNdbTrainClips) {
      throw InputError(text("ndb_clips: expected ", least, " (two a bin) to ",
                            evaluation::kMaxNdbTrainClips, ", got ", options_.ndb_clips));
    }
    if (options_.clips < 0 || options_.clips > evaluation::kMaxClips) {
      throw InputError(text("clips: expected 0 (the whole split) to ", evaluation::kMaxClips,
                            ", got ", options_.clips));
    }
  }

  bool holds_runs_alone() const {
    for (const auto& item : fs::directory_iterator(options_.out)) {
      const fs::path name = item.path().filename();
      // Other shards may start at the same time.
      if (name != "runs" && !name.string().starts_with(text('.', kMark))) return false;
    }
    return true;
  }

  // Marks the folder as this command's, for this corpus.
  void remember_options() const {
    const fs::path mark = options_.out / kMark;
    Json json;
    json["corpus_hash"] = measuring_.corpus().hash();
    if (fs::exists(mark)) {
      const Json before = Json::parse(read_file(mark, kMaxMark), nullptr, false);
      if (before != json) {
        const bool known = before.is_object() && before.contains("corpus_hash") &&
                           before["corpus_hash"].is_string();
        const std::string hash = known ? before["corpus_hash"].get<std::string>() : "unknown";
        throw InputError(
            text(options_.out.string(), ": expected the corpus that it was started with (hash ",
                 hash.substr(0, 12), "), got ", options_.corpus.string(), " (",
                 measuring_.corpus().hash().substr(0, 12), "); choose another folder"));
      }
      return;
    }
    save_file(mark, evaluation::dump(json));
  }

  ReportPage page(const std::vector<PaperFigure>& paper) {
    const std::uint64_t seed = measuring_.first_seed();
    ExampleModels models{.free = measuring_.runs().folder(RunKind::minet, seed),
                         .told = std::nullopt};
    if (measuring_.has(RunKind::content))
      models.told = measuring_.runs().folder(RunKind::content, seed);
    return {.headline = "minet: MI Net beside its baselines and ablations",
            .facts = facts(measuring_),
            .tables = tables_,
            .paper = paper,
            .examples = make_examples(options_, models, seed),
            .tsne_svg = tsne_svg(measuring_),
            .curves = curve_svgs(measuring_)};
  }

  TablesResult publish() {
    const auto paper = paper_figures(
        options_.paper ? std::optional(options_.paper->string()) : std::nullopt, tables_);
    const std::string html = render(page(paper));
    TablesResult result;
    Json json;
    json["version"] = version();
    json["corpus"] = options_.corpus.string();
    json["corpus_hash"] = measuring_.corpus().hash();
    json["config"] = options_.config.string();
    json["overrides"] = options_.overrides;
    json["seeds"] = options_.seeds;
    json["clips"] = options_.clips;
    json["ndb_clips"] = options_.ndb_clips;
    json["runs"] = runs_json(measuring_);
    json["left_out"] = Json::array();
    for (const auto& [what, reason] : measuring_.left_out()) {
      json["left_out"].push_back({{"what", what}, {"reason", reason}});
    }
    json["tables"] = Json::array();
    result.report = join(facts(measuring_), "\n") + "\n\n";
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
  Measuring measuring_;
  PaperTable listening_;
  std::vector<PaperTable> tables_;
};

}  // namespace

TablesResult make_tables(const TablesOptions& options) {
  TableMaker maker(options);
  return options.shard.count > 0 ? maker.make_shard() : maker.make();
}

}  // namespace minet::comparison
