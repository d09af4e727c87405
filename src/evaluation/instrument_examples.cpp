#include "evaluation/instrument_examples.hpp"

#include <ATen/ATen.h>

#include <set>

#include "evaluation/sound_chain.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {

at::Tensor rows_of(const std::vector<std::vector<double>>& rows) {
  std::vector<at::Tensor> tensors;
  for (const std::vector<double>& row : rows) tensors.push_back(at::tensor(row, at::kDouble));
  return at::stack(tensors);
}

InstrumentExamples instrument_examples(const Scene& scene, const Labels& labels,
                                       std::int64_t count) {
  std::vector<clips::Clip> clips;
  for (const clips::Clip& clip : scattered_clips(scene, scene.train_tracks, count)) {
    if (labels.of(scene.track(scene.train_tracks, clip)) >= 0) clips.push_back(clip);
  }
  InstrumentExamples examples{.features = {},
                              .labels = labels.of(scene.train_tracks, clips),
                              .groups = groups_of(scene.corpus, scene.train_tracks, clips)};
  if (std::set(examples.labels.begin(), examples.labels.end()).size() < 2) {
    throw InputError(text(scene.options.corpus.string(),
                          ": expected training tracks of at least two instruments, got ",
                          examples.labels.empty() ? 0 : 1,
                          "; prepare the corpus with the column instrument"));
  }
  std::vector<std::vector<double>> rows;
  for_each_batch("training sound", clips, [&](std::size_t, const std::vector<clips::Clip>& some) {
    for (const clips::Clip& clip : some) {
      rows.push_back(tone_colour(real_sound(scene, scene.train_tracks, clip)));
    }
  });
  examples.features = rows_of(rows);
  return examples;
}

}  // namespace minet::evaluation
