// Sends a bowing violinist's keypoints to `mi_generate --live --osc PORT`, 25 times a second.
//   c++ -std=c++17 send.cpp -o send $(pkg-config --cflags --libs liblo) && ./send 9000 10
#include <lo/lo.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <thread>

struct Point {
  double x, y;
};

int main(int argc, char** argv) {
  const lo_address to = lo_address_new("127.0.0.1", argc > 1 ? argv[1] : "9000");
  const double seconds = argc > 2 ? std::atof(argv[2]) : 1e9;
  auto next = std::chrono::steady_clock::now();
  for (double t = 0; t < seconds; t += 0.04) {
    const double bow = std::sin(2 * 3.14159265 * t);  // once a second
    // Neck; right shoulder, elbow, wrist; the same for the left. README.md has the order of all
    // joints, including the fingers. Any unit, y downwards.
    Point joints[47] = {{0, 0},   {-1, 0.1}, {-1.3, 1.2}, {-0.6 - 0.6 * bow, 0.9 + 0.3 * bow},
                        {1, 0.1}, {1.4, 1},  {1.2, 0.1}};
    for (int hand = 0; hand < 2; ++hand) {
      for (int i = 0; i < 20; ++i) {  // four joints for each of five fingers
        joints[7 + 20 * hand + i] = {joints[3 + 3 * hand].x + 0.05 * (i / 4 - 2),
                                     joints[3 + 3 * hand].y - 0.08 * (i % 4 + 1)};
      }
    }
    const lo_message message = lo_message_new();
    for (const Point& joint : joints) {
      lo_message_add_float(message, static_cast<float>(joint.x));
      lo_message_add_float(message, static_cast<float>(joint.y + 10));  // 0, 0 would be "not seen"
    }
    lo_send_message(to, "/minet/pose", message);
    lo_message_free(message);
    std::this_thread::sleep_until(next += std::chrono::milliseconds(40));
  }
  lo_address_free(to);
}
