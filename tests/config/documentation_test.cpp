// docs/configuration.md matches the code, and explanations never attribute a changed value to the
// paper.
#include <cstdlib>

#include "config/support.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"

namespace minet::config {
namespace {

TEST(Documentation, OfTheRepositoryIsUpToDate) {
  const auto path = source_folder() / "docs/configuration.md";
  if (std::getenv("MINET_WRITE_DOCS") != nullptr) save_file(path, documentation_markdown());
  const std::string committed = std::filesystem::exists(path) ? read_file(path, 1 << 20) : "";
  EXPECT_TRUE(committed == documentation_markdown())
      << path << " does not match the code; update it with\n  MINET_WRITE_DOCS=1 "
      << std::filesystem::read_symlink("/proc/self/exe").string()
      << " --gtest_filter='Documentation.*'";
}

TEST(Documentation, HasEveryKeyWithDefaultRangeAndOrigin) {
  const std::string page = documentation_markdown();
  for (const char* line :
       {"\n## vqvae\n", "\n| `channels` | `512` | integer in [1, 16384] | paper | ",
        "\n| `bands` | `[16, 8, 4, 2]` | list of 1 to 16 integers in [1, 1024] | inferred | ",
        "\n| `alignment` | `cross_attention` | cross_attention, added or both | paper | ",
        "\n| `dropout` | `0.1` | number in [0, 1) | inferred | ",
        "\n| `seed` | `1` | integer in [0, 2^64) | ours | ",
        "\n| `enabled` | `true` | true or false | paper | ",
        "\n- `spectrogram.bins` is half of `spectrogram.n_fft`\n"}) {
    EXPECT_NE(page.find(line), std::string::npos) << line;
  }
}

TEST(Explanation, ShowsValuesAndWhereTheyComeFrom) {
  TrainConfig config;
  config.vqvae.channels = 128;
  config.vqvae.beta = 0.5;
  const std::string table = explain(config);
  const auto line_of = [&](const std::string& key) {
    const auto start = table.find("\n" + key + " ") + 1;
    return table.substr(start, table.find('\n', start) - start);
  };
  EXPECT_NE(line_of("vqvae.channels").find(" 128 "), std::string::npos);
  EXPECT_NE(line_of("vqvae.channels").find("changed (paper: 512)"), std::string::npos);
  EXPECT_NE(line_of("vqvae.beta").find("changed (ours: 0.25)"), std::string::npos);
  EXPECT_NE(line_of("vqvae.codes").find(" paper "), std::string::npos);
  EXPECT_NE(line_of("vqvae.bands").find(" inferred "), std::string::npos);
  EXPECT_EQ(table.find("changed (paper"), table.rfind("changed (paper"));
  for (const char* ours : {"centred and scaled", "ReLU after the stems", "means in the loss",
                           "norm first", "rotary positions", "projected cross-attention"}) {
    EXPECT_NE(table.find(text(ours, " (ours): ")), std::string::npos) << ours;
  }
}

}  // namespace
}  // namespace minet::config
