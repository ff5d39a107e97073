// What the converter says of graphs that are wrong.
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
using testing::Extents;
using ::testing::HasSubstr;
using Graph = testing::TfjsGraph;

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
