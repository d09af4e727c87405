// The listing visitor, and the texts made from its rows alone: YAML and differences.
#include "config/listing.hpp"

#include "config/fields.hpp"
#include "config/values.hpp"
#include "minet/config/config.hpp"
#include "minet/core/text.hpp"

namespace minet::config {
namespace {

class Lister {
 public:
  template <class Value, class Check>
  void field(const char* key, const Value& value, const Check& check, Origin origin,
             const char* doc) {
    listing_.rows.push_back({listing_.sections.back().name, key, value_text(value),
                             legal_text(value, check), origin, doc});
  }

  template <class Section>
  void section(const char* key, const Section& values, const char* doc) {
    listing_.sections.push_back({key, doc});
    fields(*this, values);
  }

  Listing take() { return std::move(listing_); }

 private:
  Listing listing_;
};

}  // namespace

Listing list(const TrainConfig& config) {
  Lister lister;
  fields(lister, config);
  return lister.take();
}

const char* origin_text(Origin origin) {
  switch (origin) {
    case Origin::paper:
      return "paper";
    case Origin::inferred:
      return "inferred";
    case Origin::ours:
      return "ours";
  }
  return "?";
}

std::string to_yaml(const TrainConfig& config) {
  std::string yaml = "# Every key of a minet configuration; loadable as it is.\n";
  std::string section;
  for (const Row& row : list(config).rows) {
    if (row.section != section) {
      section = row.section;
      yaml += text("\n", section, ":\n");
    }
    yaml += text("  ", row.key, ": ", row.value, "\n");
  }
  return yaml;
}

std::vector<std::string> differences(const TrainConfig& config, const TrainConfig& other) {
  const auto rows = list(config).rows;
  const auto other_rows = list(other).rows;
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].value == other_rows[i].value) continue;
    lines.push_back(text(rows[i].path(), ": ", rows[i].value, ", not ", other_rows[i].value));
  }
  return lines;
}

}  // namespace minet::config
