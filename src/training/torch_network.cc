#include "training/torch_network.h"

#include <algorithm>

namespace mien {

namespace {

at::Tensor dropped(const at::Tensor& x, double share, std::optional<at::Generator>& random) {
  if (!random || share <= 0) return x;
  const at::Tensor kept = at::empty_like(x).bernoulli_(1 - share, *random);
  return x * kept / (1 - share);
}

}  // namespace

at::Tensor tensor_of(const std::vector<float>& values) {
  return at::tensor(values, at::kFloat);
}

std::vector<float> taken(const at::Tensor& tensor) {
  const at::Tensor whole = tensor.contiguous();
  return {whole.data_ptr<float>(), whole.data_ptr<float>() + whole.numel()};
}

Result<TrackRows> read_rows(const Dataset& set, std::span<const std::uint32_t> clips) {
  TrackRows rows;
  rows.clips = static_cast<std::int64_t>(clips.size());
  std::vector<std::uint16_t> all, one;
  std::vector<std::int64_t> place;
  std::vector<float> lengths;
  for (std::size_t c = 0; c < clips.size(); ++c) {
    MIEN_TRY_VOID(set.read(clips[c], one));
    all.insert(all.end(), one.begin(), one.end());
    const auto length = static_cast<std::int64_t>(set.clips()[clips[c]].rows);
    for (std::int64_t t = 0; t < length; ++t)
      place.push_back(t * rows.clips + static_cast<std::int64_t>(c));
    lengths.push_back(static_cast<float>(length));
    rows.longest = std::max(rows.longest, length);
  }
  const auto count = static_cast<std::int64_t>(place.size());
  rows.features =
      at::from_blob(all.data(), {count, static_cast<std::int64_t>(set.dimensions())}, at::kHalf)
          .to(at::kFloat);
  rows.place = at::tensor(place, at::kLong);
  rows.lengths = tensor_of(lengths);
  return rows;
}

RecurrentNetwork::RecurrentNetwork(const RecurrentHead& head, std::size_t dimensions,
                                   std::size_t labels)
    : shape_(head.shape),
      labels_(static_cast<std::int64_t>(labels)),
      layout_(layout_of(dimensions, labels, head.shape)),
      mean_(tensor_of(head.mean)),
      scale_(tensor_of(head.scale)) {}

at::Tensor RecurrentNetwork::probs(const TrackRows& rows, const at::Tensor& parameters,
                                   double dropout, std::optional<at::Generator> random) const {
  const at::Tensor missing = at::isnan(rows.features);
  const at::Tensor z = ((rows.features - mean_) * scale_).masked_fill(missing, 0);
  at::Tensor x =
      at::relu(at::addmm(piece(parameters, layout_.project_bias), dropped(z, dropout, random),
                         piece(parameters, layout_.project)));
  x = dropped(x, dropout, random);
  x = at::zeros({rows.longest * rows.clips, x.size(1)}, at::kFloat)
          .index_copy(0, rows.place, x)
          .view({rows.longest, rows.clips, x.size(1)});
  std::vector<at::Tensor> weights;
  for (std::size_t layer = 0; layer < 2; ++layer) {
    weights.push_back(piece(parameters, layout_.input[layer]));
    weights.push_back(piece(parameters, layout_.state[layer]));
    weights.push_back(piece(parameters, layout_.input_bias[layer]).view({-1}));
    weights.push_back(piece(parameters, layout_.state_bias[layer]).view({-1}));
  }
  const auto cells = static_cast<std::int64_t>(shape_.cells);
  const at::Tensor start = at::zeros({2, rows.clips, cells}, at::kFloat);
  at::Tensor states = std::get<0>(
      at::lstm(x, {start, start}, weights, true, 2, 0.0, false, false, false));  // [T][clips][H]
  // What runs past a clip's end counts for nothing.
  states = states.reshape({rows.longest * rows.clips, cells}).index_select(0, rows.place);
  const at::Tensor clip = rows.place.remainder(rows.clips);
  const at::Tensor mean = at::zeros({rows.clips, cells}, at::kFloat).index_add(0, clip, states) /
                          rows.lengths.unsqueeze(1);
  const auto k = static_cast<std::int64_t>(shape_.experts);
  const at::Tensor gates =
      at::addmm(piece(parameters, layout_.gates_bias), mean, piece(parameters, layout_.gates))
          .view({-1, labels_, k + 1})
          .softmax(2);
  const at::Tensor experts =
      at::addmm(piece(parameters, layout_.experts_bias), mean, piece(parameters, layout_.experts))
          .view({-1, labels_, k})
          .sigmoid();
  return (gates.narrow(2, 0, k) * experts).sum(2);
}

at::Tensor RecurrentNetwork::piece(const at::Tensor& parameters,
                                   const RecurrentLayout::Piece& piece) const {
  return parameters
      .narrow(0, static_cast<std::int64_t>(piece.at), static_cast<std::int64_t>(piece.size()))
      .view({static_cast<std::int64_t>(piece.rows), static_cast<std::int64_t>(piece.columns)});
}

}  // namespace mien
