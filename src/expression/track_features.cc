#include "expression/track_features.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/half_float.h"
#include "expression/actions.h"
#include "expression/expression_crop.h"
#include "face/alignment.h"

namespace mien {

namespace {

constexpr const char* kDescriptor = "descriptor";
constexpr const char* kExpression = "expression";
constexpr const char* kMiddle = "middle";
constexpr const char* kLandmarks = "landmarks";
constexpr const char* kAction = "action";
constexpr std::string_view kBlendshape = kExtraBlocks[0];
constexpr std::string_view kActionUnits = kExtraBlocks[1];
constexpr const char* kDescriptorModel = "faceres";
constexpr const char* kExpressionModel = "face_expression";

// The descriptor's square, in longer sides of the box: docs/expression-heads.md.
constexpr CropRule kDescriptorRule = {CropRule::Around::kBox, 1.2F, 0};

// Points of the mesh that lie where the 68 of the iBUG 300-W scheme do (Sagonas et al. 2013): jaw,
// brows, nose, eyes, outer and inner lips.
constexpr std::array<std::size_t, 68> kPoints = {
    162, 234, 93,  58,  172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389,
    71,  63,  105, 66,  107, 336, 296, 334, 293, 301, 168, 197, 5,   4,   75,  97,  2,
    326, 305, 33,  160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380, 61,  39,  37,
    0,   267, 269, 291, 405, 314, 17,  84,  181, 78,  82,  13,  312, 308, 317, 14,  87};

Image mirrored(const Image& image) {
  Image result(image.width_px(), image.height_px());
  const auto width = static_cast<std::size_t>(image.width_px());
  for (int y = 0; y < image.height_px(); ++y) {
    const std::uint8_t* from = image.view().row(y);
    std::uint8_t* to = result.row(y);
    for (std::size_t x = 0; x < width; ++x) {
      std::copy_n(from + 3 * x, 3, to + 3 * (width - 1 - x));
    }
  }
  return result;
}

// The means of two readings; empty where either is.
std::vector<float> mean_of(std::vector<float> one, const std::vector<float>& other) {
  if (one.size() != other.size()) return {};
  for (std::size_t i = 0; i < one.size(); ++i) one[i] = (one[i] + other[i]) / 2;
  return one;
}

Result<std::int64_t> output_size(const ModelSet& models, const char* id, const char* output,
                                 std::string& sha256) {
  MIEN_TRY(manifest, models.find(id));
  sha256 = manifest.onnx_sha256;
  for (const TensorSpec& tensor : manifest.outputs) {
    if (tensor.name == output) return tensor.shape.back();
  }
  return Error{ErrorCode::kMismatch, manifest.path.string() + ": outputs: there is no '" +
                                         std::string(output) +
                                         "', which heads read; remedy: the manifest that comes "
                                         "with Mien has it"};
}

std::string shown(const HeadFeatures::Block& block) {
  return block.name + " of " + std::to_string(block.size) + " numbers" +
         (block.model.empty() ? "" : " by " + block.model + " " + block.onnx_sha256.substr(0, 12)) +
         (block.landmarks_sha256.empty()
              ? ""
              : " on the landmarks of " + block.landmarks_sha256.substr(0, 12));
}

bool is_same(const HeadFeatures::Block& one, const HeadFeatures::Block& other) {
  return one.size == other.size && one.model == other.model &&
         one.onnx_sha256 == other.onnx_sha256 && one.landmarks_sha256 == other.landmarks_sha256;
}

}  // namespace

bool is_extra_block(std::string_view name) {
  return std::ranges::find(kExtraBlocks, name) != kExtraBlocks.end();
}

Result<std::vector<HeadFeatures::Block>> feature_blocks(const ModelSet& models,
                                                        std::span<const std::string> extra) {
  std::string descriptor_sha256;
  std::string expression_sha256;
  MIEN_TRY(descriptor, output_size(models, kDescriptorModel, "descriptor", descriptor_sha256));
  MIEN_TRY(expression, output_size(models, kExpressionModel, "features", expression_sha256));
  MIEN_TRY(middle, output_size(models, kExpressionModel, "middle", expression_sha256));
  std::vector<HeadFeatures::Block> blocks = {
      {kDescriptor, descriptor, kDescriptorModel, descriptor_sha256},
      {kExpression, expression, kExpressionModel, expression_sha256},
      {kMiddle, middle, kExpressionModel, expression_sha256},
      {kLandmarks, 2 * std::int64_t{kPoints.size()}, "", ""},
      {kAction, std::int64_t{kActionCount}, "", ""}};
  for (const std::string_view name : kExtraBlocks) {
    if (std::ranges::find(extra, name) == extra.end()) continue;
    MIEN_TRY(mesh, models.find(kIrisLandmarkModel));
    MIEN_TRY(shapes, models.find(kBlendshapeModel));
    const std::size_t size =
        name == kBlendshape ? shapes.labels.size() : action_unit_specs().size();
    blocks.push_back({std::string(name), static_cast<std::int64_t>(size), kBlendshapeModel,
                      shapes.onnx_sha256, mesh.onnx_sha256});
  }
  return blocks;
}

Result<FeatureExtractor> FeatureExtractor::open(const ModelSet& models,
                                                std::span<const HeadFeatures::Block> wanted) {
  std::vector<std::string> extra;
  for (const HeadFeatures::Block& block : wanted) {
    if (is_extra_block(block.name)) extra.push_back(block.name);
  }
  MIEN_TRY(known, feature_blocks(models, extra));
  FeatureExtractor extractor;
  for (const HeadFeatures::Block& block : wanted) {
    const auto found = std::ranges::find(known, block.name, &HeadFeatures::Block::name);
    if (found == known.end()) {
      std::string names;
      for (const auto& other : known) names += (names.empty() ? "" : ", ") + other.name;
      return Error{ErrorCode::kMismatch, "it reads the features '" + block.name +
                                             "', which this program does not compute; there are " +
                                             names + "; remedy: train it again"};
    }
    if (!is_same(*found, block)) {
      return Error{ErrorCode::kMismatch, "it was trained on " + shown(block) +
                                             ", the program here computes " + shown(*found) +
                                             "; remedy: train it again with these networks"};
    }
    extractor.blocks_.push_back(block);
    extractor.size_ += static_cast<std::size_t>(block.size);
    MIEN_TRY_VOID(extractor.open_networks(models, block));
  }
  return extractor;
}

Status FeatureExtractor::open_networks(const ModelSet& models, const HeadFeatures::Block& block) {
  if (block.name == kDescriptor) {
    MIEN_TRY(opened, Descriptor::open(models));
    descriptor_ = std::move(opened);
  } else if (block.model == kExpressionModel && !expression_) {
    MIEN_TRY(opened, ExpressionModel::open(models, kExpressionModel));
    expression_ = std::move(opened);
  } else if (block.model == kBlendshapeModel && !blendshapes_) {
    MIEN_TRY(opened, Blendshapes::open(models));
    MIEN_TRY(units, ActionUnits::open(opened.manifest().labels));
    blendshapes_ = std::move(opened);
    action_units_ = std::move(units);
  }
  return Ok{};
}

// What the network gives before its last layer, then of its middle: means of the crop and its
// mirror image; empty where it gives none.
Result<std::vector<float>> FeatureExtractor::read_expression(const ImageView& image, double scale,
                                                             const FaceObservation& face) {
  const StageClock::Call call(expression_clock_);
  const CropSquare square = expression_square(face);
  if (!is_usable(square)) return std::vector<float>();
  const Image crop = cut(image, scale, square, expression_->side_px(), CropOutside::kBlack);
  MIEN_TRY(straight, expression_->read_crop(crop.view()));
  MIEN_TRY(turned, expression_->read_crop(mirrored(crop).view()));
  return mean_of(std::move(straight.features), turned.features);
}

Result<std::vector<float>> FeatureExtractor::extract(const ImageView& image, double scale,
                                                     const FaceObservation& face,
                                                     std::int64_t grid_index) {
  std::vector<float> row;
  row.reserve(size_);
  std::vector<float> expression;  // of both blocks
  if (expression_) {
    MIEN_TRY(read, read_expression(image, scale, face));
    expression = std::move(read);
  }
  std::vector<float> shapes;  // likewise
  if (blendshapes_ && face.has_landmarks) {
    MIEN_TRY(read, blendshapes_->score(image, scale, face));
    shapes = std::move(read);
  }
  for (const HeadFeatures::Block& block : blocks_) {
    std::vector<float> values;
    if (block.name == kDescriptor) {
      if (grid_index % kDescriptorEvery != 0) {
        row.insert(row.end(), static_cast<std::size_t>(block.size),
                   std::numeric_limits<float>::quiet_NaN());
        continue;
      }
      const StageClock::Call call(descriptor_clock_);
      const CropSquare square = expression_square(face, kDescriptorRule);
      if (is_usable(square)) {
        const Image crop = cut(image, scale, square, descriptor_->side_px(), CropOutside::kBlack);
        MIEN_TRY(read, descriptor_->read_crop(crop.view()));
        values = std::move(read);
      }
    } else if (block.name == kExpression || block.name == kMiddle) {
      const auto size = static_cast<std::ptrdiff_t>(block.size);
      if (!expression.empty() && block.name == kExpression) {
        values.assign(expression.begin(), expression.begin() + size);
      } else if (!expression.empty()) {
        values.assign(expression.end() - size, expression.end());
      }
    } else if (!face.has_landmarks) {
      // nothing to measure
    } else if (block.name == kLandmarks) {
      const AlignedFace aligned = align_face(face.landmarks);
      for (const std::size_t point : kPoints) {
        values.push_back(aligned.points[point].x);
        values.push_back(aligned.points[point].y);
      }
    } else if (block.name == kBlendshape) {
      values = shapes;
    } else if (block.name == kActionUnits) {
      values = action_units_->from(shapes);
    } else {
      const Actions actions = measure_actions(face.landmarks);
      values.assign(actions.begin(), actions.end());
    }
    values.resize(static_cast<std::size_t>(block.size), std::numeric_limits<float>::quiet_NaN());
    for (const float value : values) row.push_back(half_to_float(float_to_half(value)));
  }
  return row;
}

std::vector<StageTime> FeatureExtractor::stage_times() const {
  std::vector<StageTime> times;
  const auto add = [&times](const char* stage, const StageClock& clock) {
    times.push_back({stage, clock.calls, clock.seconds});
  };
  if (descriptor_) add("features: descriptor", descriptor_clock_);
  if (expression_) add("features: expression", expression_clock_);
  if (blendshapes_) {
    for (const StageTime& time : blendshapes_->stage_times())
      times.push_back({"features: " + time.stage, time.calls, time.seconds});
  }
  return times;
}

}  // namespace mien
