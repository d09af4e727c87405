// A model saved by C++ loads in the PyTorch mirror with strict names, and both compute the same.
// Needs a Python with tests/reference/requirements.txt, named by MINET_REFERENCE_PYTHON.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "minet/core/process.hpp"
#include "minet/models/model.hpp"
#include "reference/golden.hpp"
#include "support/source_folder.hpp"
#include "support/temp_folder.hpp"

namespace minet::models {
namespace {

class ModelsParityPython : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* python = std::getenv("MINET_REFERENCE_PYTHON");
    if (python == nullptr || *python == '\0') {
      GTEST_SKIP()
          << "MINET_REFERENCE_PYTHON names no Python with tests/reference/requirements.txt";
    }
    python_ = python;
  }
  ProcessResult check(const std::string& model, const std::string& of_case) const {
    const std::filesystem::path script =
        minet::source_folder() / "tests" / "reference" / "check_model.py";
    return run_process({python_, script.string(), (folder_ / model).string(), "--against",
                        (folder_ / of_case).string()});
  }
  std::string python_;
  TempFolder folder_;
};

TEST_F(ModelsParityPython, ASavedModelLoadsInTheMirrorAndComputesTheSame) {
  const reference::Golden golden("prior");
  for (const std::string name : {"bare", "tied", "both"}) {
    SCOPED_TRACE(name);
    const config::TrainConfig config = golden.config(name);
    Model model = make_model(config, 7);
    model.vqvae->quantizer->set_started(true);
    model.prior_trained = true;
    model.eval();
    const at::NoGradGuard no_grad;
    for (const auto& [tensor_name, tensor] : model_tensors(model)) {
      if (!at::isFloatingType(tensor.scalar_type())) continue;
      at::Tensor target = tensor;
      target.add_(at::randn_like(target), 0.1);  // away from zero biases and small initial weights
    }
    const std::int64_t steps = config.clip_frames();
    TensorFile of_case;
    auto& tensors = of_case.tensors;
    tensors["spectrogram"] = at::randn({2, config.spectrogram.bins, steps});
    tensors["codes"] = model.vqvae->encode(tensors["spectrogram"]);
    tensors["decoded"] = model.vqvae->decode(tensors["codes"]);
    tensors["pose"] = at::randn({2, config.clip_pose_frames(), 94});
    const at::Tensor body = model.body->forward(tensors["pose"]);
    ContentInput content;
    if (config.content.enabled) {
      tensors["notes"] = at::randint(129, {2, steps}, at::kLong);
      tensors["present"] = at::tensor({1.0f, 0.0f});
      content.memory = model.content->forward(tensors["notes"], body);
      content.present = tensors["present"];
    }
    tensors["logits"] = model.prior->forward(tensors["codes"], body, content);
    save_safetensors(folder_ / "model.safetensors", model_state(model));
    save_safetensors(folder_ / "case.safetensors", of_case);
    const ProcessResult result = check("model.safetensors", "case.safetensors");
    EXPECT_EQ(result.exit_code, 0) << result.output << result.error_output;
    for (const std::string what : {"share of codes that differ", "decoded", "logits"}) {
      EXPECT_NE(result.output.find(what), std::string::npos) << what << " was not compared";
    }

    // And the check can fail: logits that are 1 % off are reported.
    tensors["logits"] = tensors["logits"] * 1.01;
    save_safetensors(folder_ / "case.safetensors", of_case);
    EXPECT_EQ(check("model.safetensors", "case.safetensors").exit_code, 1);
  }
}

TEST_F(ModelsParityPython, TheMirrorRefusesAFileWithAnotherName) {
  Model model = make_model(reference::Golden("prior").config("both"), 7);
  TensorFile file = model_state(model);
  auto moved = file.tensors.extract("prior.norm_out.weight");
  ASSERT_FALSE(moved.empty());
  moved.key() = "prior.norm_final.weight";
  file.tensors.insert(std::move(moved));
  save_safetensors(folder_ / "model.safetensors", file);
  const ProcessResult result = check("model.safetensors", "model.safetensors");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.error_output.find("norm_final"), std::string::npos) << result.error_output;
}

}  // namespace
}  // namespace minet::models
