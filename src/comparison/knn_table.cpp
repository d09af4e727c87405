#include "comparison/paper_tables.hpp"
#include "minet/evaluation/knn.hpp"

namespace minet::comparison {

PaperTable knn_table(Measuring& measuring) {
  PaperTable table = {
      .key = "2",
      .title = "Does the nearest body vector name the instrument?",
      .columns = {"accuracy"},
      .rows = {},
      .notes = {"1-NN by cosine on the body's features, test clips against training clips; "
                "no model was given instrument labels. Raw poses: the same on statistics of the "
                "keypoints themselves."}};
  for (const RunKind kind : {RunKind::seq2seq, RunKind::graph_transformer, RunKind::minet,
                             RunKind::content, RunKind::plus}) {
    if (!measuring.has(kind)) continue;
    const auto all =
        measuring.measure("knn", kind, nlohmann::ordered_json::object(), [&](std::uint64_t seed) {
          evaluation::KnnOptions options{.common = measuring.common(kind, seed)};
          options.common.clips = 0;
          return evaluation::evaluate_knn(options);
        });
    put(table, title_of(kind), all, {number("accuracy", "accuracy_interval")});
    if (kind != RunKind::minet) continue;
    put(table, "raw poses", all, {number("raw_pose_accuracy", "raw_pose_accuracy_interval")});
    put(table, "always the most common", all, {number("most_frequent")});
    put(table, "chance", all, {number("chance")});
  }
  return table;
}

}  // namespace minet::comparison
