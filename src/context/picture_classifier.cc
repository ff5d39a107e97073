#include "context/picture_classifier.h"

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

PictureClassifier::PictureClassifier(Session session) : session_(std::move(session)) {
  const PictureShape shape = picture_shape(session_.manifest());
  input_.resize(static_cast<std::size_t>(shape.rows * shape.columns * shape.channels));
}

Result<PictureClassifier> PictureClassifier::open(const ModelSet& models, const std::string& id) {
  MIEN_TRY(session, models.open_session(id));
  return PictureClassifier(std::move(session));
}

Result<std::vector<float>> PictureClassifier::classify(const ImageView& image) {
  const StageClock::Call call(clock_);
  const PictureShape shape = picture_shape(manifest());
  write_picture(image, manifest(), Framing::kMiddle, input_);
  MIEN_TRY(out, session_.run({{1, shape.rows, shape.columns, shape.channels}, input_}));
  std::vector<float> probs = std::move(out.front().data);
  if (std::ranges::any_of(probs, [](float value) { return !std::isfinite(value); })) {
    return Error{ErrorCode::kInternal,
                 "model '" + manifest().id + "': an output is not a finite number"};
  }
  if (manifest().activation == "softmax") softmax(probs);
  for (float& value : probs) {
    if (manifest().activation == "sigmoid") value = 1 / (1 + std::exp(-value));
    value = std::clamp(value, 0.0F, 1.0F);
  }
  return probs;
}

}  // namespace mien
