// Finds several people in a video, with the numbers that the option --person takes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "minet/vision/estimator.hpp"

namespace minet::video {

// The people in the first of the initial frames that shows most of them, from left to right; a
// number that only one of these frames shows is taken for an error of the detector.
std::vector<vision::Person> count_people(const std::filesystem::path& film,
                                         const vision::Estimator& estimator);

// One of them through the video: their place at some of its times.
struct PersonTrack {
  std::vector<double> times;  // s, increasing
  std::vector<vision::Person> places;

  // Linear in between. nullopt if they have not been seen for a second.
  std::optional<vision::Person> at(double time_s) const;
};

// In the order of count_people; empty if the video shows fewer than two people. Looks at every
// fifth frame, and matches each person to the nearest one there, at most their own size away.
std::vector<PersonTrack> find_people(const std::filesystem::path& film,
                                     const std::filesystem::path& networks,
                                     const std::string& device = "cpu");

}  // namespace minet::video
