// One frame as raters see it: the followed head alone, or the scene with every other head filled.
//
// A pixel is the frame's own where it lies in the followed face's box; else not where it lies in
// another face's box; else where it lies in the followed head's oval. All coordinates are pixels of
// the picture that is given, after rotation.
#pragma once

#include <span>
#include <vector>

#include "base/image.h"
#include "base/random.h"
#include "context/face_mask.h"
#include "face/crop.h"
#include "face/face.h"

namespace mien {

// The detector's box grown to hair, ears and chin as head_region() does, turned with the eyes: the
// ellipse inside that rectangle. The box of an upright face lies within it.
struct HeadOval {
  Point2 centre;
  float across_px = 0;  // half the axes
  float along_px = 0;
  float roll_rad = 0;

  // 1 on the ellipse, less inside.
  float reach(float x_px, float y_px) const;
  Box bounds() const;
};
HeadOval head_oval(const FaceDetection& face);

struct OtherHead {
  Box box;  // where the detector saw the face
  Region region;
};

// `square` cut to side_px x side_px; outside the head grey with a grain that stays the same from
// frame to frame, over a soft rim. No pixel of another face's box is left but in the followed box.
Image face_view(const ImageView& image, const CropSquare& square, int side_px,
                const FaceDetection& followed, std::span<const OtherHead> others, Random random);

// The whole picture, other heads filled from what lies around them (face_mask.h).
Image scene_view(const ImageView& image, const FaceDetection& followed,
                 std::span<const OtherHead> others, Random random);

// By area; never larger than the picture.
Image shrunk(const ImageView& image, int width_px, int height_px);

}  // namespace mien
