// A pool without queues: an atomic counter hands out indices.
#include "corpus/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "minet/core/errors.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

namespace minet::corpus {

void for_each_track(const ParallelOptions& options, const std::function<void(std::int64_t)>& work) {
  Progress progress(options.label, options.count, "tracks");
  std::atomic<std::int64_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;  // guards `done`, `error` and the progress line
  std::int64_t done = 0;
  std::exception_ptr error;

  const auto run = [&] {
    while (!failed && stop_signal() == 0) {
      const std::int64_t index = next++;
      if (index >= options.count) return;
      try {
        work(index);
        const std::lock_guard lock(mutex);
        progress.update(++done);
      } catch (const Interrupted&) {
        return;  // in the middle of a track; reported below
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
        failed = true;
      }
    }
  };

  const std::int64_t wanted = options.threads > 0
                                  ? options.threads
                                  : static_cast<std::int64_t>(std::thread::hardware_concurrency());
  const std::int64_t threads =
      std::clamp<std::int64_t>(wanted, 1, std::max<std::int64_t>(options.count, 1));
  std::vector<std::jthread> others;
  for (std::int64_t i = 1; i < threads; ++i) others.emplace_back(run);
  run();
  others.clear();  // joins

  if (error) std::rethrow_exception(error);
  if (done < options.count) {
    throw_if_stopped(text("stopped at track ", done, " of ", options.count,
                          "; nothing was written: run the same command again"));
  }
  progress.finish();
}

}  // namespace minet::corpus
