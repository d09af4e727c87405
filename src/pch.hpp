// Precompiled for every LibTorch file of the project: torch.h alone costs 20 s to parse.
#pragma once

#include <torch/torch.h>
