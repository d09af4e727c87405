// The paper's model, small enough to learn within a test.
#pragma once

#include "minet/config/train_config.hpp"

namespace minet::training {

// The test sets steps and batch sizes.
inline config::TrainConfig small_config() {
  config::TrainConfig config;
  config.spectrogram.n_fft = 64;
  config.spectrogram.bins = 32;
  config.data.clip_seconds = 0.32;  // 20 frames, 8 pose frames
  config.vqvae.channels = 16;
  config.vqvae.bands = {4, 2, 2, 1};
  config.vqvae.codes = 16;
  config.vqvae.code_width = 8;
  config.body = {.hidden = 4, .layers = 2};
  config.prior.heads = 2;
  config.prior.ffn = 32;
  config.prior.dropout = 0;
  config.prior.context = 20;
  config.prior.head = config::PriorHead::tied;
  config.content.heads = 2;
  config.content.ffn = 32;
  return config;
}

// Both baselines, without dropout.
inline void make_baselines_small(config::TrainConfig& config) {
  config.seq2seq = {.hidden = 24, .layers = 1, .dropout = 0};
  config.graph_transformer = {.blocks = {6, 8},
                              .temporal_kernel = 3,
                              .width = 32,
                              .layers = 2,
                              .heads = 2,
                              .ffn = 64,
                              .dropout = 0};
}

}  // namespace minet::training
