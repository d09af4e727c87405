// The instrument of each track, for evaluation only.
//
// The model is never told which instrument it sees, so nothing under training/ or models/ may
// include this file; tests/room_order.py enforces it.
#pragma once

#include <map>
#include <string>

#include "minet/corpus/corpus.hpp"

namespace minet::corpus {

// Track id -> instrument; tracks without a label are left out.
std::map<std::string, std::string> read_instruments(const Corpus& corpus);

}  // namespace minet::corpus
