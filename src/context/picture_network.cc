#include "context/picture_network.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "context/network_picture.h"

namespace mien {

namespace {

void softmax(std::vector<float>& values) {
  const float top = *std::ranges::max_element(values);
  float sum = 0;
  for (float& value : values) sum += value = std::exp(value - top);
  for (float& value : values) value /= sum;
}

}  // namespace

bool is_picture_classifier(const Manifest& manifest) {
  return manifest.role == ModelRole::kObjects && manifest.outputs.front().shape.size() == 2;
}

std::string vector_output(const Manifest& manifest) {
  if (manifest.role == ModelRole::kEmbedding || manifest.role == ModelRole::kImageText) {
    return manifest.outputs.front().name;
  }
  if (!is_picture_classifier(manifest) || manifest.outputs.size() < 2) return "";
  const TensorSpec& second = manifest.outputs[1];
  return second.shape.size() == 2 && second.shape[1] > 0 ? second.name : "";
}

std::vector<float> activated(std::span<const float> values, const std::string& activation) {
  std::vector<float> probs(values.begin(), values.end());
  if (activation == "softmax") softmax(probs);
  for (float& value : probs) {
    if (activation == "sigmoid") value = 1 / (1 + std::exp(-value));
    value = std::clamp(value, 0.0F, 1.0F);
  }
  return probs;
}

PictureNetwork::PictureNetwork(Session session) : session_(std::move(session)) {
  const PictureShape shape = picture_shape(session_.manifest());
  input_.resize(static_cast<std::size_t>(shape.rows * shape.columns * shape.channels));
}

Result<PictureNetwork> PictureNetwork::open(const ModelSet& models, const std::string& id) {
  MIEN_TRY(session, models.open_session(id));
  return PictureNetwork(std::move(session));
}

Result<std::vector<Tensor>> PictureNetwork::see(const ImageView& image) {
  const StageClock::Call call(clock_);
  const PictureShape shape = picture_shape(manifest());
  write_picture(image, manifest(), manifest().framing, input_);
  MIEN_TRY(out, session_.run({{1, shape.rows, shape.columns, shape.channels}, input_}));
  for (const Tensor& tensor : out) {
    if (std::ranges::any_of(tensor.data, [](float value) { return !std::isfinite(value); })) {
      return Error{ErrorCode::kInternal,
                   "model '" + manifest().id + "': an output is not a finite number"};
    }
  }
  return out;
}

std::span<const float> PictureNetwork::output(std::span<const Tensor> seen,
                                              const std::string& name) const {
  const auto& specs = manifest().outputs;
  const auto it = std::ranges::find(specs, name, &TensorSpec::name);
  if (it == specs.end()) return {};
  return seen[static_cast<std::size_t>(it - specs.begin())].data;
}

Result<std::vector<float>> PictureNetwork::classify(const ImageView& image) {
  MIEN_TRY(seen, see(image));
  return activated(seen.front().data, manifest().activation);
}

}  // namespace mien
