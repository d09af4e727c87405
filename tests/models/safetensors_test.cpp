// safetensors files: round trips, a file written by Python, hostile files, damage.
#include "minet/models/safetensors.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "minet/core/random.hpp"
#include "models/support.hpp"
#include "support/source_folder.hpp"
#include "support/temp_folder.hpp"

namespace minet::models {
namespace {

namespace fs = std::filesystem;

class SafetensorsTest : public ::testing::Test {
 protected:
  fs::path put(const std::string& bytes) const {
    const fs::path path = folder / "file.safetensors";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  static std::string bytes_of(const fs::path& path) { return read_file(path, 1u << 20); }
  // Length, header, data.
  static std::string file(const std::string& header, std::size_t data) {
    std::string bytes(8, '\0');
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(header.size() >> (8 * i) & 0xff);
    return bytes + header + std::string(data, '\0');
  }
  TempFolder temporary;
  fs::path folder = temporary.path();
};

TensorFile example() {
  TensorFile file;
  file.tensors = {{"z.weight", random_tensor({3, 4}, 1)},
                  {"a.bias", random_tensor({5}, 2)},
                  {"flag", at::ones({}, at::kBool)},
                  {"bytes", at::arange(3, at::kByte)},
                  {"step", at::full({1}, 12345678901LL, at::kLong)},
                  {"half", random_tensor({2, 2}, 3).to(at::kHalf)},
                  {"nothing", at::zeros({0, 7})},
                  {"view", random_tensor({4, 6}, 4).t()}};
  file.metadata = {{"config", "a: 1\nb: \"two\"\n"}, {"\xc3\xa9", "\xe2\x99\xab"}};
  return file;
}

void expect_equal(const TensorFile& a, const TensorFile& b) {
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) {
    ASSERT_TRUE(b.tensors.contains(name)) << name;
    EXPECT_EQ(tensor.scalar_type(), b.tensors.at(name).scalar_type()) << name;
    EXPECT_TRUE(tensor.equal(b.tensors.at(name))) << name;
  }
}

TEST_F(SafetensorsTest, WhatIsSavedIsReadAgain) {
  const TensorFile saved = example();
  save_safetensors(folder / "x.safetensors", saved);
  const TensorFile read = read_safetensors(folder / "x.safetensors");
  expect_equal(saved, read);
  EXPECT_EQ(read.metadata.at("config"), saved.metadata.at("config"));
  EXPECT_EQ(read.metadata.at("\xc3\xa9"), saved.metadata.at("\xc3\xa9"));
  EXPECT_EQ(read.metadata.at("sha256").size(), 64u);
}

TEST_F(SafetensorsTest, TheSameTensorsGiveTheSameBytesAlignedForOtherReaders) {
  save_safetensors(folder / "x.safetensors", example());
  TensorFile again = read_safetensors(folder / "x.safetensors");
  save_safetensors(folder / "y.safetensors", again);
  EXPECT_EQ(bytes_of(folder / "x.safetensors"), bytes_of(folder / "y.safetensors"));
  const TensorHeader header = read_safetensors_header(folder / "x.safetensors");
  EXPECT_EQ(header.data_start % 8, 0u);
  for (const TensorEntry& entry : header.entries) {
    EXPECT_EQ(entry.begin % c10::elementSize(entry.dtype), 0u) << entry.name;
  }
}

TEST_F(SafetensorsTest, AnEmptyFileOfTensorsIsFine) {
  save_safetensors(folder / "x.safetensors", {});
  EXPECT_TRUE(read_safetensors(folder / "x.safetensors").tensors.empty());
  EXPECT_TRUE(read_safetensors(put(file("{}", 0))).tensors.empty());
  EXPECT_TRUE(read_safetensors(put(file("{}      ", 0))).tensors.empty());
}

TEST_F(SafetensorsTest, AFileThatPythonWroteIsRead) {
  const TensorFile read =
      read_safetensors(minet::source_folder() / "tests/models/golden_python.safetensors");
  const at::Tensor counts = at::arange(6).view({2, 3});
  EXPECT_EQ(read.tensors.size(), 10u);
  EXPECT_TRUE(read.tensors.at("a.float32").equal(counts.to(at::kFloat) / 4));
  EXPECT_TRUE(read.tensors.at("a.float64").equal(counts.to(at::kDouble) / 8));
  EXPECT_TRUE(read.tensors.at("b.float16").equal(counts.to(at::kHalf) / 2));
  EXPECT_TRUE(read.tensors.at("b.bfloat16").equal(counts.to(at::kBFloat16) * 2));
  EXPECT_TRUE(read.tensors.at("c.int64").equal(counts - 3));
  EXPECT_TRUE(read.tensors.at("c.int32").equal((counts - 4).to(at::kInt)));
  EXPECT_TRUE(read.tensors.at("d.uint8").equal((counts + 250).to(at::kByte)));
  EXPECT_TRUE(read.tensors.at("d.bool").equal(counts.remainder(2).eq(1)));
  EXPECT_EQ(read.tensors.at("scalar").dim(), 0);
  EXPECT_EQ(read.tensors.at("scalar").item<float>(), 2.5f);
  EXPECT_EQ(read.tensors.at("empty").sizes(), at::IntArrayRef({0, 4}));
  EXPECT_EQ(read.metadata.at("greeting"),
            "Gr\xc3\xbc\xc3\x9f"
            "e \xe2\x99\xab \"quoted\"\n");
}

struct Hostile {
  const char* what;
  std::string bytes;
  const char* says;
};

TEST_F(SafetensorsTest, EachHostileFileIsOneInputError) {
  const std::string f4 = R"("dtype":"F32","shape":[1],"data_offsets":[0,4])";
  const auto one = [&](const std::string& body) { return "{\"t\":{" + body + "}}"; };
  std::string huge_length = file("{}", 0);
  huge_length[7] = '\x7f';
  std::string deep = "{\"t\":";
  for (int i = 0; i < 100000; ++i) deep += "[";
  const std::vector<Hostile> cases = {
      {"empty", "", "got 0 bytes"},
      {"seven bytes", "1234567", "got 7 bytes"},
      {"length beyond the file", file("{}", 0).substr(0, 9), "not a safetensors file"},
      {"length near 2^63", huge_length, "not a safetensors file"},
      {"length just over 16 MiB", file(std::string((16u << 20) + 1, ' '), 0), "at most 16777216"},
      {"zip", "PK\x03\x04 and the rest of a .pt file", "convert it"},
      {"pickle", std::string("\x80\x02}q\x00.", 6) + "    ", "convert it"},
      {"not an object", file("[1,2,3]", 0), "does not start with '{'"},
      {"space before", file(" {}", 0), "does not start with '{'"},
      {"cut JSON", file(R"({"t":{"dtype":"F32")", 0), "not valid JSON"},
      {"text after the JSON", file("{}x", 0), "not valid JSON"},
      {"zero bytes after the JSON", file(std::string("{}\0\0", 4), 0), "not valid JSON"},
      {"bad UTF-8", file("{\"\xff\xfe\":{" + f4 + "}}", 4), "not valid JSON"},
      {"a comment", file("{/*x*/}", 0), "not valid JSON"},
      {"same tensor twice", file("{\"t\":{" + f4 + "},\"t\":{" + f4 + "}}", 4), "appears twice"},
      {"same key twice", file(one(R"("dtype":"F32",)" + f4), 4), "appears twice"},
      {"same metadata twice", file(R"({"__metadata__":{"a":"1","a":"2"}})", 0), "appears twice"},
      {"metadata number", file(R"({"__metadata__":{"a":1}})", 0), "must be a text"},
      {"metadata object", file(R"({"__metadata__":{"a":{}}})", 0), "must be a text"},
      {"metadata null", file(R"({"__metadata__":null})", 0), "must be an object"},
      {"tensor text", file(R"({"t":"F32"})", 0), "must be an object"},
      {"unknown key", file(one(f4 + R"(,"more":1)"), 4), "unknown key 'more'"},
      {"no offsets", file(one(R"("dtype":"F32","shape":[1])"), 4), "lacks"},
      {"nested shape", file(one(R"("dtype":"F32","shape":[[1]],"data_offsets":[0,4])"), 4), "list"},
      {"deep nesting", file(deep, 0), "list"},
      {"negative dimension", file(one(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])"), 4),
       "negative"},
      {"fraction", file(one(R"("dtype":"F32","shape":[1.0],"data_offsets":[0,4])"), 4), "fraction"},
      {"number beyond 64 bits",
       file(one(R"("dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4])"), 4),
       "too large"},
      {"dimension beyond int64",
       file(one(R"("dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4])"), 4),
       "too large"},
      {"product overflows to a fit",
       file(one(R"("dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0])"), 0),
       "not what its shape"},
      {"overflow hidden by a zero",
       file(
           one(R"("dtype":"F32","shape":[4294967296,4294967296,4294967296,0],"data_offsets":[0,0])"),
           0),
       "not what its shape"},
      {"nine dimensions",
       file(one(R"("dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4])"), 4),
       "more than 8"},
      {"unknown dtype", file(one(R"("dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4])"), 4),
       "has dtype 'F8_E4M3'"},
      {"dtype number", file(one(R"("dtype":4,"shape":[1],"data_offsets":[0,4])"), 4), "a number"},
      {"one offset", file(one(R"("dtype":"F32","shape":[1],"data_offsets":[4])"), 4), "two"},
      {"three offsets", file(one(R"("dtype":"F32","shape":[1],"data_offsets":[0,4,8])"), 4),
       "a number"},
      {"end before begin", file(one(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])"), 4),
       "should start at byte 0"},
      {"offsets beyond the file", file(one(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])"), 4),
       "cut off"},
      {"bytes after the tensors", file(one(f4), 5), "too long"},
      {"a hole before", file(one(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])"), 8),
       "should start at byte 0"},
      {"a hole between",
       file("{\"a\":{" + f4 + R"(},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})", 12),
       "should start at byte 4"},
      {"two tensors on one range", file("{\"a\":{" + f4 + "},\"b\":{" + f4 + "}}", 4),
       "should start at byte 4"},
      {"size does not fit the shape",
       file(one(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])"), 4), "not what its shape"},
      {"a bool of 2", file(one(R"("dtype":"BOOL","shape":[1],"data_offsets":[0,1])"), 0) + "\x02",
       "neither 0 nor 1"},
      {"a wrong hash", file("{\"__metadata__\":{\"sha256\":\"00\"},\"t\":{" + f4 + "}}", 4),
       "SHA-256"},
      {"a long name", file("{\"" + std::string(600, 'n') + "\":{" + f4 + "}}", 4), "512 bytes"},
  };
  for (const Hostile& hostile : cases) {
    const fs::path path = put(hostile.bytes);
    const std::string message = input_error([&] { read_safetensors(path); });
    EXPECT_NE(message.find(hostile.says), std::string::npos) << hostile.what << ": " << message;
    EXPECT_EQ(message.find("file.safetensors") == std::string::npos, false) << hostile.what;
    EXPECT_LT(message.size(), 900u) << hostile.what;
  }
}

TEST_F(SafetensorsTest, NamesFromAFileCannotWriteToTheTerminal) {
  const std::string header = "{\"\\u001b[2Jx\":{\"dtype\":\"F99\"}}";
  const std::string message = input_error([&] { read_safetensors(put(file(header, 0))); });
  EXPECT_EQ(message.find('\x1b'), std::string::npos) << message;
}

TEST_F(SafetensorsTest, WhatIsNotAFileIsRefused) {
  EXPECT_NE(input_error([&] { read_safetensors(folder / "absent"); }).find("no such file"),
            std::string::npos);
  EXPECT_NE(input_error([&] { read_safetensors(folder); }).find("not a file"), std::string::npos);
  EXPECT_NE(input_error([] { read_safetensors("/dev/zero"); }).find("not a file"),
            std::string::npos);
}

TEST_F(SafetensorsTest, EveryFlippedBitIsNoticedOrHarmless) {
  const fs::path path = folder / "x.safetensors";
  const TensorFile saved = example();
  save_safetensors(path, saved);
  const std::string bytes = bytes_of(path);
  const std::uint64_t data = read_safetensors_header(path).data_start;
  Random random(1);
  int noticed = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << random.below(8)));
    try {
      const TensorFile read = read_safetensors(put(damaged));
      ASSERT_LT(i, data) << "a flipped bit in the data was not noticed";
      // In the header only names and metadata texts can change unnoticed; strict loading compares
      // those. The number of tensors is unchanged.
      EXPECT_EQ(read.tensors.size(), saved.tensors.size());
    } catch (const InputError&) {
      ++noticed;
    }
  }
  EXPECT_GT(noticed, static_cast<int>(bytes.size() / 2));
}

TEST_F(SafetensorsTest, EveryCutFileIsNoticed) {
  const fs::path path = folder / "x.safetensors";
  save_safetensors(path, example());
  const std::string bytes = bytes_of(path);
  for (std::size_t size = 0; size < bytes.size(); size += 3) {
    input_error([&] { read_safetensors(put(bytes.substr(0, size))); });
  }
}

TEST_F(SafetensorsTest, SavingKeepsThePreviousFileWhereAsked) {
  const fs::path path = folder / "x.safetensors";
  TensorFile first = example(), second = example();
  second.tensors["a.bias"] = at::zeros({5});
  save_safetensors(path, first);
  save_safetensors(path, second, {.keep_previous = true});
  expect_equal(first, read_safetensors(folder / "x.prev.safetensors"));
  expect_equal(second, read_safetensors(path));
}

TEST_F(SafetensorsTest, WhatCannotBeReadAgainIsNotSaved) {
  const fs::path path = folder / "x.safetensors";
  input_error([&] {
    save_safetensors(path, {.tensors = {{"c", at::zeros({2}, at::kComplexFloat)}}, .metadata = {}});
  });
  input_error([&] {
    save_safetensors(path, {.tensors = {{"\xff", at::zeros({2})}}, .metadata = {}});
  });
  input_error([&] { save_safetensors(path, {.tensors = {{"t", at::Tensor()}}, .metadata = {}}); });
  input_error([&] {
    save_safetensors(path,
                     {.tensors = {{"t", at::zeros({1, 1, 1, 1, 1, 1, 1, 1, 1})}}, .metadata = {}});
  });
  input_error([&] {
    save_safetensors(path, {.tensors = {}, .metadata = {{"m", std::string(17u << 20, 'x')}}});
  });
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace minet::models
