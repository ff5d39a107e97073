#include "context/face_masker.h"

#include <algorithm>
#include <utility>

namespace mien {

namespace {

// Chosen in docs/contexts-visual.md.
constexpr float kLeastScore_prob = 0.6F;
constexpr float kBorder = 0.25F;   // as in FaceOptions
constexpr float kSameFace = 0.3F;  // intersection over union of the detector's boxes

Region both(const Region& a, const Region& b) {
  const int x = std::min(a.x_px, b.x_px);
  const int y = std::min(a.y_px, b.y_px);
  return {x, y, std::max(a.x_px + a.width_px, b.x_px + b.width_px) - x,
          std::max(a.y_px + a.height_px, b.y_px + b.height_px) - y};
}

FaceDetection on_picture(const FaceDetection& face, double scale) {
  const auto unit = static_cast<float>(1 / scale);
  FaceDetection here = face;
  here.box = {face.box.x_px * unit, face.box.y_px * unit, face.box.width_px * unit,
              face.box.height_px * unit};
  for (Point2& point : here.keypoints) point = {point.x * unit, point.y * unit};
  return here;
}

// The heads of a picture and the face that each was first seen as. Compared are the faces: heads of
// people side by side overlap.
class Heads {
 public:
  explicit Heads(const ImageView& image) : image_(image) {}

  // True where there is something new to fill.
  bool add(const FaceDetection& face, double scale) {
    const Region head = head_region(face, scale, image_.width_px, image_.height_px);
    if (head.width_px == 0 || share_covered(head, regions_) >= 1) return false;
    const FaceDetection here = on_picture(face, scale);
    for (std::size_t i = 0; i < regions_.size(); ++i) {
      if (intersection_over_union(faces_[i].box, here.box) < kSameFace) continue;
      regions_[i] = both(regions_[i], head);
      return true;
    }
    regions_.push_back(head);
    faces_.push_back(here);
    return true;
  }
  // Whether a box on the picture is mostly filled already: smooth colours can look like a face.
  bool is_filled(const Box& box) const {
    constexpr double kMostly = 0.5;
    const Region region{
        static_cast<int>(std::clamp(box.x_px, 0.0F, static_cast<float>(image_.width_px))),
        static_cast<int>(std::clamp(box.y_px, 0.0F, static_cast<float>(image_.height_px))),
        static_cast<int>(std::clamp(box.width_px, 0.0F, static_cast<float>(image_.width_px))),
        static_cast<int>(std::clamp(box.height_px, 0.0F, static_cast<float>(image_.height_px)))};
    return share_covered(region, regions_) > kMostly;
  }
  const std::vector<Region>& regions() const { return regions_; }
  const std::vector<FaceDetection>& faces() const { return faces_; }

 private:
  const ImageView& image_;
  std::vector<Region> regions_;
  std::vector<FaceDetection> faces_;
};

}  // namespace

Result<FaceMasker> FaceMasker::open(const ModelSet& models) {
  MIEN_TRY(detector, Detector::open(models));
  return FaceMasker(std::move(detector));
}

Result<MaskedPicture> FaceMasker::mask(const ImageView& image, double scale,
                                       std::span<const FaceDetection> known, Random random) {
  MaskedPicture masked;
  Heads heads(image);
  for (const FaceDetection& face : known) heads.add(face, scale);
  masked.image = filled(image, heads.regions(), random);
  ImageView seen = image;
  for (masked.rounds = 1;; ++masked.rounds) {
    MIEN_TRY(found,
             detector_.candidates(seen, 1, Passes::kBaseAndTiles, kBorder, kLeastScore_prob));
    bool is_new = false;
    for (const FaceDetection& face : found) {
      if (masked.rounds == 1 || !heads.is_filled(face.box)) is_new |= heads.add(face, 1);
    }
    if (is_new) masked.image = filled(image, heads.regions(), random);
    if (masked.rounds == kMaxRounds || (masked.rounds > 1 && !is_new)) break;
    seen = masked.image.view();
  }
  masked.heads = heads.regions();
  masked.faces = heads.faces();
  return masked;
}

}  // namespace mien
