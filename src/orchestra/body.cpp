// Inverse kinematics, hands and the camera; see body.hpp.
#include "orchestra/body.hpp"

#include <algorithm>
#include <numbers>

namespace minet::orchestra {
namespace {

constexpr double kDegree = std::numbers::pi / 180;

// The elbow's position; pulls the wrist within reach if necessary.
Vec3 bend_arm(Vec3 shoulder, Vec3& wrist, double upper, double lower, Vec3 push) {
  Vec3 way = wrist - shoulder;
  const double reach = 0.985 * (upper + lower), least = std::abs(upper - lower) + 0.03;
  const double distance = std::clamp(norm(way), least, reach);
  way = unit(way);
  wrist = shoulder + distance * way;
  const double along = (upper * upper - lower * lower + distance * distance) / (2 * distance);
  const double aside = std::sqrt(std::max(0.0, upper * upper - along * along));
  const Vec3 out = unit(push - dot(push, way) * way);
  return shoulder + along * way + aside * out;
}

struct HandMotion {
  const double* press;  // five fingers, thumb first
  double press_scale = 1, curl = 30, scale = 1;
  double rock = 0;  // degrees, vibrato of the finger tips
};

// Finger joints 1..20 of a hand, four per finger, thumb first.
void shape_hand(Vec3 wrist, const Hold& hold, bool right, const HandMotion& motion, Vec3* joints) {
  const Vec3 d = unit(hold.fingers);
  const Vec3 n = unit(hold.palm - dot(hold.palm, d) * d);
  const Vec3 thumb_side = right ? cross(d, n) : cross(n, d);
  static constexpr double kAside[5] = {0.030, 0.026, 0.006, -0.014, -0.033};  // m
  static constexpr double kKnuckle[5] = {0.030, 0.092, 0.094, 0.088, 0.078};
  static constexpr double kBones[5][3] = {{0.040, 0.032, 0.026},
                                          {0.042, 0.025, 0.020},
                                          {0.046, 0.028, 0.021},
                                          {0.043, 0.026, 0.021},
                                          {0.034, 0.020, 0.018}};
  for (int finger = 0; finger < 5; ++finger) {
    const bool thumb = finger == 0;
    Vec3 at = wrist + motion.scale * (kKnuckle[finger] * d + kAside[finger] * thumb_side);
    const double pressed = motion.press[finger] * motion.press_scale;
    double angle = (thumb ? 12 : 0.6 * motion.curl) + (thumb ? 14 : 24) * pressed + motion.rock;
    const Vec3 forward = thumb ? unit(d + 0.9 * thumb_side + 0.3 * n) : d;
    *joints++ = at;
    for (int bone = 0; bone < 3; ++bone) {
      const Vec3 way = std::cos(angle * kDegree) * forward + std::sin(angle * kDegree) * n;
      at = at + motion.scale * kBones[finger][bone] * way;
      *joints++ = at;
      angle += (thumb ? 10 : motion.curl) + 4 * pressed;
    }
  }
}

// Rotates `p` about axes through `centre`: first roll about z, then lean about x, then turn about
// y (radians).
Vec3 turned(Vec3 p, Vec3 centre, double roll, double lean, double turn) {
  Vec3 v = p - centre;
  v = {std::cos(roll) * v.x - std::sin(roll) * v.y, std::sin(roll) * v.x + std::cos(roll) * v.y,
       v.z};
  v = {v.x, std::cos(lean) * v.y - std::sin(lean) * v.z,
       std::sin(lean) * v.y + std::cos(lean) * v.z};
  v = {std::cos(turn) * v.x + std::sin(turn) * v.z, v.y,
       -std::sin(turn) * v.x + std::cos(turn) * v.z};
  return centre + v;
}

// A phone on a stand or a shelf: not quite level, and closer than a stage camera.
void move_camera(Player& player, std::uint64_t seed) {
  Random random(derive_seed(seed, "camera"));
  player.facing = std::clamp(player.facing + random.uniform(-55, 55), -60.0, 60.0);
  player.camera_pitch += random.uniform(-14, 14);
  player.camera_roll = random.uniform(-6, 6);
  player.camera_m = random.uniform(1.6, 6);
  player.pixels_per_metre *= random.uniform(0.6, 0.9);  // hands close to the lens look large
}

double near(Random& random, double mean, double spread) {  // at most two spreads away
  return mean + spread * std::clamp(random.normal(), -2.0, 2.0);
}

// As far from the usual posture as real players were found: wrists up to 35 cm, elbows up to 15 cm.
void vary_habits(Player& player, const Posture& posture, std::uint64_t seed) {
  Random random(derive_seed(seed, "habits"));
  const auto about_zero = [&](double x, double y, double z) {
    const double a = near(random, 0, x), b = near(random, 0, y), c = near(random, 0, z);
    return Vec3{a, b, c};
  };
  // Moving the instrument moves both hands; the bow also moves on its own.
  const Vec3 instrument = about_zero(0.03, 0.045, 0.035), bow = about_zero(0.03, 0.06, 0.03);
  player.left_offset = player.left_offset + instrument;
  player.right_offset = player.right_offset + instrument;
  if (norm(posture.bow) > 0) player.right_offset = player.right_offset + bow;
  player.right_elbow = about_zero(0.3, 0.3, 0.4);
  player.left_elbow = about_zero(0.3, 0.3, 0.4);
  player.shoulder_tilt = near(random, 0, 0.015);
  player.instrument = kDegree * about_zero(6, 9, 9);
  player.right_hand = kDegree * about_zero(20, 20, 20);
  player.left_hand = kDegree * about_zero(20, 20, 20);
  player.curl_offset = near(random, 6, 10);
  player.hand = near(random, 0.95, 0.07);
  player.stroke = random.uniform(0.6, 1.2);
}

Vec3 turned(Vec3 p, Vec3 centre, Vec3 by) {
  return turned(p, centre, by.x, by.y, by.z);
}

// Rotates a hand by itself and then with the instrument.
Hold turned(Hold hold, Vec3 hand, Vec3 instrument) {
  hold.fingers = turned(turned(hold.fingers, {}, hand), {}, instrument);
  hold.palm = turned(turned(hold.palm, {}, hand), {}, instrument);
  return hold;
}

}  // namespace

Player make_player(const Posture& posture, std::uint64_t seed, Cameras cameras, Habits habits) {
  Random random(derive_seed(seed, "player"));
  const auto near = [&](double mean, double spread) {
    return orchestra::near(random, mean, spread);
  };
  const auto offset = [&] {
    const double x = near(0, 0.020), y = near(0, 0.026), z = near(0, 0.020);
    return Vec3{x, y, z};
  };
  Player player;
  player.shoulder = near(0.19, 0.014);
  player.upper_arm = near(0.29, 0.013);
  player.forearm = near(0.26, 0.008);
  player.hand = near(1.0, 0.04);
  player.right_offset = offset();
  player.left_offset = offset();
  player.curl_offset = near(0, 6);
  player.sway = random.uniform(0.6, 1.6);
  player.press = random.uniform(0.85, 1.3);
  player.facing = near(posture.facing, 11);
  player.camera_pitch = near(4, 4);
  player.pixels_per_metre = random.uniform(400, 560);
  player.camera_m = random.uniform(3, 6);
  player.neck_x = near(960, 90);
  player.neck_y = near(400, 30);
  if (habits == Habits::varied) vary_habits(player, posture, seed);
  if (cameras == Cameras::anywhere) move_camera(player, seed);
  return player;
}

Joints shape_body(const Posture& posture, const Player& player, const Pose& pose) {
  Joints joints;
  const double lift = 0.016 * pose.breath;  // the chest rises, and the shoulders with it
  const Vec3 neck{0, 0.5 * lift, 0};
  const Vec3 right_shoulder{-player.shoulder, -0.02 - player.shoulder_tilt + lift, 0};
  const Vec3 left_shoulder{player.shoulder, -0.02 + player.shoulder_tilt + lift, 0};

  const Vec3 held = pose.height * posture.raise + Vec3{0, 0.4 * lift - 0.008 * pose.nod, 0};
  Vec3 right = posture.right.wrist + player.right_offset + held +
               (player.stroke * pose.bow) * posture.bow + pose.string * posture.crossing +
               pose.slide * posture.slide;
  Vec3 left = posture.left.wrist + player.left_offset + held + pose.stop * posture.neck +
              pose.vibrato * Vec3{0.004, 0.003, 0.003};
  right = turned(right, neck, player.instrument);
  left = turned(left, neck, player.instrument);
  joints[pose::kNeck] = neck;
  joints[pose::kRightShoulder] = right_shoulder;
  joints[pose::kLeftShoulder] = left_shoulder;
  joints[pose::kRightElbow] = bend_arm(right_shoulder, right, player.upper_arm, player.forearm,
                                       posture.right.elbow + player.right_elbow);
  joints[pose::kLeftElbow] = bend_arm(left_shoulder, left, player.upper_arm, player.forearm,
                                      posture.left.elbow + player.left_elbow);
  joints[pose::kRightWrist] = right;
  joints[pose::kLeftWrist] = left;

  HandMotion motion{.press = pose.press.data(),
                    .press_scale = player.press,
                    .curl = posture.right.curl + player.curl_offset,
                    .scale = player.hand};
  shape_hand(right, turned(posture.right, player.right_hand, player.instrument), /*right=*/true,
             motion, &joints[pose::kRightHand]);
  motion.press = pose.press.data() + 5;
  motion.curl = posture.left.curl + player.curl_offset;
  motion.rock = 5 * pose.vibrato;
  shape_hand(left, turned(posture.left, player.left_hand, player.instrument), /*right=*/false,
             motion, &joints[pose::kLeftHand]);

  const double sway = player.sway * posture.energy * kDegree;
  const Vec3 hips{0, -0.5, 0};
  for (Vec3& joint : joints) {
    joint = turned(joint, hips, 1.6 * sway * pose.roll,
                   sway * (1.2 * pose.lean + 0.9 * pose.nod) + 0.02, 2.0 * sway * pose.turn);
  }
  return joints;
}

std::array<Pixel, pose::kJoints> photograph(const Player& player, const Joints& joints) {
  std::array<Pixel, pose::kJoints> pixels;
  for (std::size_t j = 0; j < joints.size(); ++j) {
    const Vec3 seen =
        turned(turned(joints[j], {}, 0, player.camera_pitch * kDegree, -player.facing * kDegree),
               {}, player.camera_roll * kDegree, 0, 0);
    const double scale = player.pixels_per_metre * player.camera_m / (player.camera_m - seen.z);
    pixels[j] = {player.neck_x + scale * seen.x, player.neck_y - scale * seen.y};
  }
  return pixels;
}

}  // namespace minet::orchestra
