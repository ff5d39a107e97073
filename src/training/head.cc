#include "training/head.h"

#include <array>

#include "model/import/onnx_graph.h"

namespace mien {

namespace {

using Shape = std::vector<std::int64_t>;

std::int64_t extent(std::size_t n) {
  return static_cast<std::int64_t>(n);
}

// Writes the graph of a head; `names` of values are ONNX's.
class HeadGraph {
 public:
  explicit HeadGraph(const Head& head) : head_(head), graph_("expression_head") {}

  Result<std::string> write() {
    graph_.input("features", Shape{1, -1, extent(head_.dimensions)});
    const std::string logits = head_.kind == HeadKind::kPooled ? pooled() : recurrent();
    const std::string held = graph_.node("Clip", {logits, scalar(-kMostLogit), scalar(kMostLogit)});
    const std::string slope = row(head_.slope), intercept = row(head_.intercept);
    graph_.node("Sigmoid", {graph_.node("Add", {graph_.node("Mul", {held, slope}), intercept})}, {},
                "probabilities");
    graph_.output("probabilities", Shape{1, extent(head_.labels.size())});
    return graph_.serialise();
  }

 private:
  std::string scalar(float value) { return graph_.floats({&value, 1}, Shape{}); }
  std::string row(std::span<const float> values) {
    return graph_.floats(values, Shape{1, extent(values.size())});
  }
  std::string axes(std::int64_t axis) { return graph_.integers({&axis, 1}, Shape{1}); }
  std::string matrix(std::span<const float> values, std::size_t rows, std::size_t columns) {
    return graph_.floats(values, Shape{extent(rows), extent(columns)});
  }
  std::string zero_where(const std::string& mask, const std::string& values) {
    return graph_.node("Where", {mask, scalar(0), values});
  }
  std::string standardised(const std::string& x, std::span<const float> mean,
                           std::span<const float> scale) {
    return graph_.node("Mul", {graph_.node("Sub", {x, row(mean)}), row(scale)});
  }
  std::string sum_of_rows(const std::string& x) {
    return graph_.node("ReduceSum", {x, axes(1)}, {{"keepdims", std::int64_t{1}}});
  }

  // Features [1][T][D] -> logits [1][L].
  std::string pooled() {
    const PooledHead& head = head_.pooled;
    const std::size_t d = head_.dimensions;
    const std::string missing = graph_.node("IsNaN", {"features"});
    const std::string there =
        graph_.node("Cast", {graph_.node("Not", {missing})}, {{"to", std::int64_t{1}}});
    const std::string count = sum_of_rows(there);
    const std::string sum = sum_of_rows(zero_where(missing, "features"));
    const std::string mean = graph_.node("Div", {sum, graph_.node("Max", {count, scalar(1)})});
    std::string all = part(mean, count, 1, 0);
    if (head.spread) {
      const std::string off = zero_where(missing, graph_.node("Sub", {"features", mean}));
      const std::string squares = sum_of_rows(graph_.node("Mul", {off, off}));
      const std::string less = graph_.node("Sub", {count, scalar(1)});
      const std::string variance =
          graph_.node("Div", {squares, graph_.node("Max", {less, scalar(1)})});
      const std::string deviation = part(graph_.node("Sqrt", {variance}), count, 2, d);
      all = graph_.node("Concat", {all, deviation}, {{"axis", std::int64_t{1}}});
    }
    const std::string product =
        graph_.node("MatMul", {all, matrix(head.weights, head.mean.size(), head_.labels.size())});
    return graph_.node("Add", {product, row(head.bias)});
  }

  // Pooled values [1][1][D] -> standardised [1][D], 0 where fewer than `fewest` rows were there;
  // `first` is the place among the pooled features.
  std::string part(const std::string& values, const std::string& count, float fewest,
                   std::size_t first) {
    const PooledHead& head = head_.pooled;
    const std::span mean(head.mean.data() + first, head_.dimensions);
    const std::span scale(head.scale.data() + first, head_.dimensions);
    std::vector<float> root, as_is;
    for (std::size_t d = 0; d < head_.dimensions; ++d) {
      root.push_back(head.root[first + d] != 0 ? 1 : 0);
      as_is.push_back(1 - root.back());
    }
    const std::string roots =
        graph_.node("Mul", {graph_.node("Sqrt", {graph_.node("Relu", {values})}), row(root)});
    const std::string entering =
        graph_.node("Add", {roots, graph_.node("Mul", {values, row(as_is)})});
    const std::string z = zero_where(graph_.node("Less", {count, scalar(fewest)}),
                                     standardised(entering, mean, scale));
    return graph_.node("Squeeze", {z, axes(1)});
  }

  std::string recurrent() {
    const RecurrentHead& head = head_.recurrent;
    const std::size_t labels = head_.labels.size();
    const RecurrentLayout at = layout_of(head_.dimensions, labels, head.shape);
    const std::string missing = graph_.node("IsNaN", {"features"});
    const std::string z =
        zero_where(missing, standardised("features", head.mean, head.scale));  // [1][T][D]
    std::string x = graph_.node("MatMul", {z, piece(at.project)});
    x = graph_.node("Relu", {graph_.node("Add", {x, piece(at.project_bias)})});
    x = graph_.node("Transpose", {x}, {{"perm", Shape{1, 0, 2}}});  // [T][1][P]
    for (std::size_t layer = 0; layer < 2; ++layer) x = memory(x, at, layer);
    x = graph_.node("ReduceMean", {x}, {{"axes", Shape{0}}, {"keepdims", std::int64_t{0}}});
    const std::size_t k = head.shape.experts;
    const std::string gates =
        graph_.node("Softmax", {reshaped(affine(x, at.gates, at.gates_bias), labels, k + 1)},
                    {{"axis", std::int64_t{2}}});
    const std::string experts =
        graph_.node("Sigmoid", {reshaped(affine(x, at.experts, at.experts_bias), labels, k)});
    const std::vector<float> none(labels, 0);  // what the expert that says no says
    const std::string all =
        graph_.node("Concat", {experts, graph_.floats(none, Shape{1, extent(labels), 1})},
                    {{"axis", std::int64_t{2}}});
    const std::string p = graph_.node("ReduceSum", {graph_.node("Mul", {gates, all}), axes(2)},
                                      {{"keepdims", std::int64_t{0}}});
    const std::string others = graph_.node("Sub", {scalar(1), p});
    return graph_.node("Sub", {graph_.node("Log", {p}), graph_.node("Log", {others})});
  }

  // One layer: [T][1][I] -> [T][1][H].
  std::string memory(const std::string& x, const RecurrentLayout& at, std::size_t layer) {
    const std::size_t cells = head_.recurrent.shape.cells;
    const auto gated = [&](const RecurrentLayout::Piece& piece, std::vector<float>& to) {
      // ONNX wants input, output, forget, cell.
      const std::size_t block = piece.size() / 4;
      const float* from = head_.recurrent.parameters.data() + piece.at;
      for (const std::size_t gate : {0U, 3U, 1U, 2U})
        to.insert(to.end(), from + gate * block, from + (gate + 1) * block);
    };
    std::vector<float> w, r, b;
    gated(at.input[layer], w);
    gated(at.state[layer], r);
    gated(at.input_bias[layer], b);
    gated(at.state_bias[layer], b);
    const std::int64_t four = extent(4 * cells);
    const std::string y = graph_.node(
        "LSTM",
        {x, graph_.floats(w, Shape{1, four, extent(at.input[layer].columns)}),
         graph_.floats(r, Shape{1, four, extent(cells)}), graph_.floats(b, Shape{1, 2 * four})},
        {{"hidden_size", extent(cells)}});  // [T][1][1][H]
    return graph_.node("Squeeze", {y, axes(1)});
  }

  std::string piece(const RecurrentLayout::Piece& piece) {
    return matrix({head_.recurrent.parameters.data() + piece.at, piece.size()}, piece.rows,
                  piece.columns);
  }
  std::string affine(const std::string& x, const RecurrentLayout::Piece& weights,
                     const RecurrentLayout::Piece& bias) {
    return graph_.node("Add", {graph_.node("MatMul", {x, piece(weights)}), piece(bias)});
  }
  std::string reshaped(const std::string& x, std::size_t rows, std::size_t columns) {
    const std::array<std::int64_t, 3> shape = {1, extent(rows), extent(columns)};
    return graph_.node("Reshape", {x, graph_.integers(shape, Shape{3})});
  }

  const Head& head_;
  OnnxGraph graph_;
};

}  // namespace

std::string_view to_string(HeadKind kind) {
  return kind == HeadKind::kPooled ? "pooled" : "recurrent";
}

RecurrentLayout layout_of(std::size_t dimensions, std::size_t labels, const RecurrentShape& shape) {
  RecurrentLayout layout;
  const auto place = [&](RecurrentLayout::Piece& piece, std::size_t rows, std::size_t columns) {
    piece = {layout.size, rows, columns};
    layout.size += piece.size();
  };
  place(layout.project, dimensions, shape.projection);
  place(layout.project_bias, 1, shape.projection);
  for (std::size_t layer = 0; layer < 2; ++layer) {
    place(layout.input[layer], 4 * shape.cells, layer == 0 ? shape.projection : shape.cells);
    place(layout.state[layer], 4 * shape.cells, shape.cells);
    place(layout.input_bias[layer], 1, 4 * shape.cells);
    place(layout.state_bias[layer], 1, 4 * shape.cells);
  }
  place(layout.gates, shape.cells, labels * (shape.experts + 1));
  place(layout.gates_bias, 1, labels * (shape.experts + 1));
  place(layout.experts, shape.cells, labels * shape.experts);
  place(layout.experts_bias, 1, labels * shape.experts);
  return layout;
}

Result<std::string> head_onnx(const Head& head) {
  return HeadGraph(head).write();
}

}  // namespace mien
