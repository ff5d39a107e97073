#include <gtest/gtest.h>

#include <set>

#include "base/ascii_case.h"
#include "base/bytes.h"
#include "base/geometry.h"
#include "base/half_float.h"
#include "base/ids.h"
#include "base/quick_checksum.h"
#include "base/random.h"
#include "base/result.h"
#include "base/sha256.h"
#include "base/tensor.h"

namespace mien {
namespace {

TEST(AsciiCase, ChangesAToZAndNothingElse) {
  EXPECT_EQ(ascii_lower_case(".JPG-@[`{09_Zz"), ".jpg-@[`{09_zz");
  EXPECT_EQ(ascii_lower_case("\xc3\x84\xe9 A"), "\xc3\x84\xe9 a");
  EXPECT_EQ(ascii_lower_case(""), "");
}

TEST(Bytes, HoldNumbersAndNoneWhereThereAreTooFew) {
  EXPECT_EQ(numbers_of_bytes<std::uint32_t>({"\1\0\0\0\0\2\0\0\3", 9}),
            (std::vector<std::uint32_t>{1, 512}));
  EXPECT_TRUE(numbers_of_bytes<float>("abc").empty());
  EXPECT_TRUE(numbers_of_bytes<double>({}).empty());
}

TEST(HalfFloat, KeepsEveryHalfAndRoundsToTheNearestEvenOne) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = half_to_float(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(half_to_float(float_to_half(value))));
    } else {
      ASSERT_EQ(float_to_half(value), half);
    }
  }
  EXPECT_EQ(half_to_float(float_to_half(2049)), 2048);  // halfway: the even one
  EXPECT_EQ(half_to_float(float_to_half(2051)), 2052);
  EXPECT_EQ(half_to_float(float_to_half(65519)), 65504);
  EXPECT_EQ(half_to_float(float_to_half(-65520)), -INFINITY);
  EXPECT_EQ(float_to_half(1e-9F), 0);
}

Result<int> half(int value) {
  if (value % 2 != 0) return Error{ErrorCode::kUsage, "odd"};
  return value / 2;
}

Result<int> quarter(int value) {
  MIEN_TRY(once, half(value));
  MIEN_TRY(twice, half(once));
  return twice;
}

TEST(ResultTest, CarriesValuesAndErrorsThroughCalls) {
  EXPECT_EQ(*quarter(12), 3);
  ASSERT_FALSE(quarter(6).ok());
  EXPECT_EQ(quarter(6).error().code, ErrorCode::kUsage);
  EXPECT_EQ((Error{ErrorCode::kIo, "disk"}).with_context("a.mp4").message, "a.mp4: disk");
}

TEST(Sha256Test, KnowsTheStandardsAnswers) {  // FIPS 180-4 examples
  EXPECT_EQ(sha256_of_bytes("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of_bytes(""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of_file("/nowhere/at/all").error().code, ErrorCode::kNotFound);
}

TEST(QuickChecksumTest, KnowsTheAnswerOfItsAuthorsAndSeesEveryChange) {
  // McGrew and Viega 2004, "The Galois/Counter Mode of Operation", test case 1: nothing, zeros
  EXPECT_EQ(QuickChecksum().finish(),
            "\x58\xe2\xfc\xce\xfa\x7e\x30\x61\x36\x7f\x1d\x57\xa4\xe7\x45\x5a");
  const auto of = [](std::string_view first, std::string_view second) {
    QuickChecksum checksum;
    checksum.add(first);
    checksum.add(second);
    return checksum.finish();
  };
  EXPECT_EQ(of("one and", " two"), of("one and two", ""));
  EXPECT_NE(of("one and", " two"), of("one and", " twp"));
  EXPECT_NE(of("one", ""), of("one", std::string_view("\0", 1)));
}

TEST(RandomTest, IsTheSameEverywhereAndForksApart) {
  Random random(1234567);
  EXPECT_EQ(random.next_u64(), 6457827717110365317ULL);  // SplitMix64 reference sequence
  EXPECT_EQ(random.next_u64(), 3203168211198807973ULL);
  std::set<std::uint64_t> firsts;
  for (std::uint64_t i = 0; i < 1000; ++i) firsts.insert(Random(7).fork(i).next_u64());
  EXPECT_EQ(firsts.size(), 1000U);
}

TEST(RandomTest, DrawsHaveTheRightMoments) {
  Random random(3);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 100000; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
    ASSERT_LT(random.below(7), 7U);
  }
  EXPECT_NEAR(sum / 100000, 0.0, 0.02);
  EXPECT_NEAR(squares / 100000, 1.0, 0.02);
}

TEST(GeometryTest, OverlapIsShareOfUnion) {
  EXPECT_FLOAT_EQ(intersection_over_union({0, 0, 10, 10}, {5, 0, 10, 10}), 50.0F / 150.0F);
  EXPECT_FLOAT_EQ(intersection_over_union({0, 0, 10, 10}, {20, 0, 10, 10}), 0.0F);
}

TEST(TensorTest, ShapesAreReadable) {
  EXPECT_EQ(shape_to_string(Tensor::zeros({1, 2, 3}).shape), "1x2x3");
  EXPECT_EQ(Tensor::zeros({1, 2, 3}).data.size(), 6U);
}

}  // namespace
}  // namespace mien
