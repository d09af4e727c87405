// A configuration as rows, one per key, from which dump, differences and documentation are made.
#pragma once

#include <string>
#include <vector>

#include "config/checks.hpp"
#include "minet/config/train_config.hpp"

namespace minet::config {

struct Row {
  std::string section;
  std::string key;  // without the section
  std::string value;
  std::string legal;
  Origin origin;
  std::string doc;

  std::string path() const { return section + "." + key; }
};

struct SectionText {
  std::string name;
  std::string doc;
};

struct Listing {
  std::vector<SectionText> sections;
  std::vector<Row> rows;  // grouped by section
};

Listing list(const TrainConfig& config);

const char* origin_text(Origin origin);

}  // namespace minet::config
