// The metrics: one function each, from the material to JSON and table. The keys are in
// minet/evaluation/evaluate.hpp.
#pragma once

#include "evaluation/material.hpp"
#include "minet/core/files.hpp"
#include "minet/evaluation/evaluate.hpp"

namespace minet::evaluation {

EvalResult reconstruction(Material& material);
EvalResult prior_nll(Material& material);

// Writes options.sound.
class SoundExamples {
 public:
  explicit SoundExamples(const EvalOptions& options);  // InputError if the folder exists
  void write(Material& material);

 private:
  FolderWriter folder_;
};

}  // namespace minet::evaluation
