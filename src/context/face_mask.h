// Takes faces out of a picture before a network names its situation.
//
// A head is the detector's box, which reaches from the brows to the chin, grown to hair, ears and
// chin and turned with the eyes. What lies in it is filled from what lies around it: the picture is
// averaged over cells without the heads' pixels, cells that are all head are the solution of
// Laplace's equation between their neighbours (the membrane of Perez et al. 2003, "Poisson image
// editing", section 2, on a coarse grid), read bilinearly, with seeded noise on top. No pixel
// outside the regions changes, and none inside is used. A region's place and size stay visible.
#pragma once

#include <span>
#include <vector>

#include "base/image.h"
#include "base/random.h"
#include "base/result.h"
#include "face/face.h"

namespace mien {

// Whole pixels of one picture, inside it.
struct Region {
  int x_px = 0;
  int y_px = 0;
  int width_px = 0;
  int height_px = 0;
};

// The head of a face, of `scale` source pixels per picture pixel; no extent where it lies outside
// a picture of width x height.
Region head_region(const FaceDetection& face, double scale, int width_px, int height_px);

// The picture with the regions filled. Cost: about 1 ms for 640 x 360, and 10 ns a filled pixel.
Image filled(const ImageView& image, std::span<const Region> regions, Random random);

// As many regions of the same sizes, placed at random where they touch no head; where there is no
// such place among 200, the one that shares least with heads. Elsewhere regions may overlap.
std::vector<Region> elsewhere(std::span<const Region> heads, int width_px, int height_px,
                              Random random);

// Share of `box` that lies in at least one region; 0 for an empty box. Share of the pixels of
// `regions` that lie in `others` too.
double share_covered(const Region& box, std::span<const Region> regions);
double share_on(std::span<const Region> regions, std::span<const Region> others, int width_px,
                int height_px);

}  // namespace mien
