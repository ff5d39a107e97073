// The recurrent head as a LibTorch computation: rows of clips and a vector of parameters -> the
// probability of each label, with derivatives where the parameters ask for them.
#pragma once

#include <torch/types.h>

#include <optional>
#include <span>
#include <vector>

#include "training/dataset.h"
#include "training/head.h"

namespace mien {

at::Tensor tensor_of(const std::vector<float>& values);
std::vector<float> taken(const at::Tensor& tensor);

// Some clips' rows after each other, as halves, and where they belong in [T][clips].
struct TrackRows {
  at::Tensor features;  // [rows][D], float, raw
  at::Tensor place;     // [rows], t * clips + clip
  at::Tensor lengths;   // [clips], float
  std::int64_t longest = 0, clips = 0;
};

Result<TrackRows> read_rows(const Dataset& set, std::span<const std::uint32_t> clips);

class RecurrentNetwork {
 public:
  RecurrentNetwork(const RecurrentHead& head, std::size_t dimensions, std::size_t labels);

  // Probability of each label, [clips][labels]. Dropout where `random` is given.
  at::Tensor probs(const TrackRows& rows, const at::Tensor& parameters, double dropout,
                   std::optional<at::Generator> random) const;

 private:
  at::Tensor piece(const at::Tensor& parameters, const RecurrentLayout::Piece& piece) const;

  RecurrentShape shape_;
  std::int64_t labels_;
  RecurrentLayout layout_;
  at::Tensor mean_, scale_;
};

}  // namespace mien
