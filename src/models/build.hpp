// A model without initial weights: for loading, which would overwrite them.
#pragma once

#include "minet/models/model.hpp"

namespace minet::models {

Model build_model(const config::TrainConfig& config);

}  // namespace minet::models
