// Everything drawn over a frame. Frames are BGR; sizes of lines and text scale with them.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "minet/video/overlay.hpp"

namespace minet::video {

// [47, 3] at a time: interpolated between two frames, with the lower confidence; the first frame
// before the first time, the last frame after the last.
std::vector<float> joints_at(const pose::RawPose& pose, double time_s);

// The track of the keypoints' person: hips closest in x to the neck on average. -1: no tracks.
int track_of(const std::vector<PersonTrack>& people, const pose::RawPose& filled);

void draw_skeleton(cv::Mat& picture, const float* frame);
void draw_legend(cv::Mat& picture);
void draw_people(cv::Mat& picture, const std::vector<PersonTrack>& people, int player,
                 double time_s);
// A piano roll or codes in the lowest part of the image, with the present in the middle.
void draw_roll(cv::Mat& picture, const Roll& roll, double time_s);

}  // namespace minet::video
