#include "comparison/paper_tables.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"

namespace minet::comparison {
namespace {

constexpr std::uint64_t kMaxScore = 64 << 20;  // bytes

// By resampling listeners, whose own answers are correlated, if there were several (docs/
// listening.md); otherwise Wilson's.
bool has_listeners_interval(const Measurement& score) {
  const auto& json = score.json;
  if (!json.contains("listeners_interval")) return false;
  const auto& ends = json["listeners_interval"];
  return ends.is_array() && ends.size() == 2 && ends[0].is_number() && ends[1].is_number();
}

Cell rate_of(const Measurement& score) {
  if (has_listeners_interval(score)) return score.at("success.rate", "listeners_interval");
  Cell rate = score.at("success.rate");
  const Cell low = score.at("success.low"), high = score.at("success.high");
  if (rate && low && high)
    rate = Measured{.value = rate->value, .low = low->value, .high = high->value};
  return rate;
}

}  // namespace

PaperTable listening_table(Measuring& measuring) {
  PaperTable table = {
      .key = "3",
      .title = "Do people take generated sound for the real recording?",
      .columns = {"taken for real"},
      .rows = {},
      .notes = {"Share of pairs in which a listener took the model's sound for the real "
                "one (two-alternative forced choice)."}};
  table.row("MI Net");
  table.row("nobody can tell").cells[0] = Measured{.value = 0.5};
  if (!measuring.options().listening) {
    table.notes.emplace_back(
        "No listeners' answers were given; docs/listening.md says how to get them.");
    return table;
  }
  const Measurement score{
      measuring.options().listening->string(),
      nlohmann::ordered_json::parse(read_file(*measuring.options().listening, kMaxScore), nullptr,
                                    false)};
  if (!score.has("success.rate") || !score.has("success.low") || !score.has("success.high")) {
    throw InputError(text(measuring.options().listening->string(),
                          ": expected the score of a listening test with its success rate, got "
                          "something else; score the answers first"));
  }
  table.row("MI Net").cells[0] = rate_of(score);
  table.notes.emplace_back(has_listeners_interval(score)
                               ? "The interval is from resampling listeners."
                               : "The interval is Wilson's: there was a single listener.");
  return table;
}

}  // namespace minet::comparison
