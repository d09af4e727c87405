// Positions in the image, and OpenPose's JSON; see the header.
#include "orchestra/group_picture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "orchestra/detector.hpp"

namespace minet::orchestra {
namespace {

constexpr int kBody25 = 25, kHand21 = 21;
// Joints 0..6 (neck, right arm, left arm) are BODY_25's 1..7.
constexpr int kFirstBodyJoint = 1, kBodyJoints = 7;

void append(std::string& out, const float* joint) {
  for (int k = 0; k < 3; ++k) {
    const double steps = k == 2 ? 1e4 : 1e2;
    out += to_text(std::round(static_cast<double>(joint[k]) * steps) / steps);
    out += ',';
  }
}

void append_list(std::string& out, const char* name, const std::vector<const float*>& joints) {
  static constexpr float kNothing[3] = {0, 0, 0};
  out += text('"', name, "\":[");
  for (const float* const joint : joints) append(out, joint != nullptr ? joint : kNothing);
  out.back() = ']';
}

std::string person_json(const float* joints) {
  const auto joint = [&](int index) { return joints + index * pose::kJointValues; };
  std::vector<const float*> body(kBody25, nullptr);
  for (int i = 0; i < kBodyJoints; ++i)
    body[static_cast<std::size_t>(kFirstBodyJoint + i)] = joint(i);
  std::string out = "{\"person_id\":[-1],";
  append_list(out, "pose_keypoints_2d", body);
  out += ",\"face_keypoints_2d\":[],";
  const auto hand = [&](int wrist, int first) {
    std::vector<const float*> points = {joint(wrist)};
    for (int i = 0; i + 1 < kHand21; ++i) points.push_back(joint(first + i));
    return points;
  };
  append_list(out, "hand_left_keypoints_2d", hand(pose::kLeftWrist, pose::kLeftHand));
  out += ',';
  append_list(out, "hand_right_keypoints_2d", hand(pose::kRightWrist, pose::kRightHand));
  return out + "}";
}

// For each player, the frames in which they are not detected.
std::vector<std::vector<bool>> absences(Random& random, std::size_t players, std::size_t frames) {
  constexpr double kEvery_s = 20;
  std::vector<std::vector<bool>> absent(players, std::vector<bool>(frames));
  for (auto& player : absent) {
    for (std::size_t i = 0; i < frames; ++i) {
      if (random.uniform() >= 1 / (kEvery_s * kFps)) continue;
      for (const std::size_t end = std::min(frames, i + 1 + random.below(8)); i < end; ++i)
        player[i] = true;
    }
  }
  return absent;
}

}  // namespace

Player placed(Player player, const Frame& frame) {
  if (frame.players <= 1) return player;
  constexpr double kNeeds = 620;  // pixels, width of a player at full size
  const double slot = static_cast<double>(kPictureWidth) / frame.players;
  const double scale = std::min(1.0, slot / kNeeds);
  player.pixels_per_metre *= scale;
  const double off = player.neck_x - kPictureWidth / 2.0;
  player.neck_x = slot * (frame.place + 0.5) + 0.3 * scale * off;
  return player;
}

void write_openpose(const std::filesystem::path& folder, const std::string& name,
                    const std::vector<FloatArray>& group, std::uint64_t seed) {
  constexpr double kDisordered = 0.2;  // share of frames
  Random random(derive_seed(seed, "picture"));
  const auto frames = static_cast<std::size_t>(group.front().shape[0]);
  const auto absent = absences(random, group.size(), frames);
  for (std::size_t i = 0; i < frames; ++i) {
    std::vector<std::size_t> order(group.size());
    for (std::size_t p = 0; p < order.size(); ++p) order[p] = p;
    if (random.uniform() < kDisordered) {
      const auto mixed = random.permutation(static_cast<std::int64_t>(order.size()));
      for (std::size_t p = 0; p < order.size(); ++p) order[p] = static_cast<std::size_t>(mixed[p]);
    }
    std::string json;
    for (const std::size_t p : order) {
      if (absent[p][i]) continue;
      if (!json.empty()) json += ',';
      json += person_json(group[p].values.data() + i * pose::kJoints * pose::kJointValues);
    }
    std::string number = text(i);
    number.insert(0, 12 - std::min<std::size_t>(12, number.size()), '0');
    // The whole folder is synced and renamed once, so a plain stream is enough.
    const auto path = folder / text(name, "_", number, "_keypoints.json");
    std::ofstream file(path, std::ios::binary);
    file << "{\"version\":1.3,\"people\":[" << json << "]}\n";
    file.close();
    if (!file) throw WorkError(text("cannot write ", printable(path.string())));
  }
}

}  // namespace minet::orchestra
