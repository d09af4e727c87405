#include "comparison/check_corpus.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "evaluation/scene.hpp"
#include "minet/clips/track_store.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/instruments.hpp"

namespace minet::comparison {
namespace {

using corpus::Track;
using Instruments = std::map<std::string, std::string>;

std::vector<Track> measured_tracks(const corpus::Corpus& corpus, const std::string& split,
                                   double clip_seconds) {
  std::vector<Track> tracks = corpus.tracks_of(split);
  if (tracks.empty()) {
    throw InputError(text(corpus.root().string(), ": expected tracks in split '", split,
                          "', got none; prepare the corpus with both"));
  }
  std::erase_if(tracks, [&](const Track& track) { return track.seconds < clip_seconds; });
  if (tracks.empty()) {
    throw InputError(text(corpus.root().string(), ": expected a track of at least ", clip_seconds,
                          " s in split '", split,
                          "', but all are shorter; prepare longer recordings"));
  }
  return tracks;
}

void check_named(const corpus::Corpus& corpus, const std::vector<Track>& tracks,
                 const Instruments& instruments) {
  for (const Track& track : tracks) {
    if (instruments.contains(track.id)) continue;
    throw InputError(text(corpus.root().string(), ": expected an instrument for every track, but ",
                          printable(track.id), " of split '", track.split,
                          "' has none; fill in the column instrument of its table"));
  }
}

}  // namespace

void check_corpus(const corpus::Corpus& corpus, double clip_seconds, bool notes) {
  const std::string root = corpus.root().string();
  const Instruments instruments = read_instruments(corpus);
  if (instruments.empty()) {
    throw InputError(text(root,
                          ": expected instruments in tracks.csv, which the tables compare, got "
                          "none; add them before preparing the corpus"));
  }
  const std::vector<Track> train = measured_tracks(corpus, "train", clip_seconds);
  const std::vector<Track> test = measured_tracks(corpus, "test", clip_seconds);
  check_named(corpus, train, instruments);
  check_named(corpus, test, instruments);
  std::set<std::string> known;
  for (const Track& track : train) known.insert(instruments.at(track.id));
  if (known.size() < 2) {
    throw InputError(text(root, ": expected training tracks of at least two instruments, got ",
                          printable(*known.begin()), " only; add tracks of another instrument"));
  }
  const auto judged = [&](const Track& track) {
    return known.contains(instruments.at(track.id)) && (!notes || track.has_notes);
  };
  if (std::none_of(test.begin(), test.end(), judged)) {
    throw InputError(text(root, ": expected a test track", notes ? " with notes" : "",
                          " of an instrument that training has, got none; split the corpus so "
                          "that both have the same instruments"));
  }
  for (const Track& track : test) {
    const auto other = [&](const Track& one) {
      return track.group.empty() || one.group != track.group;
    };
    if (std::any_of(train.begin(), train.end(), other)) continue;
    throw InputError(text(root, ": expected training tracks of a different group than ",
                          printable(track.id),
                          "'s, got none; prepare the corpus with more groups"));
  }
}

std::int64_t noted_test_tracks(const corpus::Corpus& corpus, double clip_seconds) {
  const auto tracks = corpus.tracks_of("test");
  return std::ranges::count_if(
      tracks, [&](const Track& track) { return track.has_notes && track.seconds >= clip_seconds; });
}

void check_clips(const corpus::Corpus& corpus, const config::TrainConfig& config,
                 const ChosenClips& chosen) {
  const clips::TrackStore test(corpus, "test", config);
  const Instruments instruments = read_instruments(corpus);
  std::set<std::string> known, noted;  // instruments of training; ids
  for (const Track& track : corpus.tracks_of("train")) known.insert(instruments.at(track.id));
  bool judged = false;
  for (const clips::Clip& clip :
       evaluation::choose_clips(test.frames(), config.clip_frames(), chosen.clips)) {
    const Track& track = test.tracks()[static_cast<std::size_t>(clip.track)];
    if (track.has_notes) noted.insert(track.id);
    judged |= known.contains(instruments.at(track.id)) && (!chosen.notes || track.has_notes);
  }
  if (!judged) {
    throw InputError(text("clips: expected clips", chosen.notes ? " with notes" : "",
                          " of an instrument that training has, got none among the ", chosen.clips,
                          " of split 'test'; give more"));
  }
  if (!chosen.notes || noted.size() > 1) return;
  if (noted_test_tracks(corpus, config.data.clip_seconds) < 2) return;  // not measured then
  throw InputError(
      text("clips: expected clips of at least two tracks with notes, got one such "
           "track among the ",
           chosen.clips, " of split 'test'; give more"));
}

}  // namespace minet::comparison
