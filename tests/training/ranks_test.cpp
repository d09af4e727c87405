// Several ranks (here threads of one process, connected like processes) learn the same as one
// process that trains on the joined batch.
#include "minet/training/ranks.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <future>
#include <thread>

#include "minet/core/errors.hpp"
#include "minet/core/siblings.hpp"
#include "minet/training/plus_steps.hpp"
#include "minet/training/steps.hpp"
#include "reference/golden.hpp"
#include "reference/plus_golden.hpp"
#include "training/small_config.hpp"

namespace minet::training {
namespace {

using reference::Golden;
using Tensors = std::vector<at::Tensor>;

constexpr double kEqual = 1e-6;  // of the largest entry of all gradients

// The result of work(ranks) on each rank; rethrows the first error.
std::vector<Tensors> on_ranks(int size, const std::function<Tensors(Ranks&)>& work,
                              double timeout_s = 60) {
  // c10d's record of collectives, one per process, is not for ranks that share one.
  ::setenv("TORCH_FR_BUFFER_SIZE", "0", /*overwrite=*/1);
  const LoopbackPort port;
  std::vector<std::future<Tensors>> results;
  for (int rank = 0; rank < size; ++rank) {
    RankPlace place;
    place.rank = place.local_rank = rank;
    place.size = place.local_size = size;
    place.port = port.port();
    if (rank == 0) place.listening = ::dup(port.descriptor());  // the store closes its own
    results.push_back(std::async(std::launch::async, [place, timeout_s, &work] {
      Ranks ranks(place, timeout_s);
      ranks.use(at::kCPU);
      Tensors result = work(ranks);
      ranks.wait_for_all();
      return result;
    }));
  }
  std::vector<Tensors> all;
  for (auto& result : results) all.push_back(result.get());
  return all;
}

// Trains on the given part of the batch; without ranks, the part is the whole batch.
using Learn = std::function<Tensors(Ranks*, const models::Part&)>;

void expect_as_one_process(std::int64_t batch, const Learn& learn, double tolerance = kEqual) {
  const Tensors alone = learn(nullptr, models::part_of(nullptr, batch));
  double largest = 0;
  for (const at::Tensor& tensor : alone) {
    if (tensor.defined()) largest = std::max(largest, tensor.abs().max().item<double>());
  }
  EXPECT_GT(largest, 0);
  for (const int size : {2, 3}) {
    const auto all =
        on_ranks(size, [&](Ranks& ranks) { return learn(&ranks, models::part_of(&ranks, batch)); });
    double worst = 0;
    for (const Tensors& ours : all) {
      ASSERT_EQ(ours.size(), alone.size());
      for (std::size_t i = 0; i < ours.size(); ++i) {
        ASSERT_EQ(ours[i].defined(), alone[i].defined()) << i;
        if (!ours[i].defined()) continue;
        worst = std::max(worst, (ours[i] - alone[i]).abs().max().item<double>());
        EXPECT_TRUE(ours[i].equal(all[0][i])) << "ranks differ in tensor " << i;
      }
    }
    EXPECT_LE(worst, tolerance * largest) << size << " ranks";
    ::testing::Test::RecordProperty("worst_of_" + std::to_string(size),
                                    std::to_string(worst / largest));
  }
}

Tensors gradients(AdamW& optimiser) {
  Tensors all;
  for (const NamedParameter& parameter : optimiser.parameters()) {
    all.push_back(parameter.tensor.grad());
  }
  return all;
}

at::Tensor rows(const at::Tensor& joined, const models::Part& part) {
  return joined.narrow(0, part.first, part.count);
}

class RanksTest : public testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    at::manual_seed(3);
  }

  static config::TrainConfig small() {
    config::TrainConfig config = small_config();
    config.vqvae.plain_steps = 0;
    config.vqvae.revive_every = 4;
    config.vqvae_training = {.steps = 200, .batch = kBatch, .learning_rate = 1e-3};
    config.prior_training = config.vqvae_training;
    config.baseline_training = config.vqvae_training;
    config.synthesiser_training = config.vqvae_training;
    config.controls_training = config.vqvae_training;
    return config;
  }

  static constexpr std::int64_t kBatch = 7;  // neither 2 nor 3 divide it
};

TEST_F(RanksTest, VqVaeGradientsAreThoseOfTheJoinedBatch) {
  const at::Tensor spectrogram = at::randn({kBatch, 32, 20}), vectors = at::randn({64, 8});
  expect_as_one_process(kBatch, [&](Ranks* ranks, const models::Part& part) {
    models::Model model = models::make_model(small(), 1);
    VqVaeStep stage(model, small(), config::Precision::float32, ranks);
    stage.start_codebook(vectors);
    stage.run(rows(spectrogram, part), 0);
    return gradients(stage.optimiser());
  });
}

// A hundred steps, with revival: all ranks have the same codebook, bit for bit. A single process
// agrees for fewer steps only: if a vector lies between two codes, rounding decides.
TEST_F(RanksTest, CodebooksStayTheSame) {
  const at::Tensor kinds = at::randn({12, 32});
  Tensors batches;
  for (int i = 0; i < 10; ++i) {
    batches.push_back(kinds.index_select(0, at::randint(12, {kBatch * 20}, at::kLong))
                          .view({kBatch, 20, 32})
                          .transpose(1, 2));
  }
  const at::Tensor vectors = at::randn({64, 8});
  const auto after = [&](std::int64_t steps) -> Learn {
    return [&, steps](Ranks* ranks, const models::Part& part) {
      models::Model model = models::make_model(small(), 1);
      VqVaeStep stage(model, small(), config::Precision::float32, ranks);
      stage.start_codebook(vectors);
      double revived = 0;
      Tensors kept;
      for (std::int64_t step = 0; step < steps; ++step) {
        const VqVaeReport report =
            stage.run(rows(batches[static_cast<std::size_t>(step % 10)], part), step);
        if (report.revived.defined()) revived += report.revived.item<double>();
        if (step + 1 != steps) continue;
        const auto& quantizer = model.vqvae->quantizer;
        kept = {quantizer->codes.clone(), quantizer->counts.clone(), quantizer->sums.clone()};
      }
      EXPECT_GT(revived, 0);
      return kept;
    };
  };
  expect_as_one_process(kBatch, after(12), 1e-4);
  expect_as_one_process(kBatch, after(100), std::numeric_limits<double>::infinity());
}

// Only the first two clips have notes: the last rank has none, and so no gradient for them.
TEST_F(RanksTest, PriorGradientsAreThoseOfTheJoinedBatch) {
  const at::Tensor codes = at::randint(16, {kBatch, 20}, at::kLong);
  const at::Tensor notes = at::randint(60, 68, {kBatch, 20}, at::kLong);
  const at::Tensor pose = at::randn({kBatch, 8, 94});
  at::Tensor present = at::zeros({kBatch});
  present.narrow(0, 0, 2).fill_(1);
  expect_as_one_process(kBatch, [&](Ranks* ranks, const models::Part& part) {
    models::Model model = models::make_model(small(), 1);
    PriorStep stage(model, small(), config::Precision::float32, ranks);
    stage.run({.codes = rows(codes, part),
               .pose = rows(pose, part),
               .notes = rows(notes, part),
               .notes_present = rows(present, part)},
              0);
    return gradients(stage.optimiser());
  });
}

class BaselineRanks : public RanksTest, public testing::WithParamInterface<config::ModelKind> {};

// The graph network uses batch normalisation: its running means are those of all clips too.
TEST_P(BaselineRanks, GradientsAreThoseOfTheJoinedBatch) {
  config::TrainConfig config = small();
  config.model.kind = GetParam();
  make_baselines_small(config);
  const at::Tensor pose = at::randn({kBatch, 8, 94}), spectrogram = at::randn({kBatch, 32, 20});
  expect_as_one_process(kBatch, [&](Ranks* ranks, const models::Part& part) {
    models::BaselineModel model = models::make_baseline(config, 1);
    BaselineStep stage(model, config, config::Precision::float32, ranks);
    stage.run({.pose = rows(pose, part), .spectrogram = rows(spectrogram, part)}, 0);
    Tensors all = gradients(stage.optimiser());
    for (const at::Tensor& buffer : model.net->buffers()) {
      if (buffer.is_floating_point()) all.push_back(buffer);
    }
    return all;
  });
}

INSTANTIATE_TEST_SUITE_P(Kinds, BaselineRanks,
                         testing::Values(config::ModelKind::seq2seq,
                                         config::ModelKind::graph_transformer),
                         [](const auto& kind) { return std::string(to_string(kind.param)); });

// In double precision: logarithms of near-empty bins are steep.
class PlusRanks : public RanksTest {
 protected:
  static constexpr std::int64_t kClips = 5;
  const Golden golden_{"plus"};

  // The rows of `part` of an entry [5, ...] of the joined batch.
  at::Tensor entry(const std::string& name, const models::Part& part) const {
    const at::Tensor value = golden_.at("input." + name);
    const at::Tensor more = at::cat({value, value.roll(1, 0), value}).narrow(0, 0, kClips);
    return rows(more.is_floating_point() ? more.to(at::kDouble) : more, part);
  }

  // Compares the gradients of loss(model, part) of a model in double precision.
  template <class Loss>
  void expect_gradients(const Loss& loss) const {
    expect_as_one_process(kClips, [&](Ranks* ranks, const models::Part& part) {
      models::PlusModel model = models::make_plus(golden_.config(), 1);
      reference::fill(model);
      Tensors parameters;
      for (const auto& [name, tensor] : models::plus_tensors(model)) {
        at::Tensor own = tensor;
        if (own.is_floating_point()) own.set_data(own.to(at::kDouble));
        if (own.requires_grad()) parameters.push_back(own);
      }
      const models::JointStep together(ranks, kClips);
      const at::Tensor value = loss(model, part);
      if (ranks == nullptr) {
        value.backward();
      } else {
        ranks->join(parameters)->backward(value);
      }
      Tensors all;
      for (const at::Tensor& parameter : parameters) all.push_back(parameter.grad());
      return all;
    });
  }
};

// Includes the matching of all bodies with all sounds.
TEST_F(PlusRanks, SoundGradientsAreThoseOfTheJoinedBatch) {
  expect_gradients([&](models::PlusModel& model, const models::Part& part) {
    const auto at = [&](const char* name) { return entry(name, part); };
    return models::synthesiser_loss(model,
                                    {.input = {at("hz"), at("voiced"), at("loudness")},
                                     .hz = at("hz"),
                                     .sound = at("sound"),
                                     .pose = at("pose"),
                                     .clip = at("clip")},
                                    at("noise"))
        .total;
  });
}

// Includes means over the frames that notes leave free.
TEST_F(PlusRanks, ControlGradientsAreThoseOfTheJoinedBatch) {
  expect_gradients([&](models::PlusModel& model, const models::Part& part) {
    const auto at = [&](const char* name) { return entry(name, part); };
    return models::control_loss(model,
                                {.tokens = {at("onset"), at("pitch"), at("level")},
                                 .notes = {at("note"), at("note_onset"), at("present") > 0},
                                 .pose = at("pose")},
                                at("hidden") > 0)
        .total;
  });
}

TEST_F(RanksTest, ALostRankIsAnErrorAndNoHang) {
  const auto begin = std::chrono::steady_clock::now();
  try {
    on_ranks(
        2,
        [&](Ranks& ranks) {
          if (ranks.rank() == 1) {  // does not answer in time
            std::this_thread::sleep_for(std::chrono::seconds(4));
            throw WorkError("late");
          }
          at::Tensor tensor = at::ones({3});
          ranks.sum(tensor);
          return Tensors{tensor};
        },
        1);
    FAIL() << "expected an error";
  } catch (const WorkError& error) {
    EXPECT_NE(std::string(error.what()).find("rank 0 of 2: expected all ranks to answer"),
              std::string::npos)
        << error.what();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST_F(RanksTest, TheOthersStopWhereRankZeroFails) {
  EXPECT_THROW(on_ranks(3,
                        [](Ranks& ranks) -> Tensors {
                          try {
                            ranks.first_goes_ahead([] { throw InputError("no corpus"); });
                          } catch (const FirstFailed&) {
                            EXPECT_GT(ranks.rank(), 0);
                            ranks.wait_for_all();
                            return {};
                          } catch (const InputError&) {
                            EXPECT_EQ(ranks.rank(), 0);
                            ranks.wait_for_all();
                            throw;
                          }
                          return {};
                        }),
               InputError);
}

class PlaceTest : public testing::Test {
 protected:
  void SetUp() override { clear(); }
  void TearDown() override { clear(); }
  static void clear() {
    for (const char* name :
         {"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT",
          "TORCHELASTIC_USE_AGENT_STORE", "TORCHELASTIC_RESTART_COUNT", "SLURM_PROCID",
          "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "SLURM_STEP_NODELIST",
          "SLURM_STEP_TASKS_PER_NODE", "SLURM_JOB_ID", "SLURM_NTASKS"}) {
      ::unsetenv(name);
    }
  }
  static void set(const char* name, const char* value) { ::setenv(name, value, 1); }
};

TEST_F(PlaceTest, AloneWithoutALauncher) {
  EXPECT_FALSE(find_rank_place());
  set("SLURM_PROCID", "0");  // a batch script of four tasks, outside srun
  set("SLURM_NTASKS", "4");
  EXPECT_FALSE(find_rank_place());
}

TEST_F(PlaceTest, Torchrun) {
  set("RANK", "5"), set("WORLD_SIZE", "8"), set("LOCAL_RANK", "1"), set("LOCAL_WORLD_SIZE", "4");
  set("MASTER_ADDR", "node7"), set("MASTER_PORT", "29500");
  set("TORCHELASTIC_USE_AGENT_STORE", "True"), set("TORCHELASTIC_RESTART_COUNT", "2");
  const RankPlace place = find_rank_place().value();
  EXPECT_EQ(place.rank, 5);
  EXPECT_EQ(place.size, 8);
  EXPECT_EQ(place.local_rank, 1);
  EXPECT_EQ(place.local_size, 4);
  EXPECT_EQ(place.address, "node7");
  EXPECT_EQ(place.port, 29500);
  EXPECT_TRUE(place.store_is_there);
  EXPECT_EQ(place.attempt, 2);
  set("RANK", "8");
  EXPECT_THROW(find_rank_place(), InputError);
  set("RANK", "5"), ::unsetenv("MASTER_PORT");
  EXPECT_THROW(find_rank_place(), InputError);
}

TEST_F(PlaceTest, Slurm) {
  set("SLURM_PROCID", "3"), set("SLURM_STEP_NUM_TASKS", "6"), set("SLURM_LOCALID", "1");
  set("SLURM_STEP_NODELIST", "gpu[03-04,11]"), set("SLURM_STEP_TASKS_PER_NODE", "2(x3)");
  set("SLURM_JOB_ID", "123456");
  const RankPlace place = find_rank_place().value();
  EXPECT_EQ(place.rank, 3);
  EXPECT_EQ(place.size, 6);
  EXPECT_EQ(place.local_rank, 1);
  EXPECT_EQ(place.local_size, 2);
  EXPECT_EQ(place.address, "gpu03");
  EXPECT_EQ(place.port, 20000 + 123456 % 20000);
  EXPECT_FALSE(place.store_is_there);
}

TEST_F(PlaceTest, FirstHost) {
  EXPECT_EQ(first_host("login"), "login");
  EXPECT_EQ(first_host("a,b"), "a");
  EXPECT_EQ(first_host("node[3,7],x"), "node3");
  EXPECT_EQ(first_host("node[003-010]"), "node003");
  EXPECT_EQ(first_host("a,node[1-2]"), "a");
}

TEST_F(PlaceTest, PartsCoverTheBatch) {
  struct Fixed final : models::Peers {
    int rank() const override { return rank_; }
    int size() const override { return 3; }
    void sum(at::Tensor&) override {}
    void copy_first(at::Tensor&) override {}
    int rank_ = 0;
  } peers;
  std::int64_t next = 0;
  for (peers.rank_ = 0; peers.rank_ < 3; ++peers.rank_) {
    const models::Part part = models::part_of(&peers, 8);
    EXPECT_EQ(part.first, next);
    EXPECT_EQ(part.total, 8);
    next += part.count;
  }
  EXPECT_EQ(next, 8);
  EXPECT_THROW(models::part_of(&peers, 2), InputError);
}

}  // namespace
}  // namespace minet::training
