// Which faces need a descriptor, so that the tracker can tell people apart where motion cannot:
// when they appear, and from when they meet until both must have shown themselves again. On all
// other frames motion is enough, and the network that makes descriptors costs more than all the
// others together.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "face/face.h"

namespace mien {

class DescriptorRule {
 public:
  // One answer a face, in the order of `faces`; one call a frame, in time order. Yes for a face
  // - that overlaps no face of the frame before (intersection over union under 0.3): it is new,
  //   back from a gap, or the first after forget();
  // - whose box touches another's, or a box that met another in the last two seconds (the tracker's
  //   max_gap_s), each grown by a tenth of its size on every side: people may be crossing, and one
  //   may be hidden.
  std::vector<bool> wanted(std::span<const FaceObservation> faces, std::int64_t pts_us);

  // Nothing is known any more: a chunk begins, or a shot.
  void forget();

 private:
  struct Meeting {
    Box box;
    std::int64_t at_us;
  };
  std::vector<Box> before_;
  std::vector<Meeting> meetings_;
};

}  // namespace mien
