// Sound generated on the device is that generated on the CPU.
#include "minet/generation/plus.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "accelerator/batches.hpp"
#include "minet/generation/render.hpp"
#include "minet/models/model.hpp"

namespace minet::accelerator {
namespace {

// Largest difference, as a share of the largest sample.
double difference(const audio::Sound& found, const audio::Sound& wanted) {
  EXPECT_EQ(found.samples.size(), wanted.samples.size());
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < std::min(found.samples.size(), wanted.samples.size()); ++i) {
    worst = std::max<double>(worst, std::abs(found.samples[i] - wanted.samples[i]));
    largest = std::max<double>(largest, std::abs(wanted.samples[i]));
  }
  EXPECT_GT(largest, 0);
  return worst / largest;
}

class Generation : public OnDevice {
 protected:
  // Phase reconstruction and sums of phases amplify a GPU's other order of summation.
  double close() const { return is_fake() || device.is_cpu() ? 1e-5 : 1e-2; }
};

TEST_F(Generation, SoundOfCodes) {
  config::TrainConfig config = trained_config();
  config.spectrogram.hop = 16;
  models::Model here = models::make_model(config, 1), far = models::make_model(config, 1);
  here.vqvae->quantizer->codes.copy_(at::randn_like(here.vqvae->quantizer->codes));
  far.vqvae->quantizer->codes.copy_(here.vqvae->quantizer->codes);
  far.to(device);
  const at::Tensor codes = at::randint(0, config.vqvae.codes, {50}, at::kLong);
  EXPECT_LT(difference(generation::render(far, codes, {}), generation::render(here, codes, {})),
            close());
}

TEST_F(Generation, SoundOfPlus) {
  const PlusInputs inputs;
  models::PlusModel here = models::make_plus(inputs.config, 1);
  models::PlusModel far = models::make_plus(inputs.config, 1);
  far.to(device);
  const at::Tensor pose = inputs.controls.pose.cpu();
  const auto play = [](models::PlusModel& model, const at::Tensor& poses,
                       const models::ControlTokens& tokens) {
    return generation::play(model, tokens, generation::players_of(model, poses).body, 5);
  };
  const auto to_cpu = [](const models::ControlTokens& tokens) {
    return models::ControlTokens{tokens.onset.cpu(), tokens.pitch.cpu(), tokens.level.cpu()};
  };
  const models::ControlTokens tokens = to_cpu(inputs.controls.tokens);
  const auto found = play(far, there(pose), tokens), wanted = play(here, pose, tokens);
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_LT(difference(found[i], wanted[i]), close()) << i;
  }
}

}  // namespace
}  // namespace minet::accelerator
