// The costly steps of mi_eval; a worker (worker.hpp). One thread.
//
//   evaluation_steps ndb BINS RESTARTS TRAIN.npy JUDGED.npy    clips [N, d]: bins, assignments
//   evaluation_steps knn QUERIES.npy BASE.npy GROUP            vectors; groups of GROUP rows
//   evaluation_steps tsne ITERATIONS POINTS.npy
#include <ATen/ATen.h>
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "evaluation/ndb_bins.hpp"
#include "evaluation/statistics/gram_kmeans.hpp"
#include "evaluation/statistics/nearest.hpp"
#include "evaluation/statistics/tsne_map.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/text.hpp"
#include "worker.hpp"

namespace {

using namespace minet;

// Clips in a file, read in pieces: mi_eval makes them from sound on demand and never holds them
// all.
class ClipFile {
 public:
  explicit ClipFile(const std::string& path) : path_(path), shape_(npy_shape(path)) {
    const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
    start_ = bytes - count() * width() * 4;
    file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0 || shape_.size() != 2) throw InputError(path + ": expected clips [N, d]");
  }
  ~ClipFile() { ::close(file_); }
  ClipFile(const ClipFile&) = delete;
  ClipFile& operator=(const ClipFile&) = delete;

  std::int64_t count() const { return shape_[0]; }
  std::int64_t width() const { return shape_[1]; }
  // Columns column .. column + columns - 1 of rows row .. row + rows - 1.
  at::Tensor read(std::int64_t row, std::int64_t rows, std::int64_t column,
                  std::int64_t columns) const {
    at::Tensor values = at::empty({rows, columns});
    float* into = values.mutable_data_ptr<float>();
    for (std::int64_t r = 0; r < rows; ++r, into += columns) {
      const auto bytes = static_cast<std::size_t>(columns) * 4;
      const off_t at = start_ + ((row + r) * width() + column) * 4;
      if (::pread(file_, into, bytes, at) != static_cast<ssize_t>(bytes)) {
        throw InputError(path_ + ": cut off");
      }
    }
    return values;
  }

 private:
  std::string path_;
  std::vector<std::int64_t> shape_;
  std::int64_t start_ = 0;
  int file_ = -1;
};

constexpr std::int64_t kStripeBytes = 64 << 20;
constexpr std::int64_t kBlock = 16;

int ndb(std::int64_t bins, std::int64_t restarts, const std::string& train_path,
        const std::string& judged_path) {
  const ClipFile train(train_path), judged(judged_path);
  double inertia = 0;
  std::vector<std::int64_t> sizes;
  return bench::serve(
      [&] {
        evaluation::GramMatrix matrix(train.count());
        const std::int64_t stripe = std::max<std::int64_t>(1, kStripeBytes / 4 / train.count());
        for (std::int64_t first = 0; first < train.width(); first += stripe) {
          const std::int64_t columns = std::min(stripe, train.width() - first);
          matrix.add(train.read(0, train.count(), first, columns));
        }
        const at::Tensor gram = matrix.finish();
        std::vector<std::int64_t> all(static_cast<std::size_t>(train.count()));
        std::iota(all.begin(), all.end(), 0);
        const evaluation::GramClusters clusters =
            evaluation::gram_kmeans(gram, all, {.clusters = bins, .restarts = restarts});
        inertia = clusters.inertia;
        const at::Tensor centres =
            evaluation::bin_centres(clusters.labels, bins, train.width(), kBlock,
                                    [&](std::int64_t first, std::int64_t count) {
                                      return train.read(first, count, 0, train.width());
                                    });
        sizes.assign(static_cast<std::size_t>(bins), 0);
        for (std::int64_t first = 0; first < judged.count(); first += kBlock) {
          const std::int64_t rows = std::min(kBlock, judged.count() - first);
          for (const std::int64_t bin :
               evaluation::nearest_bins(centres, judged.read(first, rows, 0, judged.width()))) {
            ++sizes[static_cast<std::size_t>(bin)];
          }
        }
      },
      [&] {
        return bench::Json{{"inertia", inertia}, {"judged", sizes}};
      });
}

at::Tensor vectors(const std::string& path) {
  const FloatArray array = read_npy_float(path);
  return at::tensor(array.values).view({array.shape.at(0), array.shape.at(1)});
}

std::vector<std::int64_t> groups(std::int64_t rows, std::int64_t size) {
  std::vector<std::int64_t> found;
  for (std::int64_t i = 0; i < rows; ++i) found.push_back(i / size);
  return found;
}

int knn(const std::string& queries_path, const std::string& base_path, std::int64_t group) {
  const at::Tensor queries = vectors(queries_path), base = vectors(base_path);
  const auto query_groups = groups(queries.size(0), group),
             base_groups = groups(base.size(0), group);
  evaluation::Neighbours found;
  return bench::serve(
      [&] { found = evaluation::nearest_by_cosine(queries, base, query_groups, base_groups); },
      [&] {
        return bench::Json{{"check", std::accumulate(found.nearest.begin(), found.nearest.end(),
                                                     std::int64_t{0})}};
      });
}

int tsne(std::int64_t iterations, const std::string& path) {
  const at::Tensor points = vectors(path);
  evaluation::TsneMap map;
  return bench::serve([&] { map = evaluation::tsne_map(points, {.iterations = iterations}); },
                      [&] {
                        return bench::Json{{"kl", map.kl}};
                      });
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  at::set_num_threads(1);
  const at::NoGradGuard no_grad;
  try {
    if (words.size() == 5 && words[0] == "ndb") {
      return ndb(std::stoll(words[1]), std::stoll(words[2]), words[3], words[4]);
    }
    if (words.size() == 4 && words[0] == "knn") {
      return knn(words[1], words[2], std::stoll(words[3]));
    }
    if (words.size() == 3 && words[0] == "tsne") return tsne(std::stoll(words[1]), words[2]);
  } catch (const std::exception& error) {
    std::cerr << "evaluation_steps: " << error.what() << '\n';
    return 1;
  }
  std::cerr << "expected ndb BINS RESTARTS TRAIN JUDGED, knn QUERIES BASE GROUP or tsne ITERATIONS "
               "POINTS\n";
  return 2;
}
