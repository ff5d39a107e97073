// A trained head: features of one span of a face's track -> a calibrated probability a label.
//
// Two kinds:
// - pooled: mean over the span's rows and, where clips are not all stills, their standard deviation
//   (n - 1), each standardised, those never below 0 in training as square roots; then logistic
//   regression. Missing rows of a feature are passed over; a feature without any row counts as its
//   training mean, as does a deviation of fewer than 2 rows.
// - recurrent: rows standardised (missing: the training mean), a projection with ReLU, two layers
// of
//   long short-term memory (Hochreiter and Schmidhuber 1997), the mean of the second's states over
//   the rows, and a mixture of experts: p = sum_k g_k sigmoid(e_k), g a softmax over K experts and
//   one that says no (Jordan and Jacobs 1994; Abu-El-Haija et al. 2016, "YouTube-8M", eq. 9).
// Both end in a calibration (calibration.h): p' = sigmoid(intercept + slope logit(p)), logit(p)
// held within +-kMostLogit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

enum class HeadKind { kPooled, kRecurrent };
std::string_view to_string(HeadKind kind);  // "pooled", "recurrent"

inline constexpr float kMostLogit = 15;

struct PooledHead {
  bool spread = false;             // deviations follow the means
  std::vector<std::uint8_t> root;  // of each pooled feature: 1, its square root enters
  std::vector<float> mean, scale;  // of each pooled feature; scale 1/SD, 0: it never varied
  std::vector<float> weights;      // [features][labels]
  std::vector<float> bias;         // [labels]
};

struct RecurrentShape {
  std::size_t projection = 64, cells = 64, experts = 4;
};

// Where each matrix stands in the flat vector of parameters; row-major.
struct RecurrentLayout {
  struct Piece {
    std::size_t at = 0, rows = 0, columns = 0;
    std::size_t size() const { return rows * columns; }
  };
  Piece project, project_bias;         // [D][P], [1][P]
  Piece input[2], state[2];            // [4H][P or H], [4H][H]; gates input, forget, cell, output
  Piece input_bias[2], state_bias[2];  // [1][4H]
  Piece gates, gates_bias;             // [H][L (K + 1)], [1][L (K + 1)]
  Piece experts, experts_bias;         // [H][L K], [1][L K]
  std::size_t size = 0;
};
RecurrentLayout layout_of(std::size_t dimensions, std::size_t labels, const RecurrentShape& shape);

struct RecurrentHead {
  RecurrentShape shape;
  std::vector<float> mean, scale;  // of each feature of a row
  std::vector<float> parameters;   // as layout_of() says
};

struct Head {
  HeadKind kind = HeadKind::kPooled;
  std::size_t dimensions = 0;  // D, numbers a row
  std::vector<std::string> labels;
  PooledHead pooled;                    // of the kind kPooled
  RecurrentHead recurrent;              // of the kind kRecurrent
  std::vector<float> slope, intercept;  // calibration, of each label
};

// The bytes of an ONNX model: input "features" float [1][T][D], T free and at least 1; output
// "probabilities" float [1][L]. The same head gives the same bytes.
Result<std::string> head_onnx(const Head& head);

}  // namespace mien
