// TensorFlow Lite's operators against plain loops, and what is refused.
#include "model/import/tflite_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/import/tflite_file_fixture.h"

namespace mien {
namespace {

using testing::Activation;
using testing::BuiltinOperator;
using ::testing::HasSubstr;
using testing::kPictureSide;
using testing::TensorType;
using testing::TfliteFile;

std::vector<float> waves(std::size_t count, float scale) {
  std::vector<float> values;
  // Numbers that half precision holds exactly.
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(std::round(std::sin(static_cast<float>(i * 5 + 2)) * 64) / 64 * scale);
  return values;
}

float pixel(int y, int x, int channel) {
  static const std::vector<float> picture = testing::tflite_picture();
  if (y < 0 || x < 0 || y >= kPictureSide || x >= kPictureSide) return 0;
  return picture[static_cast<std::size_t>((y * kPictureSide + x) * 3 + channel)];
}

void expect_near(const std::vector<float>& actual, const std::vector<float>& wanted) {
  ASSERT_EQ(actual.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(actual[i], wanted[i], 1e-5) << i;
}

TEST(TfliteOperators, AConvolutionTakesFilterBiasAndActivation) {
  for (const auto activation : {Activation::NONE, Activation::RELU, Activation::RELU6}) {
    TfliteFile file;
    const std::vector<float> filter = waves(4 * 3 * 2 * 3, 4);  // out, rows, columns, in
    const std::vector<float> bias = waves(4, 2);
    const int filter_at = file.halves("filter", {4, 3, 2, 3}, filter);
    const int bias_at = file.halves("bias", {4}, bias);
    file.op(BuiltinOperator::CONV_2D, {0, filter_at, bias_at}, "out", {1, 3, 3, 4},
            tflite::CreateConv2DOptions(file.builder(), tflite::Padding::SAME, 2, 2, activation));
    std::vector<float> wanted;
    for (int y = 0; y < 3; ++y) {
      for (int x = 0; x < 3; ++x) {
        for (int k = 0; k < 4; ++k) {
          float sum = bias[static_cast<std::size_t>(k)];
          // SAME of 6 by steps of 2: one row more below with three rows, none with two columns.
          for (int r = 0; r < 3; ++r) {
            for (int c = 0; c < 2; ++c) {
              for (int i = 0; i < 3; ++i)
                sum += filter[static_cast<std::size_t>(((k * 3 + r) * 2 + c) * 3 + i)] *
                       pixel(2 * y + r, 2 * x + c, i);
            }
          }
          if (activation != Activation::NONE) sum = std::max(sum, 0.0F);
          if (activation == Activation::RELU6) sum = std::min(sum, 6.0F);
          wanted.push_back(sum);
        }
      }
    }
    expect_near(testing::run_tflite(file, "out", {1, 3, 3, 4}), wanted);
  }
}

TEST(TfliteOperators, ADepthwiseConvolutionMakesSeveralOfEachChannel) {
  TfliteFile file;
  const std::vector<float> filter = waves(2 * 2 * 6, 1);  // 1, rows, columns, in x 2
  const int filter_at = file.numbers("filter", {1, 2, 2, 6}, filter);
  file.op(BuiltinOperator::DEPTHWISE_CONV_2D, {0, filter_at, -1}, "out", {1, 5, 5, 6},
          tflite::CreateDepthwiseConv2DOptions(file.builder(), tflite::Padding::VALID, 1, 1, 2));
  std::vector<float> wanted;
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 5; ++x) {
      for (int k = 0; k < 6; ++k) {
        float sum = 0;
        for (int r = 0; r < 2; ++r) {
          for (int c = 0; c < 2; ++c)
            sum +=
                filter[static_cast<std::size_t>((r * 2 + c) * 6 + k)] * pixel(y + r, x + c, k / 2);
        }
        wanted.push_back(sum);
      }
    }
  }
  expect_near(testing::run_tflite(file, "out", {1, 5, 5, 6}), wanted);
}

// The layer normalisation that the blendshapes' network spells out.
TEST(TfliteOperators, NumbersAreNormalisedOverChannels) {
  TfliteFile file;
  const int axis = file.integers("axis", {3});
  const auto reduce = [&] { return tflite::CreateReducerOptions(file.builder(), true); };
  const int mean = file.op(BuiltinOperator::MEAN, {0, axis}, "mean", {1, 6, 6, 1}, reduce());
  const int spread =
      file.op(BuiltinOperator::SQUARED_DIFFERENCE, {0, mean}, "spread", {1, 6, 6, 3});
  const int variance =
      file.op(BuiltinOperator::MEAN, {spread, axis}, "variance", {1, 6, 6, 1}, reduce());
  const int little = file.halves("little", {}, {0.25F});
  const int above = file.op(BuiltinOperator::ADD, {variance, little}, "above", {1, 6, 6, 1},
                            tflite::CreateAddOptions(file.builder()));
  const int scale = file.op(BuiltinOperator::RSQRT, {above}, "scale", {1, 6, 6, 1});
  const int minus = file.op(BuiltinOperator::NEG, {mean}, "minus", {1, 6, 6, 1});
  const int centred = file.op(BuiltinOperator::ADD, {0, minus}, "centred", {1, 6, 6, 3},
                              tflite::CreateAddOptions(file.builder()));
  file.op(BuiltinOperator::MUL, {centred, scale}, "out", {1, 6, 6, 3},
          tflite::CreateMulOptions(file.builder(), Activation::RELU));
  std::vector<float> wanted;
  for (int at = 0; at < kPictureSide * kPictureSide; ++at) {
    const auto value = [&](int k) { return pixel(at / kPictureSide, at % kPictureSide, k); };
    const float centre = (value(0) + value(1) + value(2)) / 3;
    float squares = 0;
    for (int k = 0; k < 3; ++k) squares += (value(k) - centre) * (value(k) - centre) / 3;
    for (int k = 0; k < 3; ++k)
      wanted.push_back(std::max(0.0F, (value(k) - centre) / std::sqrt(squares + 0.25F)));
  }
  expect_near(testing::run_tflite(file, "out", {1, 6, 6, 3}), wanted);
}

TEST(TfliteOperators, ShapesAreChangedJoinedAndCut) {
  TfliteFile file;
  const std::vector<int> flat = {1, 18, 6};
  const int rows = file.op(BuiltinOperator::RESHAPE, {0}, "rows", flat,
                           tflite::CreateReshapeOptionsDirect(file.builder(), &flat));
  const int order = file.integers("order", {0, 2, 1});
  const int turned = file.op(BuiltinOperator::TRANSPOSE, {rows, order}, "turned", {1, 6, 18});
  const int extra = file.numbers("extra", {1, 1, 18}, waves(18, 1));
  const int joined = file.op(BuiltinOperator::CONCATENATION, {extra, turned}, "joined", {1, 7, 18},
                             tflite::CreateConcatenationOptions(file.builder(), -2));
  const int from = file.integers("from", {0, 0, 3});
  const int to = file.integers("to", {0, 3, 9});
  const int steps = file.integers("steps", {1, 1, 2});
  file.op(BuiltinOperator::STRIDED_SLICE, {joined, from, to, steps}, "out", {1, 3, 3},
          tflite::CreateStridedSliceOptions(file.builder(), 1, 1));
  const std::vector<float> picture = testing::tflite_picture();
  std::vector<float> wanted;
  for (const int at : {3, 5, 7}) wanted.push_back(waves(18, 1)[static_cast<std::size_t>(at)]);
  for (int row = 0; row < 2; ++row) {
    for (const int at : {3, 5, 7})
      wanted.push_back(picture[static_cast<std::size_t>(at * 6 + row)]);
  }
  expect_near(testing::run_tflite(file, "out", {1, 3, 3}), wanted);
}

TEST(TfliteRefusals, NameTheTensorAndWhatIsNotKnown) {
  const auto refusal = [](auto build, const std::string& output = "out") {
    TfliteFile file;
    build(file);
    return testing::tflite_refusal(file, output);
  };
  EXPECT_THAT(refusal([](TfliteFile& f) {
                f.op(static_cast<BuiltinOperator>(9), {0}, "out", {1});  // fully connected
              }),
              HasSubstr("tensor 'out': the operator 9"));
  EXPECT_THAT(refusal([](TfliteFile& f) {
                f.op(BuiltinOperator::ADD, {0, 0}, "out", {1});
              }),
              HasSubstr("tensor 'out': the operator 0"));  // without its options
  EXPECT_THAT(refusal([](TfliteFile& f) {
                f.op(BuiltinOperator::MUL, {0, 0}, "out", {1},
                     tflite::CreateMulOptions(f.builder(), Activation::RELU_N1_TO_1));
              }),
              HasSubstr("tensor 'out': the fused activation 2"));
  EXPECT_THAT(refusal([](TfliteFile& f) {
                const int sum = f.tensor("sum", {1}, static_cast<TensorType>(9), "abcd");
                f.op(BuiltinOperator::PRELU, {0, sum}, "out", {1});
              }),
              HasSubstr("tensor 'sum': the type 9"));
  EXPECT_THAT(refusal([](TfliteFile& f) {
                f.is_sparse = true;
                const int slope = f.numbers("slope", {1}, {1});
                f.op(BuiltinOperator::PRELU, {0, slope}, "out", {1});
              }),
              HasSubstr("tensor 'slope': it is stored sparsely"));
  EXPECT_THAT(refusal([](TfliteFile& f) { f.op(BuiltinOperator::DEQUANTIZE, {0}, "out", {1}); }),
              HasSubstr("only constants in half precision"));
  EXPECT_THAT(refusal([](TfliteFile& f) { f.op(BuiltinOperator::NEG, {0}, "other", {1}); }),
              HasSubstr("no node 'out'"));
  EXPECT_THAT(refusal([](TfliteFile& f) { f.version = 4; }), HasSubstr("version 4"));
  EXPECT_THAT(refusal([](TfliteFile& f) { f.graphs = 2; }), HasSubstr("2 graphs"));
  EXPECT_THAT(refusal([](TfliteFile& f) { f.inputs = {0, 0}; }), HasSubstr("2 inputs"));
}

TEST(TfliteRefusals, WhatDoesNotFitTogetherIsDamage) {
  const auto refusal = [](auto build) {
    TfliteFile file;
    build(file);
    const auto read = read_tflite_graph(file.bytes());
    EXPECT_FALSE(read.ok());
    if (read.ok()) return std::string();
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt) << read.error().message;
    return read.error().message;
  };
  EXPECT_THAT(refusal([](TfliteFile& f) { f.inputs = {7}; }), HasSubstr("no tensor 7"));
  EXPECT_THAT(refusal([](TfliteFile& f) { f.op(BuiltinOperator::NEG, {-3}, "out", {1}); }),
              HasSubstr("no tensor -3"));
  EXPECT_THAT(refusal([](TfliteFile& f) { f.op(BuiltinOperator::NEG, {0}, "picture", {1}); }),
              HasSubstr("two tensors have the name 'picture'"));
  EXPECT_THAT(refusal([](TfliteFile& f) {
                f.raw_op(BuiltinOperator::NEG, {0}, {f.op(BuiltinOperator::NEG, {0}, "out", {1})});
              }),
              HasSubstr("'out' is made twice"));
  EXPECT_THAT(refusal([](TfliteFile& f) {
                const int half = f.halves("half", {1}, {1});
                f.raw_op(BuiltinOperator::NEG, {0}, {half});
              }),
              HasSubstr("'half' is made twice"));
  EXPECT_THAT(refusal([](TfliteFile& f) {
                f.op(BuiltinOperator::PRELU, {0, f.numbers("slope", {3}, {1, 2})}, "out", {1});
              }),
              HasSubstr("'slope' needs 12 bytes and has 8"));
  EXPECT_THAT(refusal([](TfliteFile& f) {
                const int slope = f.numbers("slope", {1 << 20, 1 << 20}, {1});
                f.op(BuiltinOperator::PRELU, {0, slope}, "out", {1});
              }),
              HasSubstr("'slope' has the extent 1048576"));
  EXPECT_THAT(
      refusal([](TfliteFile& f) {
        f.op(BuiltinOperator::CONV_2D, {0, f.numbers("w", {1, 1, 1, 3}, {1, 2, 3})}, "out", {1});
      }),
      HasSubstr("has no options"));
}

// One buffer that many tensors share must not ask for more memory than is converted.
TEST(TfliteRefusals, ConstantsThatShareABufferAreCounted) {
  TfliteFile file;
  const std::vector<float> many(1 << 22, 1.0F);
  const int shared = file.numbers("shared", {1, 1, 1, 1 << 22}, many);
  for (int i = 0; i < 33; ++i) {
    file.op(BuiltinOperator::CONV_2D, {0, shared}, "out" + std::to_string(i), {1},
            tflite::CreateConv2DOptions(file.builder(), tflite::Padding::SAME, 1, 1));
  }
  const auto read = read_tflite_graph(file.bytes());
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().message, HasSubstr("more than 512 MiB"));
}

std::string small_file() {
  TfliteFile file;
  const int filter = file.halves("filter", {2, 1, 1, 3}, waves(6, 1));
  const int bias = file.numbers("bias", {2}, {1, 2});
  const int made =
      file.op(BuiltinOperator::CONV_2D, {0, filter, bias}, "made", {1, 6, 6, 2},
              tflite::CreateConv2DOptions(file.builder(), tflite::Padding::SAME, 1, 1));
  file.op(BuiltinOperator::MEAN, {made, file.integers("axes", {1, 2})}, "out", {1, 2},
          tflite::CreateReducerOptions(file.builder(), false));
  return file.bytes();
}

TEST(TfliteDamage, EveryShorterFileIsRefused) {
  const std::string bytes = small_file();
  ASSERT_TRUE(read_tflite_graph(bytes).ok());
  std::size_t refused = 0;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto read = read_tflite_graph(std::string_view(bytes).substr(0, length));
    refused += read.ok() ? 0 : 1;
  }
  EXPECT_EQ(refused, bytes.size());
}

TEST(TfliteDamage, AnyByteMayChange) {
  const std::string bytes = small_file();
  const Manifest manifest = testing::tflite_manifest("out", {1, 2});
  std::size_t refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      const auto converted = convert_tflite(manifest, damaged);
      if (converted.ok()) continue;
      ++refused;
      EXPECT_FALSE(converted.error().message.empty());
    }
  }
  EXPECT_GT(refused, bytes.size());
}

}  // namespace
}  // namespace mien
