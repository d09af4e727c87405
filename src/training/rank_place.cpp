// This process's rank, from the environment that torchrun, Slurm or mi_train --nproc sets.
#include <cstdlib>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/training/ranks.hpp"

namespace minet::training {
namespace {

std::optional<std::string> variable(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

int number(const char* name, std::int64_t least, std::int64_t most, std::optional<int> otherwise) {
  const auto word = variable(name);
  if (!word && otherwise) return *otherwise;
  const auto value = word ? parse_integer(*word) : std::nullopt;
  if (!value || *value < least || *value > most) {
    throw InputError(text("environment: expected ", name, " to be a whole number from ", least,
                          " to ", most, ", got ", word ? "'" + printable(*word) + "'" : "none",
                          "; start the ranks with mi_train --nproc, torchrun or srun"));
  }
  return static_cast<int>(*value);
}

constexpr int kMostRanks = 1 << 16, kMostPort = 65535;

RankPlace place_of_torchrun() {
  RankPlace place;
  place.size = number("WORLD_SIZE", 1, kMostRanks, std::nullopt);
  place.rank = number("RANK", 0, place.size - 1, std::nullopt);
  place.local_rank = number("LOCAL_RANK", 0, place.size - 1, place.rank);
  place.local_size = number("LOCAL_WORLD_SIZE", 1, place.size, place.size);
  place.address = variable("MASTER_ADDR").value_or(place.address);
  place.port = number("MASTER_PORT", 1, kMostPort, std::nullopt);
  place.store_is_there = variable("TORCHELASTIC_USE_AGENT_STORE") == "True";
  place.attempt = number("TORCHELASTIC_RESTART_COUNT", 0, 1 << 30, 0);
  if (variable("MINET_LISTENING")) {
    place.listening = number("MINET_LISTENING", 3, 1 << 20, std::nullopt);
  }
  return place;
}

// A Slurm batch script has some of these variables too; only a step started by srun has them all.
RankPlace place_of_slurm() {
  constexpr int kFirstPort = 20000, kPorts = 20000;
  RankPlace place;
  place.size = number("SLURM_STEP_NUM_TASKS", 1, kMostRanks, std::nullopt);
  place.rank = number("SLURM_PROCID", 0, place.size - 1, std::nullopt);
  place.local_rank = number("SLURM_LOCALID", 0, place.size - 1, std::nullopt);
  // "4(x2),3": the number of tasks on each node.
  const std::string tasks = variable("SLURM_STEP_TASKS_PER_NODE").value_or("");
  const auto each = parse_integer(tasks.substr(0, tasks.find_first_of("(,")));
  place.local_size = each && *each >= 1 ? static_cast<int>(*each) : place.size;
  const auto nodes = variable("SLURM_STEP_NODELIST");
  place.address = variable("MASTER_ADDR").value_or(nodes ? first_host(*nodes) : place.address);
  const int job = number("SLURM_JOB_ID", 0, INT32_MAX, 0);
  place.port = number("MASTER_PORT", 1, kMostPort, kFirstPort + job % kPorts);
  place.attempt = number("SLURM_RESTART_COUNT", 0, 1 << 30, 0);
  return place;
}

std::optional<RankPlace> place_in_environment() {
  if (variable("RANK")) return place_of_torchrun();
  if (variable("SLURM_STEP_NUM_TASKS") && variable("SLURM_PROCID")) return place_of_slurm();
  return std::nullopt;
}

}  // namespace

std::string first_host(const std::string& node_list) {
  const std::size_t bracket = node_list.find('['), comma = node_list.find(',');
  if (bracket == std::string::npos || comma < bracket) return node_list.substr(0, comma);
  const std::size_t end = node_list.find_first_of("-,]", bracket);
  return node_list.substr(0, bracket) + node_list.substr(bracket + 1, end - bracket - 1);
}

std::optional<RankPlace> find_rank_place() {
  std::optional<RankPlace> place = place_in_environment();
  if (place && place->size == 1 && !place->store_is_there) return std::nullopt;
  return place;
}

bool was_restarted() {
  const std::optional<RankPlace> place = place_in_environment();
  return place && place->attempt > 0;
}

}  // namespace minet::training
