// Every rewriting of the converter against the slow and obvious arithmetic, on graphs small enough
// to write down.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

#include "model/import/import.h"
#include "model/import/tf_converter.h"
#include "model/import/tfjs_graph_fixture.h"

namespace mien {
namespace {

using nlohmann::json;
using testing::base64;
using testing::Extents;
using ::testing::HasSubstr;
using testing::kEight;
using testing::kSide;
using Graph = testing::TfjsGraph;

void expect_near(const std::vector<float>& actual, const std::vector<float>& wanted) {
  ASSERT_EQ(actual.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i)
    ASSERT_NEAR(actual[i], wanted[i], 1e-5 * (1 + std::abs(wanted[i]))) << i;
}

std::vector<float> prelu(const std::vector<float>& values, const std::vector<float>& slopes) {
  std::vector<float> out;
  for (std::size_t i = 0; i < values.size(); ++i)
    out.push_back(values[i] >= 0 ? values[i] : values[i] * slopes[i % slopes.size()]);
  return out;
}

TEST(TfjsConverter, PreluHoldsForSlopesOnEitherSideOfOne) {
  for (const std::vector<float>& slopes :
       {std::vector<float>{0, 0.25F, 0.5F, 1, -0.3F, -2, 0.9F, 0.1F},
        std::vector<float>{0, 1.5F, 6.2F, 1, -0.3F, -4, 0.9F, 2}}) {
    Graph graph;
    graph.channels("x", 8);
    graph.node("y", "Prelu", {"x", graph.numbers("slopes", {1, 1, 8}, slopes)});
    const auto out = graph.run({"x", "y"}, {kEight, kEight});
    ASSERT_EQ(out.size(), 2U);
    expect_near(out[1].data, prelu(out[0].data, slopes));
  }
}

TEST(TfjsConverter, PreluHoldsForChannelsThatFillNoBlockAndForFusedForms) {
  const std::vector<float> slopes = {0.2F, 3, -1, 0.5F, 0.7F};
  Graph graph;
  graph.channels("x", 5);
  graph.numbers("slopes", {5}, slopes);
  graph.node("y", "Prelu", {"x", "slopes"});
  json fused = Graph::window(1, "VALID");
  fused["fused_ops"]["list"]["s"] = {base64("BiasAdd"), base64("Prelu")};
  graph.node("z", "_FusedConv2D",
             {"picture", "x/filter", graph.numbers("bias", {5}, {0, 0, 0, 0, 0}), "slopes"}, fused);
  const Extents shape = {-1, kSide, kSide, 5};
  const auto out = graph.run({"x", "y", "z"}, {shape, shape, shape});
  ASSERT_EQ(out.size(), 3U);
  expect_near(out[1].data, prelu(out[0].data, slopes));
  expect_near(out[2].data, prelu(out[0].data, slopes));
}

TEST(TfjsConverter, ShortensWhatSpellsOutPreluAndClip) {
  const std::vector<float> halves = {0.1F, 0.2F, 0.3F, 0.4F, 0, -0.1F, 0.6F, 1};
  Graph graph;
  graph.channels("x", 8);
  graph.node("relu", "Relu", {"x"});
  graph.node("abs", "Abs", {"x"});
  graph.node("sub", "Sub", {"x", "abs"});
  graph.node("mul", "Mul", {"sub", graph.numbers("halves", {8}, halves)});
  graph.node("y", "Add", {"relu", "mul"});
  graph.node("least", "Minimum", {"relu", graph.numbers("upper", {}, {0.4F})});
  graph.node("clipped", "Maximum", {"least", graph.numbers("lower", {}, {0})});
  const auto out = graph.run({"x", "y", "clipped", "sub"}, {kEight, kEight, kEight, kEight});
  ASSERT_EQ(out.size(), 4U);
  std::vector<float> slopes = halves;
  for (float& slope : slopes) slope *= 2;
  expect_near(out[1].data, prelu(out[0].data, slopes));
  std::vector<float> clipped;
  std::vector<float> sub;
  for (const float x : out[0].data) {
    clipped.push_back(std::min(std::max(x, 0.0F), 0.4F));
    sub.push_back(x - std::abs(x));
  }
  expect_near(out[2].data, clipped);
  expect_near(out[3].data, sub);
  const std::string onnx = graph.convert({"y", "clipped"}).value();
  EXPECT_EQ(onnx.find("Abs"), std::string::npos);
  EXPECT_EQ(onnx.find("Min"), std::string::npos);
}

TEST(TfjsConverter, DoesNotShortenWhatOnlyLooksLikeIt) {
  Graph graph;
  graph.channels("x", 8);
  graph.channels("other", 4);
  graph.node("relu", "Relu", {"x"});
  graph.node("least", "Minimum", {"relu", graph.numbers("upper", {}, {0.4F})});
  graph.node("raised", "Maximum", {"least", graph.numbers("lower", {}, {0.1F})});
  const auto out = graph.run({"x", "raised"}, {kEight, kEight});
  ASSERT_EQ(out.size(), 2U);
  std::vector<float> wanted;
  for (const float x : out[0].data)
    wanted.push_back(std::max(std::min(std::max(x, 0.0F), 0.4F), 0.1F));
  expect_near(out[1].data, wanted);
}

// Written as two halves where nobody else reads it, as it stands where it is given out too.
TEST(TfjsConverter, NarrowPreluBetweenConvolutionsHoldsInEitherForm) {
  const std::vector<float> slopes = {0, 1.5F, 6.2F, 1, -0.3F, -4, 0.9F, 2};
  std::vector<float> filter(3 * 3 * 8);
  for (std::size_t i = 0; i < filter.size(); ++i) filter[i] = std::cos(static_cast<float>(i));
  std::vector<float> last(8 * 4);
  for (std::size_t i = 0; i < last.size(); ++i) last[i] = std::sin(static_cast<float>(i));
  json first = Graph::window(1, "VALID");
  json each = Graph::window(1, "SAME");
  first["fused_ops"]["list"]["s"] = each["fused_ops"]["list"]["s"] = {base64("BiasAdd")};
  Graph graph;
  graph.channels("x", 8);  // its filter
  graph.numbers("bias", {8}, {0.5F, -0.5F, 0.1F, 0, 1, -1, 0.2F, 0.3F});
  graph.node("narrow", "_FusedConv2D", {"picture", "x/filter", "bias"}, first);
  graph.node("sloped", "Prelu", {"narrow", graph.numbers("slopes", {1, 1, 8}, slopes)});
  graph.node("each", "FusedDepthwiseConv2dNative",
             {"sloped", graph.numbers("each/filter", {3, 3, 8, 1}, filter), "bias"}, each);
  graph.node("end", "Conv2D", {"each", graph.numbers("end/filter", {1, 1, 8, 4}, last)},
             Graph::window(1, "VALID"));
  const Extents four = {-1, kSide, kSide, 4};
  const auto halves = graph.run({"end"}, {four});
  const auto whole = graph.run({"end", "sloped", "narrow"}, {four, kEight, kEight});
  ASSERT_EQ(halves.size(), 1U);
  ASSERT_EQ(whole.size(), 3U);
  expect_near(whole[1].data, prelu(whole[2].data, slopes));
  expect_near(halves[0].data, whole[0].data);
  EXPECT_EQ(graph.convert({"end"}).value().find("Add_"), std::string::npos);
  EXPECT_NE(graph.convert({"end", "sloped"}).value().find("Add_"), std::string::npos);
}

TEST(TfjsConverter, AConvolutionOverTheLastAxisOfWhatIsNoPictureIsAProduct) {
  std::vector<float> filter(kSide * 5);
  for (std::size_t i = 0; i < filter.size(); ++i) filter[i] = std::cos(static_cast<float>(i));
  const std::vector<float> bias = {1, -1, 0.5F, 0, 2};
  json fused = Graph::window(1, "VALID");
  fused["fused_ops"]["list"]["s"] = {base64("BiasAdd")};
  Graph graph;
  graph.node("turned", "Transpose", {"picture", graph.integers("order", {0, 1, 3, 2})});
  graph.node("y", "_FusedConv2D",
             {"turned", graph.numbers("filter", {1, 1, kSide, 5}, filter),
              graph.numbers("bias", {5}, bias)},
             fused);
  const auto out = graph.run({"y"}, {{-1, kSide, 3, 5}});
  ASSERT_EQ(out.size(), 1U);
  const std::vector<float> in = Graph::picture();
  std::vector<float> wanted;
  for (std::size_t row = 0; row < kSide; ++row) {
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t o = 0; o < 5; ++o) {
        float sum = bias[o];
        for (std::size_t x = 0; x < kSide; ++x)
          sum += in[(row * kSide + x) * 3 + c] * filter[x * 5 + o];
        wanted.push_back(sum);
      }
    }
  }
  expect_near(out[0].data, wanted);
  EXPECT_EQ(graph.convert({"y"}).value().find("Conv"), std::string::npos);
}

TEST(TfjsConverter, PadsChannelsAndPlaces) {
  for (const std::int64_t extra : {4, 3}) {  // written as a convolution, and as Pad
    Graph graph;
    graph.channels("x", 8);
    graph.node("wide", "Pad",
               {"x", graph.integers("sides", {0, 0, 0, 0, 0, 0, 0, static_cast<int>(extra)})});
    const auto out = graph.run({"x", "wide"}, {kEight, {-1, kSide, kSide, 8 + extra}});
    ASSERT_EQ(out.size(), 2U);
    std::vector<float> wanted;
    for (std::size_t pixel = 0; pixel < kSide * kSide; ++pixel) {
      for (std::size_t c = 0; c < 8; ++c) wanted.push_back(out[0].data[pixel * 8 + c]);
      wanted.resize(wanted.size() + static_cast<std::size_t>(extra), 0);
    }
    expect_near(out[1].data, wanted);
  }
  Graph graph;
  graph.channels("x", 8);
  graph.node("framed", "Pad", {"x", graph.integers("sides", {0, 0, 1, 0, 0, 2, 0, 0})});
  const auto out = graph.run({"x", "framed"}, {kEight, {-1, kSide + 1, kSide + 2, 8}});
  ASSERT_EQ(out.size(), 2U);
  for (std::size_t y = 0; y < kSide + 1; ++y) {
    for (std::size_t x = 0; x < kSide + 2; ++x) {
      const float wanted = y == 0 || x >= kSide ? 0 : out[0].data[((y - 1) * kSide + x) * 8 + 5];
      ASSERT_EQ(out[1].data[(y * (kSide + 2) + x) * 8 + 5], wanted) << y << " " << x;
    }
  }
}

// TensorFlow's SAME: as many outputs as ceil(size / stride), the odd pixel of padding at the end.
TEST(TfjsConverter, StridedConvolutionsAndPoolsPadAsTensorFlowDoes) {
  std::vector<float> filter(3 * 3 * 3 * 4);
  for (std::size_t i = 0; i < filter.size(); ++i) filter[i] = std::cos(static_cast<float>(i));
  Graph graph;
  graph.node("conv", "Conv2D", {"picture", graph.numbers("filter", {3, 3, 3, 4}, filter)},
             Graph::window(2, "SAME"));
  json pool = Graph::window(2, "SAME");
  pool["ksize"]["list"]["i"] = {"1", "3", "3", "1"};
  graph.channels("x", 4);
  graph.node("pool", "MaxPool", {"x"}, pool);
  const Extents half = {-1, kSide / 2, kSide / 2, 4};
  const auto out = graph.run({"conv", "pool", "x"}, {half, half, {-1, kSide, kSide, 4}});
  ASSERT_EQ(out.size(), 3U);
  const std::vector<float> in = Graph::picture();
  // 6 pixels, window 3, stride 2: total padding 1, none before.
  for (std::int64_t y = 0; y < 3; ++y) {
    for (std::int64_t x = 0; x < 3; ++x) {
      for (std::int64_t o = 0; o < 4; ++o) {
        float sum = 0;
        float most = -INFINITY;
        for (std::int64_t dy = 0; dy < 3; ++dy) {
          for (std::int64_t dx = 0; dx < 3; ++dx) {
            const std::int64_t row = 2 * y + dy;
            const std::int64_t column = 2 * x + dx;
            if (row >= kSide || column >= kSide) continue;
            const std::int64_t pixel = row * kSide + column;
            most = std::max(most, out[2].data[static_cast<std::size_t>(pixel * 4 + o)]);
            for (std::int64_t c = 0; c < 3; ++c) {
              sum += in[static_cast<std::size_t>(pixel * 3 + c)] *
                     filter[static_cast<std::size_t>(((dy * 3 + dx) * 3 + c) * 4 + o)];
            }
          }
        }
        const auto at = static_cast<std::size_t>((y * 3 + x) * 4 + o);
        ASSERT_NEAR(out[0].data[at], sum, 1e-4) << y << " " << x << " " << o;
        ASSERT_NEAR(out[1].data[at], most, 1e-6) << y << " " << x << " " << o;
      }
    }
  }
}

}  // namespace
}  // namespace mien
