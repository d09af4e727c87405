// Shared by the config tests: error messages, and a folder of small files.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "support/source_folder.hpp"
#include "support/temp_folder.hpp"

namespace minet::config {

inline std::filesystem::path source_folder() {
  return minet::source_folder();
}

// The message of the InputError that `call` throws; "no error" if it throws none.
template <class Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

inline std::string error_of_yaml(std::string_view yaml,
                                 const std::vector<std::string>& overrides = {}) {
  return error_of([&] { parse_train_config(yaml, "t.yaml", overrides); });
}

inline std::string error_of_file(const std::filesystem::path& path) {
  return error_of([&] { load_train_config(path); });
}

// A temporary folder for each test.
class FolderTest : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, std::string_view content) const {
    const auto path = folder / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  TempFolder temporary;
  std::filesystem::path folder = temporary.path();
};

}  // namespace minet::config
