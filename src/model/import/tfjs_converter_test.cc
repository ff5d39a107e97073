// Every rewriting of the converter against the slow and obvious arithmetic, on graphs small enough
// to write down, and what it says of graphs that are wrong.
#include "model/import/tfjs_converter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "support/paths.h"

#include "base/sha256.h"
#include "model/import/import.h"
#include "model/session.h"

namespace mien {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using Extents = std::vector<std::int64_t>;

constexpr std::int64_t kSide = 6;  // rows and columns of the test picture

std::string base64(const std::string& text) {  // of operator names: short ASCII
  static const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k <= text.size() ? digits[bits >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

// A TensorFlow.js model under construction; the input is "picture", 1 x 6 x 6 x 3.
class Graph {
 public:
  Graph() {
    node("picture", "Placeholder", {});
    manifest_.source.format = "tfjs-graph";
    manifest_.id = "test";
    manifest_.input = {"in", {-1, kSide, kSide, 3}, "", ""};
    manifest_.scaling.subtract = {0, 0, 0};
    manifest_.onnx_file = "test.onnx";
  }
  std::string node(const std::string& name, const std::string& op,
                   const std::vector<std::string>& inputs,
                   const json& attributes = json::object()) {
    nodes_.push_back({{"name", name}, {"op", op}, {"input", inputs}, {"attr", attributes}});
    return name;
  }
  std::string numbers(const std::string& name, const Extents& shape,
                      const std::vector<float>& values) {
    weights_.push_back({{"name", name}, {"shape", shape}, {"dtype", "float32"}});
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    return node(name, "Const", {});
  }
  std::string integers(const std::string& name, const std::vector<std::int32_t>& values) {
    weights_.push_back({{"name", name}, {"shape", {values.size()}}, {"dtype", "int32"}});
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * 4);
    return node(name, "Const", {});
  }
  // A 1 x 1 convolution of the picture, so that what follows is kept channels-second.
  std::string channels(const std::string& name, std::int64_t count) {
    std::vector<float> filter;
    for (std::int64_t i = 0; i < 3 * count; ++i)
      filter.push_back(0.5F * std::sin(static_cast<float>(3 * i + 1)));
    return node(name, "Conv2D", {"picture", numbers(name + "/filter", {1, 1, 3, count}, filter)},
                window(1, "VALID"));
  }
  static json window(int stride, const std::string& padding) {
    return {{"strides",
             {{"list", {{"i", {"1", std::to_string(stride), std::to_string(stride), "1"}}}}}},
            {"padding", {{"s", base64(padding)}}}};
  }

  json& nodes() { return nodes_; }
  json& weights() { return weights_; }
  std::string& bytes() { return bytes_; }

  Result<std::string> convert(const std::vector<std::string>& outputs) {
    manifest_.outputs.clear();
    for (const std::string& output : outputs)
      manifest_.outputs.push_back({"out_" + output, {-1}, "", output});
    return convert_model(manifest_, description(), bytes_);
  }
  std::string description() const {
    return json{{"modelTopology", {{"node", nodes_}}},
                {"weightsManifest", {{{"paths", {"w.bin"}}, {"weights", weights_}}}}}
        .dump();
  }
  const Manifest& manifest() const { return manifest_; }

  std::string refusal(const std::string& output) {
    const auto converted = convert({output});
    return converted.ok() ? "" : converted.error().message;
  }

  // Runs the graph on picture(); shapes are those of the outputs.
  std::vector<Tensor> run(const std::vector<std::string>& outputs,
                          const std::vector<Extents>& shapes) {
    auto onnx = convert(outputs);
    EXPECT_TRUE(onnx.ok()) << onnx.error().message;
    if (!onnx.ok()) return {};
    // The shapes of outputs are part of the file.
    for (std::size_t i = 0; i < shapes.size(); ++i) manifest_.outputs[i].shape = shapes[i];
    onnx = convert_model(manifest_, description(), bytes_);
    const testing::TemporaryFolder folder;
    std::ofstream(folder.path() / "test.onnx", std::ios::binary) << *onnx;
    manifest_.onnx_sha256 = sha256_of_bytes(*onnx);
    auto session = Session::open(manifest_, folder.path());
    EXPECT_TRUE(session.ok()) << session.error().message;
    if (!session.ok()) return {};
    const std::vector<float> input = picture();
    auto result = session->run({{1, kSide, kSide, 3}, input});
    EXPECT_TRUE(result.ok());
    return result.ok() ? *result : std::vector<Tensor>{};
  }

  static std::vector<float> picture() {
    std::vector<float> values(kSide * kSide * 3);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = std::sin(static_cast<float>(7 * i)) * 2;
    return values;
  }

 private:
  Manifest manifest_;
  json nodes_ = json::array();
  json weights_ = json::array();
  std::string bytes_;
};

const Extents kEight = {-1, kSide, kSide, 8};

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

TEST(TfjsConverter, NamesTheNodeOfAnUnknownOperator) {
  Graph graph;
  graph.node("strange", "FancyNewThing", {"picture"});
  const auto converted = graph.convert({"strange"});
  ASSERT_FALSE(converted.ok());
  EXPECT_EQ(converted.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(converted.error().message, HasSubstr("strange"));
  EXPECT_THAT(converted.error().message, HasSubstr("FancyNewThing"));
}

TEST(TfjsConverter, RefusesGraphsThatCannotBe) {
  const auto refusal = [](const std::function<void(Graph&)>& spoil) {
    Graph graph;
    graph.channels("x", 8);
    graph.node("y", "Relu", {"x"});
    spoil(graph);
    return graph.refusal("y");
  };
  EXPECT_EQ(refusal([](Graph&) {}), "");
  EXPECT_THAT(refusal([](Graph& g) { g.nodes().back()["input"] = {"nobody"}; }),
              HasSubstr("nobody"));
  EXPECT_THAT(refusal([](Graph& g) { g.nodes().back()["input"] = json::array(); }),
              HasSubstr("too few inputs"));
  EXPECT_THAT(refusal([](Graph& g) { g.nodes().back()["input"] = {"y"}; }),
              HasSubstr("depends on itself"));
  EXPECT_THAT(refusal([](Graph& g) {
                g.node("a", "Relu", {"b"});
                g.node("b", "Relu", {"a"});
              }),
              HasSubstr("depends on itself"));
  EXPECT_THAT(refusal([](Graph& g) { g.node("x", "Relu", {"picture"}); }), HasSubstr("twice"));
  EXPECT_THAT(refusal([](Graph& g) { g.nodes().back()["name"] = "z"; }), HasSubstr("'y'"));
  EXPECT_THAT(refusal([](Graph& g) { g.nodes().back().erase("op"); }), HasSubstr("misshapen"));
  EXPECT_THAT(refusal([](Graph& g) {
                g.node("second", "Placeholder", {});
                g.nodes()[3] = {{"name", "y"}, {"op", "Add"}, {"input", {"x", "second"}}};
              }),
              HasSubstr("second"));
  EXPECT_NE(refusal([](Graph& g) {
              json deep = 1;
              for (int i = 0; i < 100; ++i) deep = json::array({deep});
              g.nodes().back()["attr"]["deep"] = deep;
            }),
            "");
}

TEST(TfjsConverter, RefusesWeightsThatCannotBe) {
  const auto refusal = [](const std::function<void(Graph&)>& spoil) {
    Graph graph;
    graph.channels("x", 8);
    spoil(graph);
    return graph.refusal("x");
  };
  EXPECT_EQ(refusal([](Graph&) {}), "");
  EXPECT_THAT(refusal([](Graph& g) { g.bytes().pop_back(); }), HasSubstr("x/filter"));
  EXPECT_THAT(refusal([](Graph& g) { g.bytes() += "more"; }), HasSubstr("4 bytes"));
  EXPECT_THAT(refusal([](Graph& g) {
                g.weights()[0]["shape"] = {1 << 20, 1 << 20, 1 << 20};
              }),
              HasSubstr("too large"));
  EXPECT_THAT(refusal([](Graph& g) { g.weights()[0]["shape"] = {-1, 24}; }), HasSubstr("-1"));
  EXPECT_THAT(refusal([](Graph& g) { g.weights()[0]["shape"] = {24}; }),
              HasSubstr("4-dimensional"));
  EXPECT_THAT(refusal([](Graph& g) { g.weights()[0]["dtype"] = "complex64"; }),
              HasSubstr("complex64"));
  EXPECT_THAT(refusal([](Graph& g) { g.weights()[0]["name"] = "else"; }), HasSubstr("x/filter"));
  EXPECT_THAT(
      refusal([](Graph& g) {
        g.weights()[0]["quantization"] = {{"dtype", "uint8"}, {"scale", nullptr}, {"min", 0}};
      }),
      HasSubstr("misshapen"));
  EXPECT_THAT(
      refusal([](Graph& g) {
        g.weights()[0]["quantization"] = {{"dtype", "uint8"}, {"scale", 1e300}, {"min", -1e300}};
        g.bytes().resize(24);
      }),
      HasSubstr("quantisation"));
}

// Constants of every rank and kind where pictures are wanted: refused or converted, never a crash.
TEST(TfjsConverter, SurvivesConstantsOfAnyRankAnywhere) {
  int refused = 0;
  for (const char* op : {"Add", "Mul", "Prelu", "Conv2D", "DepthwiseConv2dNative", "Mean", "Sum",
                         "ConcatV2", "Pad", "Reshape", "StridedSlice", "GatherV2", "GatherNd",
                         "Transpose", "MaxPool", "BatchMatMulV2", "ClipByValue", "Squeeze"}) {
    for (std::size_t rank = 0; rank <= 6; ++rank) {
      for (const bool is_integer : {false, true}) {
        for (const bool is_first : {false, true}) {
          Graph graph;
          graph.channels("x", 8);
          std::vector<float> ones(1, 1);
          Extents shape(rank, 1);
          if (rank > 0) {
            shape.back() = 8;
            ones.resize(8, 1);
          }
          graph.numbers("c", shape, ones);
          if (is_integer) graph.weights().back()["dtype"] = "int32";
          graph.node("y", op,
                     is_first ? std::vector<std::string>{"c", "x", "c", "c"}
                              : std::vector<std::string>{"x", "c", "c", "c"},
                     Graph::window(1, "SAME"));
          refused += graph.refusal("y").empty() ? 0 : 1;
        }
      }
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(TfjsConverter, SurvivesDamagedDescriptions) {
  Graph graph;
  graph.channels("x", 8);
  graph.node("p", "Prelu", {"x", graph.numbers("slopes", {1, 1, 8}, std::vector<float>(8, 0.5F))});
  graph.node("w", "Pad", {"p", graph.integers("sides", {0, 0, 0, 0, 0, 0, 0, 4})});
  graph.node("m", "Mean", {"w", graph.integers("axes", {1, 2})});
  ASSERT_EQ(graph.refusal("m"), "");
  const std::string whole = graph.description();
  std::mt19937 random(3);
  int refused = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string text = whole;
    for (std::size_t edits = 1 + random() % 3; edits > 0; --edits) {
      // Digits and letters, so that most texts stay JSON and reach the converter.
      char& c = text[random() % text.size()];
      if (std::isdigit(static_cast<unsigned char>(c)) != 0)
        c = static_cast<char>('0' + random() % 10);
      if (std::isalpha(static_cast<unsigned char>(c)) != 0)
        c = static_cast<char>('a' + random() % 26);
      if (random() % 16 == 0) c = static_cast<char>(random() % 256);
    }
    refused += convert_model(graph.manifest(), text, graph.bytes()).ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 500);
}

TEST(TfjsConverter, TheSameGraphGivesTheSameBytes) {
  Graph graph;
  graph.channels("x", 8);
  EXPECT_EQ(graph.convert({"x"}).value(), graph.convert({"x"}).value());
}

}  // namespace
}  // namespace mien
