// How the tables are assembled: numbers from a measurement's JSON beside the paper's.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "comparison/measurement.hpp"
#include "comparison/paper_table.hpp"
#include "minet/core/errors.hpp"

namespace minet::comparison {
namespace {

Measurement measurement() {
  return {"nll-minet-seed1", nlohmann::ordered_json::parse(R"({
    "nats": 2.5, "error": 0.1, "interval": [2.3, 2.7], "unknown": null,
    "chain": {"real": {"accuracy": 0.75}}})")};
}

std::string work_error(const std::function<void()>& work) {
  try {
    work();
  } catch (const WorkError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Measurement, GivesFiguresByTheirPath) {
  const Measurement one = measurement();
  EXPECT_EQ(one.at("chain.real.accuracy")->value, 0.75);
  EXPECT_FALSE(one.at("chain.real.accuracy")->low);
  const Cell with_interval = one.at("nats", "interval");
  EXPECT_EQ(with_interval->value, 2.5);
  EXPECT_EQ(with_interval->low, 2.3);
  EXPECT_EQ(with_interval->high, 2.7);
  EXPECT_EQ(one.at("nats", "unknown")->value, 2.5);
  EXPECT_FALSE(one.at("nats", "unknown")->low);  // of a single track
  EXPECT_DOUBLE_EQ(*one.with_error("nats", "error")->high, 2.5 + 0.196);
  EXPECT_FALSE(one.at("unknown"));  // null: could not be measured
  EXPECT_TRUE(one.has("unknown"));
  EXPECT_FALSE(one.has("chain.fake"));
}

TEST(Measurement, AMisspeltPathIsAnErrorAndNoEmptyCell) {
  const Measurement one = measurement();
  const std::string missing = work_error([&] { one.at("chain.real.acuracy"); });
  EXPECT_NE(missing.find("nll-minet-seed1"), std::string::npos) << missing;
  EXPECT_NE(missing.find("expected a number at chain.real.acuracy, got nothing"), std::string::npos)
      << missing;
  EXPECT_NE(work_error([&] { one.at("chain.real"); }).find("got object"), std::string::npos);
  EXPECT_NE(work_error([&] { one.at("nats", "intervall"); }).find("an interval at intervall"),
            std::string::npos);
  EXPECT_NE(work_error([&] { one.with_error("nats", "eror"); }).find("at eror"), std::string::npos);
}

TEST(PaperTable, ThePapersFiguresStandBesideOursByCorpus) {
  PaperTable table{.key = "7", .title = "T", .columns = {"NDB", "JS"}, .rows = {}, .notes = {}};
  table.row("MI Net").cells[0] = Measured{.value = 30};
  table.row("other");
  const std::vector<PaperFigure> paper{
      {.table = "7", .row = "MI Net", .column = "NDB", .corpus = "URMP", .value = 33},
      {.table = "7", .row = "MI Net", .column = "NDB", .corpus = "Solos", .value = 36},
      {.table = "7", .row = "other", .column = "NDB", .corpus = "URMP", .value = 48},
      {.table = "8", .row = "other", .column = "JS", .corpus = "URMP", .value = 1}};
  EXPECT_EQ(as_csv(table, paper),
            "row,column,corpus,value,low,high\n"
            "MI Net,NDB,ours,30,,\n"
            "MI Net,NDB,\"paper, URMP\",33,,\n"
            "MI Net,NDB,\"paper, Solos\",36,,\n"
            "other,NDB,\"paper, URMP\",48,,\n");
  const auto json = as_json(table, paper);
  EXPECT_EQ(json["rows"][0]["figures"]["NDB"]["paper"]["Solos"], 36);
  EXPECT_FALSE(json["rows"][1]["figures"]["NDB"].contains("value"));
  const std::string shown = as_text(table, paper);
  EXPECT_NE(shown.find("paper, URMP"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("paper, Solos"), shown.rfind("paper, Solos"));  // no such column for JS
}

TEST(PaperTable, EveryFigureOfThePaperMustHaveItsPlace) {
  const std::string message = work_error([] { paper_figures(std::nullopt, {}); });
  EXPECT_NE(message.find("expected a table 1 with the row 'Seq2Seq'"), std::string::npos)
      << message;
}

TEST(PaperTable, SeveralRunsGiveStudentsInterval) {
  const Measured three = over_runs({{.value = 1}, {.value = 2}, {.value = 3}});
  EXPECT_DOUBLE_EQ(three.value, 2);
  EXPECT_NEAR(*three.high, 2 + 4.303 / std::sqrt(3.0), 1e-9);
}

}  // namespace
}  // namespace minet::comparison
