// The parts of live playing between the sources, the player and a sound card.
#include <gtest/gtest.h>
#include <lo/lo.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstring>
#include <numbers>
#include <thread>
#include <vector>

#include "live/card.hpp"
#include "live/clock.hpp"
#include "live/inbox.hpp"
#include "live/meter.hpp"
#include "live/ring.hpp"
#include "live/sink.hpp"
#include "live/source.hpp"
#include "live/source_clock.hpp"
#include "live/upsampler.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::live {
namespace {

std::string picture(double x) {
  return text("{\"joints\":{\"neck\":[", x, ",2]}}\n");
}

TEST(Ring, HandsOverEverySampleInOrderBetweenTwoThreads) {
  Ring ring(1000);
  constexpr int kCount = 200'000;
  std::thread writer([&] {
    std::vector<float> block;
    for (int i = 0; i < kCount;) {
      block.clear();
      for (int k = 0; k < 1 + i % 300 && i + k < kCount; ++k) {
        block.push_back(static_cast<float>(i + k));
      }
      if (ring.push(block)) {
        i += static_cast<int>(block.size());
      } else {
        std::this_thread::yield();
      }
    }
  });
  std::array<float, 128> into{};
  bool right = true;
  for (int i = 0; i < kCount;) {
    const std::size_t got = ring.pull(into);
    for (std::size_t k = 0; k < got; ++k) right = right && into[k] == static_cast<float>(i++);
    if (got == 0) std::this_thread::yield();
  }
  writer.join();
  EXPECT_TRUE(right);
  EXPECT_EQ(ring.filled(), 0U);
  EXPECT_FALSE(ring.push(std::vector<float>(1001)));
}

TEST(Upsampler, KeepsATone) {
  for (const int factor : {1, 2, 3, 6}) {
    Upsampler up(factor);
    std::vector<float> out;
    const double step = 2 * std::numbers::pi * 1000 / 16000;  // 1 kHz
    for (int block = 0; block < 20; ++block) {
      std::vector<float> in;
      for (int i = 0; i < 64; ++i)
        in.push_back(static_cast<float>(std::sin(step * (64 * block + i))));
      const std::span<const float> more = up.add(in);
      EXPECT_EQ(more.size(), 64U * static_cast<std::size_t>(factor));
      out.insert(out.end(), more.begin(), more.end());
    }
    const double late = factor == 1 ? 0 : Upsampler::kHalf;
    for (std::size_t i = 200; i < out.size(); ++i) {
      const double expected = std::sin(step * (static_cast<double>(i) / factor - late));
      ASSERT_NEAR(out[i], expected, 2e-3) << factor << " " << i;
    }
  }
}

TEST(LineCutter, LinesHoweverTheyArrive) {
  Inbox inbox;
  LineCutter lines(inbox);
  const std::string all = picture(3) + "\r\n" + picture(4) + "nonsense\n" + picture(5);
  for (const char byte : all) lines.add({&byte, 1});
  EXPECT_EQ(inbox.counts().pictures, 3);
  EXPECT_EQ(inbox.counts().bad, 1);
  EXPECT_NE(inbox.take_complaint().find("line of JSON"), std::string::npos);
  EXPECT_EQ(inbox.take_complaint(), "");
  ASSERT_EQ(inbox.take()->picture.joints[0], 5);  // only the newest, and once
  EXPECT_FALSE(inbox.take());
  lines.add(std::string(1'000'000, '['));  // no end of line: not kept
  lines.add("]\n" + picture(6));
  EXPECT_EQ(inbox.counts().bad, 2);
  EXPECT_EQ(inbox.take()->picture.joints[0], 6);
  lines.add(R"({"joints":{"neck":[7,2]}})");
  lines.finish();
  EXPECT_EQ(inbox.take()->picture.joints[0], 7);
}

TEST(Inbox, EndsWhenTheLastPictureIsTaken) {
  Inbox inbox;
  inbox.put({});
  inbox.end();
  EXPECT_FALSE(inbox.ended());
  inbox.take();
  EXPECT_TRUE(inbox.ended());
  inbox.throw_failure();  // there is none
  EXPECT_TRUE(inbox.ended());
}

TEST(Inbox, EndsAtOnceWhereItsSourceFails) {
  Inbox inbox;
  inbox.put({});
  inbox.end(std::make_exception_ptr(InputError("gone")));
  EXPECT_TRUE(inbox.ended());
  EXPECT_THROW(inbox.throw_failure(), InputError);
}

TEST(LineSource, ReadsADescriptorUntilItEnds) {
  std::array<int, 2> ends;
  ASSERT_EQ(::pipe(ends.data()), 0);
  Inbox inbox;
  {
    const auto source = make_line_source(inbox, ends[0]);
    const std::string line = picture(3);
    ASSERT_EQ(::write(ends[1], line.data(), line.size()), static_cast<ssize_t>(line.size()));
    ::close(ends[1]);
    for (int i = 0; i < 200 && inbox.counts().pictures == 0; ++i) sleep_s(0.01);
    EXPECT_EQ(inbox.take()->picture.joints[0], 3);
    for (int i = 0; i < 200 && !inbox.ended(); ++i) sleep_s(0.01);
    EXPECT_TRUE(inbox.ended());
  }
  ::close(ends[0]);
}

TEST(OscSource, TakesWholeNumbersAndFloatsAndCountsTheRest) {
  Inbox inbox;
  int port = 21000 + static_cast<int>(::getpid() % 20000);
  std::unique_ptr<Source> source;
  while (!source) {
    try {
      source = make_osc_source(inbox, port);
    } catch (const InputError&) {
      ++port;
    }
  }
  Inbox other;
  EXPECT_THROW(make_osc_source(other, port), InputError);  // taken
  const lo_address to = lo_address_new("127.0.0.1", text(port).c_str());
  const auto send = [&](const char* path, int count, bool words = false) {
    const lo_message message = lo_message_new();
    for (int i = 0; i < count; ++i) {
      if (words) {
        lo_message_add_string(message, "x");
      } else if (i % 2 == 0) {
        lo_message_add_int32(message, i + 1);
      } else if (i % 4 == 1) {
        lo_message_add_double(message, i + 0.5);
      } else {
        lo_message_add_float(message, static_cast<float>(i) + 0.5F);
      }
    }
    lo_send_message(to, path, message);
    lo_message_free(message);
  };
  send("/minet/pose", 10), send("/other", 94), send("/minet/pose", 94, true);
  send("/minet/pose", 94);
  for (int i = 0; i < 300 && inbox.counts().pictures == 0; ++i) sleep_s(0.01);
  lo_address_free(to);
  const auto arrival = inbox.take();
  ASSERT_TRUE(arrival);
  EXPECT_EQ(arrival->picture.joints[0], 1);
  EXPECT_EQ(arrival->picture.joints[1], 1.5F);
  EXPECT_EQ(arrival->picture.joints[2], 1);
  EXPECT_EQ(inbox.counts().bad, 3);
}

TEST(SourceClock, StampsSayWhenDelayedPicturesWereSeen) {
  SourceClock clock;
  EXPECT_EQ(clock.time_of(std::nullopt, 7.0), 7.0);
  EXPECT_NEAR(clock.time_of(100.00, 10.02), 10.02, 1e-9);
  EXPECT_NEAR(clock.time_of(100.04, 10.05), 10.05, 1e-9);  // a shorter delay than before
  EXPECT_NEAR(clock.time_of(100.08, 10.30), 10.09, 1e-3);  // delayed
  EXPECT_NEAR(clock.time_of(3.0, 10.5), 10.5, 1e-9);       // a different clock
  EXPECT_NEAR(clock.time_of(5000.0, 10.6), 10.6, 1e-9);    // milliseconds
}

TEST(Meter, CountsLatencies) {
  Meter meter;
  for (int i = 1; i <= 100; ++i) meter.heard(i * 1e-3);
  meter.heard(5);
  PlayReport report{};
  meter.fill(report);
  EXPECT_EQ(report.used, 101);
  EXPECT_NEAR(report.median_s, 0.051, 1e-3);
  EXPECT_NEAR(report.most_s, 0.096, 1e-3);
  EXPECT_EQ(report.longest_s, 5);
}

TEST(PcmSink, WritesSamplesAtTheirPaceAndSaysWhenTheyAreHeard) {
  std::array<int, 2> ends;
  ASSERT_EQ(::pipe(ends.data()), 0);
  const auto sink = make_pcm_sink(ends[1], PcmFormat::s16, 16000, 0.05);
  const std::vector<float> block = {0, 1, -1, 0.5, 2};
  const std::vector<float> silence(1600 - block.size(), 0.0F);
  ASSERT_TRUE(sink->wait());
  const double began = now_s();
  EXPECT_NEAR(sink->write(block), began + 0.05, 0.02);
  sink->write(silence);
  ASSERT_TRUE(sink->wait());  // 0.1 s of sound
  EXPECT_GE(now_s() - began, 0.098);
  std::array<std::int16_t, 5> got{};
  ASSERT_EQ(::read(ends[0], got.data(), sizeof got), static_cast<ssize_t>(sizeof got));
  EXPECT_EQ(got, (std::array<std::int16_t, 5>{0, 32767, -32767, 16384, 32767}));
  EXPECT_EQ(sink->underruns(), 0);
  sleep_s(0.2);
  sink->write(block);  // later than the receiver's 50 ms
  EXPECT_EQ(sink->underruns(), 1);
  ::close(ends[0]), ::close(ends[1]);
}

TEST(CardSink, CountsGapsOfANullCard) {
  const auto sink = make_card_sink("null", 16000, 0.1);
  const std::vector<float> block(512, 0.5F);
  sleep_s(0.1);
  EXPECT_EQ(sink->underruns(), 0);  // the card's playback has not begun
  const double began = now_s();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(sink->wait());
    const double heard = sink->write(block);
    EXPECT_LT(heard - now_s(), 0.15);
  }
  EXPECT_GT(now_s() - began, 0.1);  // 0.32 s of sound, less the buffer and the last block
  sleep_s(0.4);
  EXPECT_GT(sink->underruns(), 0);
}

// A card like RtAudio's, driven by the test.
class FakeCard : public Card {
 public:
  FakeCard(const CardOptions& options, double period_s, Pull pull)
      : rate_(options.sample_rate),
        period_s_(period_s),
        block_(static_cast<std::size_t>(period_s * rate_)),
        pull_(std::move(pull)) {}
  void ask(bool gap = false) { pull_(block_, gap); }
  std::string name() const override { return "card"; }
  int sample_rate() const override { return rate_; }
  double period_s() const override { return period_s_; }
  double latency_s() const override { return 0; }

 private:
  int rate_;
  double period_s_;
  std::vector<float> block_;
  Pull pull_;
};

struct SinkOfAFake {
  explicit SinkOfAFake(double period_s, double buffer_s = 0.02)
      : sink(make_card_sink(
            [&](const CardOptions& options, Pull pull) {
              auto made = std::make_unique<FakeCard>(options, period_s, std::move(pull));
              card = made.get();
              return made;
            },
            16000, buffer_s)) {}
  FakeCard* card = nullptr;
  std::unique_ptr<Sink> sink;
};

TEST(CardSink, ACardThatAsksWithoutEndIsGone) {
  const SinkOfAFake fake(0.008);
  for (int i = 0; i < 100; ++i) fake.card->ask();
  EXPECT_TRUE(fake.sink->wait());  // 0.8 s at once: a server that fills its buffer
  for (int i = 0; i < 100; ++i) fake.card->ask();
  EXPECT_THROW(fake.sink->wait(), WorkError);
}

TEST(CardSink, ACardThatAsksNoMoreIsGone) {
  const SinkOfAFake fake(0.008);
  ASSERT_TRUE(fake.sink->wait());
  fake.sink->write(std::vector<float>(16000, 0.5F));
  EXPECT_THROW(fake.sink->wait(), WorkError);  // after 5 s
}

TEST(CardSink, CountsGapsThatTheCardTells) {
  const SinkOfAFake fake(0.008);
  ASSERT_TRUE(fake.sink->wait());
  fake.sink->write(std::vector<float>(512, 0.5F));
  fake.card->ask();
  EXPECT_EQ(fake.sink->underruns(), 0);
  fake.card->ask(true);
  EXPECT_EQ(fake.sink->underruns(), 1);
}

TEST(CardSink, TheBufferIsLongerThanWhatACardTakesAtATime) {
  EXPECT_EQ(SinkOfAFake(0.008, 0.016).sink->buffer_s(), 0.016);
  EXPECT_NEAR(SinkOfAFake(0.04).sink->buffer_s(), 0.052, 1e-9);
  EXPECT_EQ(SinkOfAFake(0.04, 0.1).sink->buffer_s(), 0.1);
}

}  // namespace
}  // namespace minet::live
