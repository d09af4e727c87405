// The VQ-VAE: shapes, gradients, bands, receptive field, chunks.
#include "minet/models/vqvae.hpp"

#include "models/support.hpp"

namespace minet::models {
namespace {

class VqVaeTest : public ::testing::Test {
 protected:
  Model model = make_model(small_config(), 3);
  VqVae& vqvae = model.vqvae;
};

TEST_F(VqVaeTest, GivesTheShapesOfItsDoor) {
  const at::Tensor spectrogram = random_tensor({2, 32, 17}, 1);
  const VqVaeOutput out = vqvae->forward(spectrogram);
  EXPECT_EQ(out.reconstruction.sizes(), at::IntArrayRef({2, 32, 17}));
  EXPECT_EQ(out.codes.sizes(), at::IntArrayRef({2, 17}));
  EXPECT_EQ(out.codes.scalar_type(), at::kLong);
  EXPECT_EQ(out.encoded.sizes(), at::IntArrayRef({2, 8, 17}));
  EXPECT_EQ(vqvae->encode(spectrogram).sizes(), at::IntArrayRef({2, 17}));
  EXPECT_EQ(vqvae->decode(out.codes).sizes(), at::IntArrayRef({2, 32, 17}));
  EXPECT_EQ(vqvae->forward(random_tensor({1, 32, 1}, 2)).codes.sizes(), at::IntArrayRef({1, 1}));
}

TEST_F(VqVaeTest, ItsDecoderSeesExactlyTheCodes) {
  const at::Tensor spectrogram = random_tensor({2, 32, 20}, 1);
  const VqVaeOutput out = vqvae->forward(spectrogram);
  EXPECT_EQ(largest_difference(vqvae->decode(out.codes), out.reconstruction), 0);
  EXPECT_TRUE(vqvae->encode(spectrogram).equal(out.codes));
}

TEST_F(VqVaeTest, ItsLossesAreMeansOverAllElements) {
  const at::Tensor spectrogram = random_tensor({2, 32, 9}, 1);
  const VqVaeOutput out = vqvae->forward(spectrogram);
  const at::Tensor chosen = vqvae->quantizer->lookup(out.codes).transpose(1, 2);
  const double reconstruction = (spectrogram - out.reconstruction).pow(2).mean().item<double>();
  const double commitment = (out.encoded - chosen).pow(2).mean().item<double>();
  EXPECT_NEAR(out.reconstruction_loss.item<double>(), reconstruction, 1e-6);
  EXPECT_NEAR(out.commitment_loss.item<double>(), commitment, 1e-6);
  EXPECT_NEAR(out.loss.item<double>(), reconstruction + 0.25 * commitment, 1e-6);
}

TEST_F(VqVaeTest, WithoutQuantisingTheDecoderGetsTheEncodersOutput) {
  const at::Tensor spectrogram = random_tensor({1, 32, 12}, 1);
  const VqVaeOutput out = vqvae->forward(spectrogram, false);
  EXPECT_FALSE(out.codes.defined());
  EXPECT_EQ(largest_difference(out.reconstruction, vqvae->decoder->forward(out.encoded)), 0);
  EXPECT_EQ(out.commitment_loss.item<double>(), 0);
  EXPECT_EQ(out.loss.item<double>(), out.reconstruction_loss.item<double>());
}

TEST_F(VqVaeTest, AGradientReachesEveryParameter) {
  for (const bool quantise : {true, false}) {
    vqvae->zero_grad();
    vqvae->forward(random_tensor({2, 32, 20}, 1), quantise).loss.backward();
    expect_gradient_everywhere(*vqvae);
    EXPECT_FALSE(vqvae->quantizer->codes.requires_grad());
  }
}

TEST_F(VqVaeTest, TheGradientPassesStraightThroughTheCodes) {
  at::Tensor encoded = random_tensor({1, 8, 5}, 1).set_requires_grad(true);
  const at::Tensor quantised = random_tensor({1, 8, 5}, 2);
  const at::Tensor weight = random_tensor({1, 8, 5}, 3);
  const at::Tensor through = straight_through(encoded, quantised);
  EXPECT_TRUE(through.equal(quantised));
  (through * weight).sum().backward();
  EXPECT_TRUE(encoded.grad().equal(weight));
}

TEST_F(VqVaeTest, AnMbrBlockKeepsItsBandsApart) {
  ResidualBlock block(ResidualBlockConfig{.channels = 16, .bands = 4});
  block->initialise(at::make_generator<at::CPUGeneratorImpl>(1));
  const at::Tensor x = random_tensor({1, 16, 9}, 1);
  const at::Tensor before = block->forward(x);
  for (std::int64_t band = 0; band < 4; ++band) {
    at::Tensor changed = x.clone();
    changed.narrow(1, band * 4, 4).add_(random_tensor({1, 4, 9}, 2));
    const at::Tensor moved = (block->forward(changed) - before).abs().amax({0, 2});  // [C]
    for (std::int64_t channel = 0; channel < 16; ++channel) {
      if (channel / 4 == band) {
        EXPECT_GT(moved[channel].item<double>(), 1e-3) << band << " " << channel;
      } else {
        EXPECT_EQ(moved[channel].item<double>(), 0) << band << " " << channel;
      }
    }
  }
}

TEST_F(VqVaeTest, AnMbrBlockIsItsBandsComputedOneByOne) {
  ResidualBlock block(ResidualBlockConfig{.channels = 8, .bands = 2});
  block->initialise(at::make_generator<at::CPUGeneratorImpl>(1));
  const auto weights = block->named_parameters();
  const at::Tensor x = random_tensor({2, 8, 11}, 1);
  std::vector<at::Tensor> bands;
  for (std::int64_t band = 0; band < 2; ++band) {
    const auto part = [&](const char* name) { return weights[name].narrow(0, band * 4, 4); };
    const at::Tensor in = x.narrow(1, band * 4, 4);
    at::Tensor y = at::conv1d(in, part("conv1.weight"), part("conv1.bias"), 1, 1).relu();
    bands.push_back(at::conv1d(y, part("conv2.weight"), part("conv2.bias"), 1, 1) + in);
  }
  EXPECT_LT(largest_difference(block->forward(x), at::cat(bands, 1)), 1e-6);
}

TEST_F(VqVaeTest, ItsMarginIsExactlyItsReceptiveField) {
  EXPECT_EQ(vqvae->margin(), 10);
  EXPECT_EQ(VqVae(config::VqVaeConfig{}, 1024)->margin(), 14);  // the paper's shape
  // In double, where convolutions are direct: fast ones leave rounding errors beyond the margin.
  vqvae->to(at::kDouble);
  at::Tensor spectrogram = random_tensor({1, 32, 41}, 1).to(at::kDouble).set_requires_grad(true);
  vqvae->encoder->forward(spectrogram).select(2, 20).sum().backward();
  const at::Tensor reach = spectrogram.grad().abs().amax({0, 1});  // [T]
  for (std::int64_t t = 0; t < 41; ++t) {
    EXPECT_EQ(reach[t].item<double>() > 0, std::abs(t - 20) <= vqvae->margin()) << t;
  }
  at::Tensor quantised = random_tensor({1, 8, 41}, 2).to(at::kDouble).set_requires_grad(true);
  vqvae->decoder->forward(quantised).select(2, 20).sum().backward();
  const at::Tensor decoder_reach = quantised.grad().abs().amax({0, 1});
  for (std::int64_t t = 0; t < 41; ++t) {
    EXPECT_EQ(decoder_reach[t].item<double>() > 0, std::abs(t - 20) <= vqvae->margin()) << t;
  }
}

TEST_F(VqVaeTest, ChunksGiveWhatTheWholeGives) {
  const at::Tensor spectrogram = random_tensor({2, 32, 103}, 1);
  const at::Tensor codes = vqvae->encode(spectrogram);
  const at::Tensor whole = vqvae->decode(codes);
  for (const std::int64_t chunk : {1, 7, 50, 102, 103, 500}) {
    EXPECT_TRUE(vqvae->encode_long(spectrogram, chunk).equal(codes)) << chunk;
    for (std::int64_t first = 0; first < 103; first += chunk) {
      const std::int64_t frames = std::min(chunk, 103 - first);
      EXPECT_LT(largest_difference(vqvae->decode_part(codes, first, frames),
                                   whole.narrow(2, first, frames)),
                1e-5)
          << frames << " from " << first;
    }
  }
}

TEST_F(VqVaeTest, ASmallerMarginWouldShowAtTheJoins) {
  enlarge(*vqvae, 1);
  const at::Tensor codes = random_ints({1, 60}, 24, 1);
  const at::Tensor whole = vqvae->decode(codes);
  const auto error = [&](std::int64_t margin) {  // of frame 30, decoded with this margin
    const at::Tensor cut = vqvae->decode(codes.narrow(1, 30 - margin, 2 * margin + 1));
    return largest_difference(cut.select(2, margin), whole.select(2, 30)) /
           whole.abs().max().item<double>();
  };
  EXPECT_LT(error(vqvae->margin()), 1e-6);
  EXPECT_GT(error(vqvae->margin() - 1), 1e-5);
}

TEST_F(VqVaeTest, WrongInputGetsASentence) {
  EXPECT_NE(input_error([&] {
              vqvae->forward(random_tensor({2, 31, 5}, 1));
            }).find("expected a spectrogram [B, 32, T], got [2, 31, 5]"),
            std::string::npos);
  EXPECT_NE(input_error([&] {
              vqvae->encode(random_tensor({32, 5}, 1));
            }).find("got [32, 5]"),
            std::string::npos);
  EXPECT_NE(input_error([&] {
              vqvae->decode(at::full({1, 4}, 24, at::kLong));
            }).find("codes from 0 to 23, got some from 24"),
            std::string::npos);
  input_error([&] { vqvae->decode(random_tensor({1, 4}, 1)); });
  input_error([&] { vqvae->encode_long(random_tensor({1, 32, 5}, 1), 0); });
  input_error([&] { ResidualBlock(ResidualBlockConfig{.channels = 10, .bands = 4}); });
}

}  // namespace
}  // namespace minet::models
