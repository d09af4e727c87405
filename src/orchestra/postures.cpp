// The postures of the 13 instruments. Positions are estimates from how the instruments are held,
// checked visually in drawings of the result; see body.hpp for the axes.
#include <string>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "orchestra/body.hpp"

namespace minet::orchestra {
namespace {

struct Entry {
  const char* code;
  Posture posture;
};

const std::vector<Entry>& entries() {
  // clang-format off
  static const std::vector<Entry> kEntries = {
      {"vn", {.right = {.wrist = {0.13, 0.07, 0.27}, .fingers = {0.75, -0.35, 0.25}, .palm = {-0.3, -0.9, 0.2}, .elbow = {-0.7, -0.6, 0.1}, .curl = 28},
              .left = {.wrist = {0.38, 0.02, 0.42}, .fingers = {-0.35, 0.85, -0.25}, .palm = {-0.8, -0.25, -0.5}, .elbow = {0.1, -1, 0.2}, .curl = 38},
              .bow = {-0.36, -0.07, 0.21}, .crossing = {-0.012, -0.035, 0.01}, .neck = {-0.26, -0.01, -0.27}, .facing = 6, .energy = 1.3}},
      {"va", {.right = {.wrist = {0.145, 0.05, 0.28}, .fingers = {0.75, -0.40, 0.25}, .palm = {-0.3, -0.9, 0.2}, .elbow = {-0.7, -0.7, 0.1}, .curl = 28},
              .left = {.wrist = {0.415, -0.015, 0.40}, .fingers = {-0.40, 0.80, -0.30}, .palm = {-0.8, -0.30, -0.5}, .elbow = {0.2, -1, 0.2}, .curl = 34},
              .bow = {-0.38, -0.10, 0.18}, .crossing = {-0.012, -0.038, 0.01}, .neck = {-0.33, 0.01, -0.28}, .facing = 3, .energy = 1.1}},
      {"vc", {.right = {.wrist = {-0.04, -0.37, 0.27}, .fingers = {0.45, -0.75, 0.35}, .palm = {0.1, -0.4, -0.9}, .elbow = {-0.8, -0.2, 0.3}, .curl = 26},
              .left = {.wrist = {0.21, -0.01, 0.20}, .fingers = {-0.90, 0.10, 0.25}, .palm = {-0.2, -0.1, -1}, .elbow = {1, -0.25, 0.3}, .curl = 36},
              .bow = {-0.34, -0.05, 0.02}, .crossing = {0.015, 0.022, 0.02}, .neck = {-0.16, -0.62, 0.20}, .facing = 0, .energy = 1.2}},
      {"db", {.right = {.wrist = {-0.07, -0.43, 0.20}, .fingers = {0.25, -0.90, 0.25}, .palm = {0.6, -0.1, -0.7}, .elbow = {-0.9, -0.1, 0.2}, .curl = 34},
              .left = {.wrist = {0.28, 0.12, 0.18}, .fingers = {-0.85, 0.35, 0.20}, .palm = {-0.3, -0.3, -0.9}, .elbow = {1, -0.1, 0.2}, .curl = 30},
              .bow = {-0.24, -0.08, 0.03}, .crossing = {0.014, 0.020, 0.02}, .neck = {-0.22, -0.75, 0.18}, .facing = -12, .energy = 1.0}},
      {"fl", {.right = {.wrist = {-0.38, 0.06, 0.17}, .fingers = {0.15, 0.80, 0.45}, .palm = {0.3, 0.4, -0.85}, .elbow = {-0.6, -0.8, 0}, .curl = 24},
              .left = {.wrist = {-0.11, 0.07, 0.27}, .fingers = {-0.55, 0.65, -0.40}, .palm = {-0.2, -0.5, -0.8}, .elbow = {0.3, -0.9, 0.5}, .curl = 32},
              .raise = {-0.0012, 0.0032, 0}, .facing = -14, .energy = 1.2}},
      {"ob", {.right = {.wrist = {-0.09, -0.15, 0.35}, .fingers = {0.75, 0.25, 0.45}, .palm = {0.3, 0.1, -0.9}, .elbow = {-0.8, -0.5, 0}, .curl = 22},
              .left = {.wrist = {0.11, 0.00, 0.24}, .fingers = {-0.75, 0.25, 0.45}, .palm = {-0.3, 0.1, -0.9}, .elbow = {0.8, -0.5, 0}, .curl = 24},
              .raise = {0, 0.0044, 0.002}, .facing = 10, .energy = 1.1}},
      {"cl", {.right = {.wrist = {-0.10, -0.18, 0.335}, .fingers = {0.77, 0.22, 0.41}, .palm = {0.3, 0.0, -0.9}, .elbow = {-0.8, -0.5, 0}, .curl = 22},
              .left = {.wrist = {0.11, -0.02, 0.235}, .fingers = {-0.77, 0.23, 0.41}, .palm = {-0.3, 0.1, -0.9}, .elbow = {0.8, -0.5, 0}, .curl = 24},
              .raise = {0, 0.004, 0.0024}, .facing = 8, .energy = 1.2}},
      {"bn", {.right = {.wrist = {-0.25, -0.37, 0.20}, .fingers = {0.70, 0.10, 0.60}, .palm = {0.5, 0.1, -0.8}, .elbow = {-0.9, -0.1, -0.3}, .curl = 26},
              .left = {.wrist = {0.22, -0.07, 0.26}, .fingers = {-0.75, 0.20, 0.45}, .palm = {-0.3, 0.1, -0.9}, .elbow = {0.8, -0.6, 0}, .curl = 26},
              .raise = {0, 0.0028, 0.0012}, .facing = 12, .energy = 0.9}},
      {"sax", {.right = {.wrist = {-0.19, -0.33, 0.23}, .fingers = {0.70, -0.15, 0.45}, .palm = {0.5, -0.1, -0.8}, .elbow = {-0.9, 0.0, -0.3}, .curl = 30},
              .left = {.wrist = {0.09, -0.11, 0.26}, .fingers = {-0.80, -0.05, 0.40}, .palm = {-0.3, -0.1, -0.9}, .elbow = {0.9, -0.4, 0}, .curl = 30},
              .raise = {0, 0.0036, 0.002}, .facing = -6, .energy = 1.4}},
      {"tpt", {.right = {.wrist = {-0.08, 0.09, 0.28}, .fingers = {0.55, 0.55, 0.35}, .palm = {0.75, -0.5, -0.2}, .elbow = {-0.9, -0.4, 0}, .curl = 40},
              .left = {.wrist = {0.10, 0.09, 0.27}, .fingers = {-0.55, 0.45, 0.45}, .palm = {-0.8, 0.1, -0.5}, .elbow = {0.9, -0.4, 0}, .curl = 55},
              .raise = {0, 0.018, 0.004}, .facing = 22, .energy = 0.9}},
      {"hn", {.right = {.wrist = {-0.24, -0.36, 0.10}, .fingers = {0.35, -0.25, -0.35}, .palm = {0.8, 0.3, 0.4}, .elbow = {-0.9, -0.1, -0.2}, .curl = 18, .seen = 0.55},
              .left = {.wrist = {0.12, 0.01, 0.27}, .fingers = {-0.70, 0.35, 0.35}, .palm = {-0.5, -0.6, -0.4}, .elbow = {0.8, -0.6, 0}, .curl = 40},
              .raise = {0, 0.012, 0.004}, .facing = -18, .energy = 0.8}},
      {"tbn", {.right = {.wrist = {-0.06, 0.03, 0.22}, .fingers = {0.40, 0.75, 0.25}, .palm = {0.85, -0.3, 0.1}, .elbow = {-0.8, -0.6, 0}, .curl = 34},
              .left = {.wrist = {0.12, 0.07, 0.16}, .fingers = {-0.45, 0.65, 0.30}, .palm = {-0.85, -0.2, 0}, .elbow = {0.8, -0.6, 0}, .curl = 50},
              .slide = {-0.004, -0.014, 0.046}, .raise = {0, 0.010, 0.002}, .facing = 38, .energy = 0.8}},
      {"tba", {.right = {.wrist = {-0.12, -0.21, 0.27}, .fingers = {0.65, -0.20, 0.25}, .palm = {0.2, -0.8, -0.5}, .elbow = {-0.9, -0.3, 0}, .curl = 30},
              .left = {.wrist = {0.24, -0.33, 0.26}, .fingers = {-0.60, -0.20, 0.40}, .palm = {-0.6, 0.5, -0.5}, .elbow = {0.9, -0.3, 0}, .curl = 26, .seen = 0.8},
              .raise = {0, 0.008, 0.002}, .facing = 4, .energy = 0.7}},
  };
  // clang-format on
  return kEntries;
}

}  // namespace

const Posture& posture_of(const std::string& code) {
  for (const Entry& entry : entries()) {
    if (code == entry.code) return entry.posture;
  }
  throw WorkError(text("no posture for the instrument ", code));
}

}  // namespace minet::orchestra
