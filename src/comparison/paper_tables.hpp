// The tables, one per file: which measurement goes where.
#pragma once

#include "comparison/measuring.hpp"
#include "comparison/paper_table.hpp"

namespace minet::comparison {

PaperTable ndb_table(Measuring& measuring);             // 1
PaperTable knn_table(Measuring& measuring);             // 2
PaperTable listening_table(Measuring& measuring);       // 3; InputError: no listening test's score
PaperTable reconstruction_table(Measuring& measuring);  // 4
PaperTable nll_table(Measuring& measuring);             // 5
PaperTable stages_table(Measuring& measuring);          // A: minet's own, not in the paper

}  // namespace minet::comparison
