// The parts of a transformer (Vaswani et al. 2017, "Attention is all you need") as ONNX nodes, in
// the spelled-out forms that ONNX Runtime fuses. Tensors are batch x tokens x width; every token is
// a real one, so nothing is masked.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/import/onnx_graph.h"

namespace mien {

struct Affine {  // x * scale + bias after normalisation
  std::span<const float> scale;
  std::span<const float> bias;
};

struct Linear {                    // x * weights + bias
  std::span<const float> weights;  // inputs x outputs, row major
  std::span<const float> bias;     // outputs
};

class TransformerGraph {
 public:
  explicit TransformerGraph(OnnxGraph& graph) : graph_(graph) {}

  // Row 0, 1, 2... of a table of `width` columns, as many as there are token ids.
  std::string positions(const std::string& ids, std::span<const float> table, std::int64_t width);

  std::string linear(const std::string& x, const Linear& layer);

  // To mean 0 and variance 1 over the width, `epsilon` added to the variance.
  std::string layer_norm(const std::string& x, const Affine& affine, float epsilon);

  // x / 2 * (1 + erf(x / sqrt 2)), Hendrycks and Gimpel 2016.
  std::string gelu(const std::string& x);

  // Queries, keys and values side by side, each heads x head_width wide -> heads x head_width. The
  // queries are divided by the root of head_width.
  std::string attention(const std::string& qkv, std::int64_t heads, std::int64_t head_width);

  // The mean over at most `most` tokens, in two equal rows: batch x 2 x width. A product with ones,
  // since the bits of ONNX Runtime's own mean depend on the batch; and two rows, since a product of
  // a single one runs another way, so that bits would depend on the batch in what follows.
  std::string mean_twice(const std::string& ids, const std::string& x, std::int64_t most);
  std::string first_row(const std::string& x);  // batch x rows x width -> batch x width

  std::string add(const std::string& a, const std::string& b) { return graph_.node("Add", {a, b}); }
  std::string number(float value);

 private:
  std::string shape(const std::vector<std::int64_t>& extents);

  OnnxGraph& graph_;
};

}  // namespace mien
