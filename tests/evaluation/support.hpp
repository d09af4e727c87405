// A small model with random weights and a small corpus, for the tests of this room.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "minet/config/train_config.hpp"
#include "minet/core/errors.hpp"
#include "minet/evaluation/evaluation.hpp"
#include "minet/models/model.hpp"
#include "support/input_error.hpp"
#include "support/small_corpus.hpp"
#include "support/temp_folder.hpp"

namespace minet::evaluation {

// Written to golden/ by make_golden.py: an array of float32, and an object of numbers.
at::Tensor golden_array(const std::string& name);
nlohmann::json golden_figures(const std::string& name);

// 64 codes of width 16, 512 bins, 4 s clips of 250 frames.
config::TrainConfig small_config(bool content = true);

// Random weights, a scale fitted to the corpus and a codebook started on its encoder vectors.
models::Model make_model_for(const std::filesystem::path& corpus,
                             const config::TrainConfig& config);
void save_model(const models::Model& model, const std::filesystem::path& folder);

// One corpus and one model for all tests of a suite.
template <class Suite>
class OnSmallCorpus : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    at::set_num_threads(1);
    folder_ = new TempFolder;
    corpus_ = make_corpus(folder_->path(), {});
    save_model(make_model_for(corpus_, small_config()), folder_->path() / "model");
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  static EvalOptions common(std::int64_t clips) {
    return {.model = folder_->path() / "model",
            .corpus = corpus_,
            .clips = clips,
            .device = "cpu",
            .threads = 1};
  }

  static inline TempFolder* folder_ = nullptr;
  static inline std::filesystem::path corpus_;
};

}  // namespace minet::evaluation

#define EXPECT_CONTAINS(whole, part) \
  EXPECT_NE(std::string(whole).find(part), std::string::npos) << "in: " << (whole)
