// .npy files: round trips, and false headers.
#include "minet/core/npy.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "support/temp_folder.hpp"

using namespace minet;
using minet::slurp;
using minet::spill;
using minet::TempFolder;

namespace {

std::string raw_npy(const std::string& dictionary, const std::string& data, char version = 1) {
  std::string bytes("\x93NUMPY", 6);
  bytes += version;
  bytes += '\0';
  const std::size_t length = dictionary.size();
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) {
    bytes += static_cast<char>((length >> (8 * i)) & 255);
  }
  return bytes + dictionary + data;
}

std::string dictionary(const std::string& descr, const std::string& shape,
                       const std::string& order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

}  // namespace

TEST(Npy, FloatsAndIntsComeBack) {
  TempFolder folder;
  const FloatArray floats{{2, 1, 3},
                          {1, -2.5f, 3e38f, 0, std::numeric_limits<float>::infinity(), 6}};
  save_npy(folder / "f.npy", floats);
  const auto back = read_npy_float(folder / "f.npy");
  EXPECT_EQ(back.shape, floats.shape);
  EXPECT_EQ(back.values, floats.values);
  const IntArray ints{{3}, {1, INT32_MIN, INT32_MAX}};
  save_npy(folder / "i.npy", ints);
  EXPECT_EQ(read_npy_int(folder / "i.npy").values, ints.values);
  for (const auto& shape : {std::vector<std::int64_t>{}, {1}, {1, 1, 1}}) {
    save_npy(folder / "one.npy", FloatArray{shape, {7}});
    EXPECT_EQ(read_npy_float(folder / "one.npy").shape, shape);
  }
  save_npy(folder / "none.npy", FloatArray{{0, 47, 3}, {}});
  EXPECT_EQ(read_npy_float(folder / "none.npy").shape, (std::vector<std::int64_t>{0, 47, 3}));
  EXPECT_THROW(save_npy(folder / "x.npy", FloatArray{{2}, {1}}), WorkError);
}

TEST(Npy, RowsComeAlone) {
  TempFolder folder;
  save_npy(folder / "f.npy", FloatArray{{3, 2}, {1, 2, 3, 4, 5, 6}});
  const FloatArray rows = read_npy_float_rows(folder / "f.npy", 1, 2);
  EXPECT_EQ(rows.shape, (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(rows.values, (std::vector<float>{3, 4, 5, 6}));
  EXPECT_TRUE(read_npy_float_rows(folder / "f.npy", 3, 0).values.empty());
  EXPECT_THROW(read_npy_float_rows(folder / "f.npy", 2, 2), InputError);
  EXPECT_THROW(read_npy_float_rows(folder / "f.npy", -1, 1), InputError);
  EXPECT_THROW(read_npy_float_rows(folder / "f.npy", 0, INT64_MAX), InputError);
  save_npy(folder / "i.npy", IntArray{{3}, {7, 8, 9}});
  EXPECT_EQ(read_npy_float_rows(folder / "i.npy", 2, 1).values, std::vector<float>{9});
}

// numpy.save of numpy.arange(3, dtype='<f4').reshape(1, 3), byte for byte (NumPy 2.4).
TEST(Npy, WritesWhatNumpyWrites) {
  std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
  expected += "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }";
  expected.resize(127, ' ');
  expected += '\n';
  expected += bytes_of<float>({0, 1, 2});
  const std::vector<std::int64_t> shape = {1, 3};
  const std::vector<float> values = {0, 1, 2};
  EXPECT_EQ(npy_bytes(shape, std::span<const float>(values)), expected);
}

TEST(Npy, ConvertsOtherTypes) {
  TempFolder folder;
  const auto path = folder / "a.npy";
  const auto is = [&](const std::string& descr, const std::string& data) {
    spill(path, raw_npy(dictionary(descr, "(2,)"), data));
    EXPECT_TRUE(is_npy(path));
    EXPECT_EQ(read_npy_float(path).values, (std::vector<float>{3, 5})) << descr;
    EXPECT_EQ(read_npy_int(path).values, (std::vector<std::int32_t>{3, 5})) << descr;
  };
  is("<f4", bytes_of<float>({3, 5}));
  is("<f8", bytes_of<double>({3, 5}));
  is("<i4", bytes_of<std::int32_t>({3, 5}));
  is("<i8", bytes_of<std::int64_t>({3, 5}));
  is("|u1", bytes_of<std::uint8_t>({3, 5}));
  const auto refuses = [&](const std::string& descr, const std::string& data) {
    spill(path, raw_npy(dictionary(descr, "(1,)"), data));
    EXPECT_THROW(read_npy_int(path), InputError) << descr;
  };
  refuses("<f4", bytes_of<float>({1.5f}));
  refuses("<f4", bytes_of<float>({2147483648.f}));
  refuses("<f8", bytes_of<double>({std::numeric_limits<double>::quiet_NaN()}));
  refuses("<i8", bytes_of<std::int64_t>({1LL << 31}));
  refuses("<i8", bytes_of<std::int64_t>({INT64_MIN}));
  spill(path, raw_npy(dictionary("<f8", "(1,)"), bytes_of<double>({1e300})));
  EXPECT_THROW(read_npy_float(path), InputError);
}

TEST(Npy, ReadsHeadersOfOtherWriters) {
  TempFolder folder;
  const auto path = folder / "a.npy";
  const std::string data = bytes_of<float>({1, 2, 3, 4, 5, 6});
  for (const auto& header :
       {std::string("{\"shape\":(2,3),\"descr\":\"<f4\",\"fortran_order\":False}"),
        std::string("{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }   \n"),
        std::string(" { 'shape' : ( 2 , 3 , ) , 'fortran_order' : False , 'descr' : '<f4' } ")}) {
    for (const char version : {1, 2, 3}) {
      spill(path, raw_npy(header, data, version));
      EXPECT_EQ(read_npy_float(path).shape, (std::vector<std::int64_t>{2, 3})) << header;
    }
  }
}

TEST(Npy, HostileHeadersAreInputErrors) {
  TempFolder folder;
  const auto path = folder / "a.npy";
  const std::string data = bytes_of<float>({1, 2, 3, 4});
  const std::string good = raw_npy(dictionary("<f4", "(4,)"), data);
  spill(path, good);
  EXPECT_EQ(read_npy_float(path).values.size(), 4u);
  const auto refuses = [&](const std::string& bytes) {
    spill(path, bytes);
    EXPECT_THROW(read_npy_float(path), InputError) << bytes.substr(0, 120);
    EXPECT_THROW(read_npy_int(path), InputError);
  };
  for (const char* shape :
       {"(5,)", "(3,)", "(-4,)", "(4", "4", "()", "(4294967296, 4294967296)",
        "(18446744073709551615,)", "(9223372036854775807, 2)", "(4.0,)", "(1,1,1,1,1,1,1,1,4)",
        "(2,,2)", "(a,)", "[4]", "(4611686018427387904, 4)", "(0x4,)", "(4,) junk"})
    refuses(raw_npy(dictionary("<f4", shape), data));
  for (const char* descr : {">f4", "<f2", "|O", "<U4", "f4", "", "<c8", "<f4<f4", "<f16"})
    refuses(raw_npy(dictionary(descr, "(4,)"), data));
  refuses(raw_npy(dictionary("<f4", "(4,)", "True"), data));
  refuses(raw_npy(dictionary("<f4", "(4,)", "Maybe"), data));
  refuses(raw_npy("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (4,), }", data));
  refuses(raw_npy("{'descr': '<f4', 'shape': (4,), }", data));
  refuses(raw_npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (4,)}", data));
  refuses(raw_npy(dictionary("<f4", "(4,)") + "x", data));
  refuses(raw_npy("", data));
  refuses(raw_npy(std::string(1000, '{'), data));
  refuses(raw_npy(dictionary("<f4", "(4,)") + std::string(70000, ' '), data, 2));
  refuses(raw_npy(dictionary("<f4", "(4,)"), data, 4));
  refuses(raw_npy(dictionary("<f4", "(4,)"), data, 0));
  refuses("");
  refuses(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12));
  for (std::size_t size = 0; size < good.size(); ++size) refuses(good.substr(0, size));
  refuses(good + "x");
  EXPECT_THROW(read_npy_float(folder / "missing.npy"), InputError);
  EXPECT_THROW(read_npy_float(folder.path()), InputError);
  EXPECT_FALSE(is_npy(folder / "missing.npy"));
  EXPECT_FALSE(is_npy(folder.path()));
}

TEST(Npy, FlippedBytesNeverCrash) {
  TempFolder folder;
  const auto path = folder / "a.npy";
  const std::string good = raw_npy(dictionary("<f4", "(2, 2)"), bytes_of<float>({1, 2, 3, 4}));
  Random random(2);
  int read = 0;
  for (int round = 0; round < 500; ++round) {
    std::string bytes = good;
    for (std::uint64_t i = 0; i <= random.below(3); ++i) {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    spill(path, bytes);
    try {
      read += read_npy_float(path).values.size() == 4;
    } catch (const InputError&) {
    }
  }
  EXPECT_GT(read, 0);
  EXPECT_LT(read, 500);
}
