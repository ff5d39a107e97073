// What a trained head reads of a face: numbers of networks that are not trained here, one row a
// scored frame, in blocks.
//
//   descriptor  1024  faceres before its heads, as the network gives it (not of unit length)
//   expression   256  face_expression before its last layer
//   middle       192  the same network's middle: means over the picture of two of its blocks
//   landmarks    136  x and y of 68 mesh points, turned upright, in eye distances
//   (face/alignment.h) action        26  expression/actions.h
//
// and two that are read only where training asked for them, since a user brings their networks:
//
//   blendshape    52  expression/blendshapes.h
//   au            23  expression/action_units.h, read off the same run
//
// Crops, mirroring and the choice of points were measured: docs/expression-heads.md. Rows are
// rounded to half floats, as data sets store them, so that a head reads the same numbers in
// training and in `annotate`. They can tell people apart and are kept only where somebody asks.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "expression/action_units.h"
#include "expression/blendshapes.h"
#include "expression/expression_model.h"
#include "face/descriptor.h"
#include "face/face.h"
#include "face/frame_analyser.h"
#include "model/model_set.h"

namespace mien {

// Those that are read only where asked for, in the order of rows.
inline constexpr std::array<std::string_view, 2> kExtraBlocks = {"blendshape", "au"};
bool is_extra_block(std::string_view name);

// Every block that is always there, then those of kExtraBlocks that `extra` names, with the models
// of the set; in the order of rows. Errors: kMismatch; kNotFound where the set has not the networks
// of an extra block (bundle_manifests() in expression/blendshapes.h).
Result<std::vector<HeadFeatures::Block>> feature_blocks(const ModelSet& models,
                                                        std::span<const std::string> extra = {});

// One thread at a time.
class FeatureExtractor {
 public:
  // `wanted`: blocks as a head's manifest lists them, or as feature_blocks() gives them. Errors:
  // kMismatch, naming the block, where there is none of that name, or one of another size or
  // another network's; those of the networks.
  static Result<FeatureExtractor> open(const ModelSet& models,
                                       std::span<const HeadFeatures::Block> wanted);

  std::size_t size() const { return size_; }  // of a row

  // A row of size(), the blocks in the order asked for; a block's numbers are NaN where its network
  // gave none or there are no landmarks that can be aligned. `image` and `scale` as in
  // FrameAnalyser::analyse. Cost: docs/expression-heads.md.
  // The descriptor, which costs most and changes least, is read on every kDescriptorEvery-th grid
  // point and NaN on the others.
  Result<std::vector<float>> extract(const ImageView& image, double scale,
                                     const FaceObservation& face, std::int64_t grid_index);
  static constexpr std::int64_t kDescriptorEvery = 3;  // twice a second at 6 Hz

  // "features: descriptor" and the like, one a network.
  std::vector<StageTime> stage_times() const;

 private:
  FeatureExtractor() = default;
  Result<std::vector<float>> read_expression(const ImageView& image, double scale,
                                             const FaceObservation& face);
  Status open_networks(const ModelSet& models, const HeadFeatures::Block& block);
  std::vector<HeadFeatures::Block> blocks_;
  std::size_t size_ = 0;
  std::optional<Descriptor> descriptor_;
  std::optional<ExpressionModel> expression_;
  std::optional<Blendshapes> blendshapes_;
  std::optional<ActionUnits> action_units_;
  StageClock descriptor_clock_;
  StageClock expression_clock_;
};

}  // namespace mien
