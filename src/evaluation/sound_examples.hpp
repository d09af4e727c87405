// Clips to listen to, as files: ReconstructionOptions::sound.
#pragma once

#include "evaluation/scene.hpp"
#include "minet/core/files.hpp"
#include "minet/evaluation/reconstruction.hpp"

namespace minet::evaluation {

class SoundExamples {
 public:
  // InputError if the folder exists and is not to be replaced.
  explicit SoundExamples(const ReconstructionOptions& options);
  void write(Scene& scene);

 private:
  FolderWriter folder_;
  std::int64_t iterations_;
};

}  // namespace minet::evaluation
