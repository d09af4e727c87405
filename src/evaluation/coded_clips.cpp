#include "evaluation/coded_clips.hpp"

#include <ATen/ATen.h>

#include "evaluation/spectral.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {
namespace {

std::vector<LabelledClip> labelled(const std::vector<CodedClip>& clips, CodesOfClip codes,
                                   std::int64_t (*label)(const CodedClip&, std::size_t)) {
  std::vector<LabelledClip> result;
  for (const CodedClip& clip : clips) {
    LabelledClip one{.codes = clip.*codes, .labels = {}, .track = clip.track};
    for (std::size_t t = 0; t < one.codes.size(); ++t) one.labels.push_back(label(clip, t));
    result.push_back(std::move(one));
  }
  return result;
}

}  // namespace

CodeSequence sequence_of(const at::Tensor& codes) {
  const at::Tensor whole = codes.to(at::kCPU).contiguous();
  const std::int64_t* values = whole.const_data_ptr<std::int64_t>();
  return {values, values + whole.numel()};
}

std::vector<CodedClip> code_clips(Scene& scene, const clips::TrackStore& store,
                                  const std::vector<clips::Clip>& clips,
                                  const FrameCodebook& kmeans) {
  const Labels labels(scene.corpus);
  const std::vector<std::int64_t> instruments = labels.of(store, clips);
  std::vector<CodedClip> result;
  for_each_batch(
      &store == &scene.tracks ? text("codes of ", scene.options.split) : "codes of train", clips,
      [&](std::size_t first, const std::vector<clips::Clip>& some) {
        const at::Tensor spectrograms = store.spectrograms(some, scene.scale());  // [B, F, T]
        const at::Tensor codes = scene.model().vqvae->encode(spectrograms.to(scene.device));
        const at::Tensor baseline = kmeans.encode(frames_of(spectrograms)).view(codes.sizes());
        const at::Tensor notes = store.notes(some);  // [B, T], 0 or 1 + pitch
        for (std::size_t i = 0; i < some.size(); ++i) {
          const auto row = static_cast<std::int64_t>(i);
          CodedClip clip{.model = sequence_of(codes[row]),
                         .kmeans = sequence_of(baseline[row]),
                         .notes = {},
                         .instrument = instruments[first + i],
                         .track = some[i].track};
          if (store.tracks()[static_cast<std::size_t>(clip.track)].has_notes) {
            clip.notes = sequence_of(notes[row] - 1);
          }
          result.push_back(std::move(clip));
        }
      });
  return result;
}

std::vector<CodeSequence> sequences(const std::vector<CodedClip>& clips, CodesOfClip codes) {
  std::vector<CodeSequence> result;
  for (const CodedClip& clip : clips) result.push_back(clip.*codes);
  return result;
}

std::vector<LabelledClip> with_notes(const std::vector<CodedClip>& clips, CodesOfClip codes) {
  return labelled(clips, codes, [](const CodedClip& clip, std::size_t t) {
    return clip.notes.empty() ? std::int64_t{-1} : clip.notes[t];
  });
}

std::vector<LabelledClip> with_instruments(const std::vector<CodedClip>& clips, CodesOfClip codes) {
  return labelled(clips, codes, [](const CodedClip& clip, std::size_t t) {
    return !clip.notes.empty() && clip.notes[t] < 0 ? std::int64_t{-1} : clip.instrument;
  });
}

}  // namespace minet::evaluation
