#include "minet/pose/found.hpp"

#include <utility>

#include "pose/examine.hpp"

namespace minet::pose {

PoseSequence prepare_found(RawPose& raw, double fps, GapRule rule, GapReport* report) {
  examine(raw, {});
  GapReport gaps = fill_gaps(raw, kGapConfidence, rule);
  if (report != nullptr) *report = std::move(gaps);
  return resample(raw, fps);
}

}  // namespace minet::pose
