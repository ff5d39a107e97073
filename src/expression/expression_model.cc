#include "expression/expression_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"

namespace mien {
namespace {

void softmax(std::vector<float>& values) {
  const float largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (const float v : values) sum += std::exp(static_cast<double>(v - largest));
  for (float& v : values) {
    v = static_cast<float>(std::exp(static_cast<double>(v - largest)) / sum);
  }
}

void sigmoid(std::vector<float>& values) {
  for (float& v : values) v = static_cast<float>(1 / (1 + std::exp(-static_cast<double>(v))));
}

}  // namespace

ExpressionModel::ExpressionModel(Session session, int side_px)
    : session_(std::move(session)), side_px_(side_px) {
  const auto side = static_cast<std::size_t>(side_px);
  const bool is_grey = manifest().colour_order == ColourOrder::kGrey;
  input_.resize(side * side * (is_grey ? 1 : 3));
}

Result<ExpressionModel> ExpressionModel::open(const ModelSet& models, const std::string& id) {
  MIEN_TRY(manifest, models.find(id));
  if (manifest.role != ModelRole::kExpression) {
    return Error{ErrorCode::kUnsupported, manifest.path.string() + ": '" + id + "' is a model of " +
                                              std::string(to_string(manifest.role)) +
                                              ", not of expressions; name another"};
  }
  const PictureShape shape = picture_shape(manifest);
  if (shape.rows != shape.columns || shape.rows < 1 || shape.rows > 4096) {
    return Error{ErrorCode::kUnsupported,
                 manifest.path.string() + ": input: the face crop must be a square of 1 to 4096 " +
                     "pixels; the manifest says " + std::to_string(shape.rows) + " x " +
                     std::to_string(shape.columns)};
  }
  MIEN_TRY(session, models.open_session(id));
  return ExpressionModel(std::move(session), static_cast<int>(shape.rows));
}

// Pixels in the manifest's colour order and scale.
void ExpressionModel::prepare(const ImageView& crop) {
  const Scaling& scaling = manifest().scaling;
  if (manifest().colour_order == ColourOrder::kRgb) {
    write_scaled(crop, scaling, input_);
    return;
  }
  const bool is_grey = manifest().colour_order == ColourOrder::kGrey;
  float* to = input_.data();
  for (int y = 0; y < crop.height_px; ++y) {
    const std::uint8_t* p = crop.row(y);
    for (int x = 0; x < crop.width_px; ++x, p += 3) {
      if (is_grey) {  // Rec. 601 luma
        const float luma = static_cast<float>(299 * p[0] + 587 * p[1] + 114 * p[2]) / 1000;
        *to++ = (luma - scaling.subtract[0]) * scaling.multiply;
        continue;
      }
      for (std::size_t c = 0; c < 3; ++c) {
        *to++ = (static_cast<float>(p[2 - c]) - scaling.subtract[c]) * scaling.multiply;
      }
    }
  }
}

std::vector<float> ExpressionModel::missing() const {
  return std::vector<float>(manifest().labels.size(), std::numeric_limits<float>::quiet_NaN());
}

Result<std::vector<float>> ExpressionModel::score(const ImageView& image, double scale,
                                                  const CropSquare& square) {
  MIEN_TRY(reading, read(image, scale, square));
  return std::move(reading.scores);
}

Result<std::vector<float>> ExpressionModel::score_crop(const ImageView& crop) {
  MIEN_TRY(reading, read_crop(crop));
  return std::move(reading.scores);
}

Result<ExpressionModel::Reading> ExpressionModel::read(const ImageView& image, double scale,
                                                       const CropSquare& square) {
  if (!is_usable(square)) return Reading{missing(), {}};
  const StageClock::Call call(clock_);
  return read_crop(cut(image, scale, square, side_px_, CropOutside::kBlack).view());
}

Result<ExpressionModel::Reading> ExpressionModel::read_crop(const ImageView& crop) {
  MIEN_CHECK(crop.width_px == side_px_ && crop.height_px == side_px_, "a crop of the model's size");
  prepare(crop);
  const auto channels = static_cast<std::int64_t>(
      input_.size() / (static_cast<std::size_t>(side_px_) * static_cast<std::size_t>(side_px_)));
  MIEN_TRY(outputs, session_.run({{1, side_px_, side_px_, channels}, input_}));
  Reading reading;
  reading.scores = std::move(outputs.front().data);
  for (std::size_t i = 1; i < outputs.size(); ++i) {
    reading.features.insert(reading.features.end(), outputs[i].data.begin(), outputs[i].data.end());
  }
  const auto is_finite = [](float v) { return std::isfinite(v); };
  if (!std::ranges::all_of(reading.scores, is_finite) ||
      !std::ranges::all_of(reading.features, is_finite)) {
    return Reading{missing(), {}};
  }
  if (manifest().activation == "softmax") {
    softmax(reading.scores);
  } else if (manifest().activation == "sigmoid") {
    sigmoid(reading.scores);
  }
  return reading;
}

}  // namespace mien
