// A player's upper body in three dimensions, and the camera that films it.
//
// Metres, the neck at the origin; x to the player's left (the image's right), y up, z towards the
// camera. Each arm has two bones, bent by inverse kinematics; hands are rigid palms with curling
// fingers. Omitted: legs, head, instrument, geometric occlusion.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "minet/core/random.hpp"
#include "minet/orchestra/orchestra.hpp"
#include "minet/pose/skeleton.hpp"
#include "orchestra/movement.hpp"

namespace minet::orchestra {

struct Vec3 {
  double x = 0, y = 0, z = 0;
};
inline Vec3 operator+(Vec3 a, Vec3 b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}
inline Vec3 operator-(Vec3 a, Vec3 b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
inline Vec3 operator*(double s, Vec3 a) {
  return {s * a.x, s * a.y, s * a.z};
}
inline double dot(Vec3 a, Vec3 b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
inline Vec3 cross(Vec3 a, Vec3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline double norm(Vec3 a) {
  return std::sqrt(dot(a, a));
}
inline Vec3 unit(Vec3 a) {
  return (1 / std::max(1e-9, norm(a))) * a;
}

// How an instrument is held and moved.
struct Hold {
  Vec3 wrist;        // m
  Vec3 fingers;      // direction in which the fingers point
  Vec3 palm;         // direction that the palm faces: fingers curl towards it
  Vec3 elbow;        // direction in which the elbow points
  double curl = 30;  // degrees at each finger joint
  double seen = 1;   // factor on the detector's confidence in this hand
};
struct Posture {
  Hold right, left;
  Vec3 bow = {};       // the right wrist from frog to tip
  Vec3 crossing = {};  // the right wrist, one string higher
  Vec3 neck = {};      // the left wrist, if the whole string were cut off
  Vec3 slide = {};     // the right wrist, one slide position further
  Vec3 raise = {};     // both wrists, from the middle to the top of the range
  double facing = 0;   // degrees that the player is turned to the image's left
  double energy = 1;   // of the sway
};
const Posture& posture_of(const std::string& code);

// One person: build, habits and position in front of the camera.
struct Player {
  double shoulder = 0.19, upper_arm = 0.29, forearm = 0.26, hand = 1;  // m; hand: a factor
  Vec3 right_offset, left_offset;                                      // m, of the wrists
  Vec3 right_elbow, left_elbow;  // added to the directions in which the elbows point
  double shoulder_tilt = 0;      // m, left shoulder up and right one down
  Vec3 instrument;               // radians of arms and instrument: roll, lean, turn
  Vec3 right_hand, left_hand;    // the same for the hands alone
  double stroke = 1;             // factor on the bow's travel
  double curl_offset = 0;        // degrees
  double sway = 1, press = 1;    // factors on movements
  double facing = 0, camera_pitch = 0, camera_roll = 0;  // degrees
  double pixels_per_metre = 370, camera_m = 4;
  double neck_x = 960, neck_y = 360;  // pixels
};
// Build and habits do not depend on the cameras, arms and shoulders not on the habits.
Player make_player(const Posture& posture, std::uint64_t seed, Cameras cameras = Cameras::stage,
                   Habits habits = Habits::usual);

using Joints = std::array<Vec3, pose::kJoints>;
Joints shape_body(const Posture& posture, const Player& player, const Pose& pose);

// Pixels of 1920 x 1080, y downwards.
struct Pixel {
  double x = 0, y = 0;
};
std::array<Pixel, pose::kJoints> photograph(const Player& player, const Joints& joints);

}  // namespace minet::orchestra
