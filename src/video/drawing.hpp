// What is drawn over a picture. Pictures are BGR; sizes grow with them.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "minet/video/overlay.hpp"

namespace minet::video {

// [47, 3] at a time: linear between two frames, with the lower confidence; the first before, the
// last after.
std::vector<float> joints_at(const pose::RawPose& pose, double time_s);

// The track that the keypoints belong to: whose hips are nearest below the neck. -1 without tracks.
int track_of(const std::vector<PersonTrack>& people, const pose::RawPose& filled);

void draw_skeleton(cv::Mat& picture, const float* frame);
void draw_legend(cv::Mat& picture);
void draw_people(cv::Mat& picture, const std::vector<PersonTrack>& people, int player,
                 double time_s);
// A piano roll or codes over the lowest part; now is in its middle.
void draw_roll(cv::Mat& picture, const Roll& roll, double time_s);

}  // namespace minet::video
