// Expression channels: named numbers about one face on one frame.
//
// basic7  probabilities of the packaged classifier (expression_model.h); docs/expressions.md
// action  descriptions without an emotion word (actions.h); docs/actions.md
// label   prototype16, a prior that no rating has validated (prototype.h); docs/prototype16.md
// blendshape  52 movements (blendshapes.h), where asked for and its networks were added;
//         docs/blendshapes.md
// au      Action Units read off these (action_units.h), which prototype16 then reads too;
//         docs/action-units.md
// and the labels of further models that a user adds, under the channel of their manifest. A further
// model whose channel is "label" takes the place of prototype16, and so does an expression head: a
// model that ratings trained (expression_head.h). A head scores spans of a track, not frames: its
// columns are missing here, and the features that it reads come beside the scores.
//
// Columns are "<channel>_<name>", in the order basic7, action, label, blendshape, au, further
// models. basic7's network runs once a face for itself and the labels; a mesh-only run (action
// alone) runs none.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "expression/expression_head.h"
#include "expression/head_facts.h"
#include "face/face.h"
#include "face/frame_analyser.h"
#include "model/model_set.h"
#include "table/schema.h"

namespace mien {

struct ChannelOptions {
  bool basic7 = true;
  bool action = true;
  bool label = true;          // prototype16; basic7 and actions are computed for it, shown or not
  bool blendshape = false;    // needs networks that a user adds
  bool action_units = false;  // likewise
  std::vector<std::string> expression_models;  // ids of further expression models (a user's own)
  std::optional<HeadFacts> head;               // an expression head
  bool features = false;  // give all blocks of features, whatever a head reads; for training
  std::vector<std::string> extra_features;  // and of the extra blocks these (track_features.h)
  std::filesystem::path prototype_file;     // data/prototype16.json

  bool needs_blendshapes() const { return blendshape || action_units; }
};

// The channels of a run, in column order; one thread at a time.
class ChannelScorer {
 public:
  // Errors: those of ExpressionModel::open, ExpressionHead::open, Blendshapes::open,
  // FeatureExtractor::open and Prototype::read; kMismatch where two channels would have columns of
  // one name.
  static Result<ChannelScorer> open(const ModelSet& models, const ChannelOptions& options);
  ChannelScorer(ChannelScorer&&) noexcept;
  ChannelScorer& operator=(ChannelScorer&&) noexcept;
  ~ChannelScorer();

  const std::vector<ColumnSpec>& columns() const;

  // Scores of one face, one a column; NaN where missing (and nowhere else). `image` and `scale` as
  // in FrameAnalyser::analyse. Only faces with reason kNone are to be scored. Cost: one run of
  // each network; actions and labels are half a per cent of one.
  Result<std::vector<float>> score(const ImageView& image, double scale,
                                   const FaceObservation& face);

  // Numbers in a row of features; 0 where nobody reads them.
  std::size_t feature_size() const;
  // The row of one face (track_features.h); empty where nobody reads it.
  Result<std::vector<float>> features(const ImageView& image, double scale,
                                      const FaceObservation& face, std::int64_t grid_index);
  // Where the head's columns begin; nullopt without a head.
  std::optional<std::size_t> head_columns() const;

  // "basic7", "action", "label", "iris_landmarks", "blendshape", and the channel of each further
  // model.
  std::vector<StageTime> stage_times() const;

 private:
  struct State;
  explicit ChannelScorer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mien
