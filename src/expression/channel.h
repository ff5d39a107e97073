// Expression channels: named numbers about one face on one frame.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "face/face.h"
#include "face/frame_analyser.h"
#include "model/model_set.h"
#include "table/schema.h"

namespace mien {

struct ChannelOptions {
  bool basic7 = true;
  bool action = true;
  bool label = true;  // prototype16; needs basic7 and action computed, not shown
  std::vector<std::string> expression_models;  // ids of further expression models (a user's own)
  std::filesystem::path prototype_file;        // data/prototype16.json
};

// The channels of a run, in column order; one thread at a time.
class ChannelScorer {
 public:
  static Result<ChannelScorer> open(const ModelSet& models, const ChannelOptions& options);
  ChannelScorer(ChannelScorer&&) noexcept;
  ChannelScorer& operator=(ChannelScorer&&) noexcept;
  ~ChannelScorer();

  const std::vector<ColumnSpec>& columns() const;

  // Scores of one face, one a column; NaN where missing (and nowhere else). `image` and `scale` as
  // in FrameAnalyser::analyse. Only faces with reason kNone are to be scored.
  Result<std::vector<float>> score(const ImageView& image, double scale,
                                   const FaceObservation& face);

  std::vector<StageTime> stage_times() const;

 private:
  struct State;
  explicit ChannelScorer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mien
