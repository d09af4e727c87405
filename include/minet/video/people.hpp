// Several people in a film, by the numbers that the option --person takes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "minet/vision/estimator.hpp"

namespace minet::video {

// The people of the picture, of the first ones, that shows most of them: from left to right.
std::vector<vision::Person> count_people(const std::filesystem::path& film,
                                         const vision::Estimator& estimator);

// One of them through the film: where they are at some of its times.
struct PersonTrack {
  std::vector<double> times;  // s, rising
  std::vector<vision::Person> places;

  // In between, linear. nullopt where they have not been seen for a second.
  std::optional<vision::Person> at(double time_s) const;
};

// In the order of count_people; empty where the film shows fewer than two people. Looks at every
// fifth picture, and follows each person to where somebody is next, at most their own size away.
std::vector<PersonTrack> find_people(const std::filesystem::path& film,
                                     const std::filesystem::path& networks,
                                     const std::string& device = "cpu");

}  // namespace minet::video
