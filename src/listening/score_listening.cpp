// Evaluates listeners' answers.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "evaluation/result.hpp"
#include "evaluation/statistics/bins.hpp"
#include "evaluation/statistics/proportion.hpp"
#include "listening/listening_answers.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/core/words.hpp"

namespace minet::listening {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kRounds = 2000;  // of the bootstrap over listeners

// Sorted by name.
using Groups = std::map<std::string, evaluation::Proportion>;

std::int64_t missed_catch_trials(const ListenerAnswers& answers, const ListeningKey& key) {
  return std::count_if(answers.answers.begin(), answers.answers.end(),
                       [&](const ListeningAnswer& answer) {
                         return key.pairs.at(answer.pair).catch_trial && answer.took_made;
                       });
}

struct Score {
  evaluation::Proportion all, left;
  Groups by_instrument, by_listener, by_half, by_musician, by_pair;
};

void add(Score& score, const ListenerAnswers& listener, const ListeningKey& key) {
  for (std::size_t i = 0; i < listener.answers.size(); ++i) {
    const ListeningAnswer& answer = listener.answers[i];
    const ListeningPair& pair = key.pairs.at(answer.pair);
    if (pair.catch_trial) continue;
    const bool fooled = answer.took_made;
    score.all.add(fooled);
    score.left.add(answer.chose_left);
    if (!pair.instrument.empty()) score.by_instrument[pair.instrument].add(fooled);
    score.by_listener[listener.listener].add(fooled);
    score.by_half[2 * i < listener.answers.size() ? "first" : "second"].add(fooled);
    score.by_musician[listener.musician.empty() ? "not said" : listener.musician].add(fooled);
    score.by_pair[answer.pair].add(fooled);
  }
}

// Resamples listeners and not answers, because answers of one listener are correlated.
evaluation::Interval by_drawing_listeners(const Groups& listeners, std::uint64_t seed) {
  std::vector<evaluation::Proportion> all;
  for (const auto& [name, proportion] : listeners) all.push_back(proportion);
  Random random(derive_seed(seed, "bootstrap of listeners"));
  std::vector<double> rates;
  for (int round = 0; round < kRounds; ++round) {
    evaluation::Proportion sum;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const evaluation::Proportion& drawn = all[static_cast<std::size_t>(random.below(all.size()))];
      sum.count += drawn.count;
      sum.answers += drawn.answers;
    }
    rates.push_back(sum.rate());
  }
  return evaluation::percentiles(std::move(rates));
}

Json to_json(const evaluation::Proportion& proportion) {
  const evaluation::WilsonInterval interval = evaluation::wilson(proportion);
  return {{"count", proportion.count},
          {"answers", proportion.answers},
          {"rate", proportion.rate()},
          {"low", interval.low},
          {"high", interval.high}};
}

Json to_json(const Groups& groups) {
  Json rows = Json::array();
  for (const auto& [name, proportion] : groups) {
    Json row{{"name", name}};
    row.update(to_json(proportion));
    rows.push_back(std::move(row));
  }
  return rows;
}

void add_row(std::vector<std::vector<std::string>>& rows, const std::string& name,
             const evaluation::Proportion& proportion) {
  const evaluation::WilsonInterval interval = evaluation::wilson(proportion);
  rows.push_back({name, percent(proportion.rate()),
                  text(percent(interval.low), " - ", percent(interval.high)),
                  text(proportion.answers)});
}

void add_rows(std::vector<std::vector<std::string>>& rows, const std::string& title,
              const Groups& groups) {
  rows.push_back({});
  rows.push_back({title});
  for (const auto& [name, proportion] : groups) {
    add_row(rows, "  " + printable(name), proportion);
  }
}

}  // namespace

evaluation::EvalResult score_listening_test(const ListeningScoreOptions& options) {
  const ListeningKey key = read_listening_key(options.key);
  const std::vector<ListenerAnswers> all = read_listening_answers(options.answers, key);
  Score score;
  Json excluded = Json::array(), incomplete = Json::array();
  std::string notes;
  for (const ListenerAnswers& listener : all) {
    const std::int64_t missed = missed_catch_trials(listener, key);
    if (missed > options.missed_catch_trials) {
      excluded.push_back({{"listener", listener.listener}, {"missed_catch_trials", missed}});
      notes += text("Left out: ", listener.listener, " took noise for real ", missed, " times.\n");
      continue;
    }
    if (listener.answers.size() < key.pairs.size()) {
      incomplete.push_back(listener.listener);
      notes += text("Not finished: ", listener.listener, " answered ", listener.answers.size(),
                    " of ", counted(key.pairs.size(), "pair"), "; these answers count.\n");
    }
    add(score, listener, key);
  }
  if (score.all.answers == 0) {
    throw InputError(text(options.key.string(), ": expected answers to count, but all ", all.size(),
                          " listeners took noise for real too often or heard catch trials only; "
                          "see the option 'missed_catch_trials'"));
  }

  Json json;
  json["metric"] = "listening";
  json["key"] = options.key.string();
  json["test"] = key.test;
  json["version"] = version();
  json["listeners"] = score.by_listener.size();
  json["excluded"] = excluded;
  json["incomplete"] = incomplete;
  json["success"] = to_json(score.all);
  std::string spread;
  if (score.by_listener.size() > 1) {
    const evaluation::Interval interval = by_drawing_listeners(score.by_listener, options.seed);
    json["listeners_interval"] = {interval.low, interval.high};
    spread =
        text("Resampling listeners: ", percent(interval.low), " - ", percent(interval.high), ".\n");
  }
  json["left_chosen"] = to_json(score.left);
  json["by_instrument"] = to_json(score.by_instrument);
  json["by_listener"] = to_json(score.by_listener);
  json["by_half"] = to_json(score.by_half);
  json["by_musician"] = to_json(score.by_musician);
  json["by_pair"] = to_json(score.by_pair);

  std::vector<std::vector<std::string>> rows{{"", "taken for real", "95 % (Wilson)", "answers"}};
  add_row(rows, "all", score.all);
  if (!score.by_instrument.empty()) add_rows(rows, "by instrument", score.by_instrument);
  add_rows(rows, "by listener", score.by_listener);
  add_rows(rows, "by half of the test", score.by_half);
  add_rows(rows, "by music making", score.by_musician);
  return {.json = evaluation::dump(json),
          .report = text("Taken for real: how often the model's sound was chosen as the real one; "
                         "50 % if nobody can tell, 0 % if everybody can.\n",
                         counted(score.by_listener.size(), "listener"), "; A was chosen in ",
                         percent(score.left.rate()), " of answers.\n", notes, "\n", table(rows),
                         "\n", spread)};
}

}  // namespace minet::listening
