// Files of scores as other tools write them, for tests.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

namespace mien::testing {

// What OpenFace tells of one frame.
struct OpenFaceFrame {
  double confidence = 0.98;
  int success = 1;
  double rx = 0, ry = 0, rz = 0;
  double au12_r = 0;
  double au12_c = 0;
};

// FeatureExtraction's layout, as its output page gives it: names after ", ", times of three
// decimals, frames from 1. Two of the Action Units, one landmark.
inline std::string openface_csv(int frames, double frames_per_s,
                                const std::function<OpenFaceFrame(int)>& tell, int faces = 1) {
  std::string text =
      "frame, face_id, timestamp, confidence, success, gaze_0_x, gaze_0_y, gaze_0_z, gaze_1_x, "
      "gaze_1_y, gaze_1_z, gaze_angle_x, gaze_angle_y, pose_Tx, pose_Ty, pose_Tz, pose_Rx, "
      "pose_Ry, pose_Rz, x_0, y_0, AU04_r, AU12_r, AU12_c, AU28_c\n";
  for (int i = 0; i < frames; ++i) {
    for (int face = 0; face < faces; ++face) {
      const OpenFaceFrame told = tell(i);
      text += fmt::format(
          "{}, {}, {:.3f}, {:.2f}, {}, 0.1, 0.2, -0.97, -0.1, 0.2, -0.97, 0.01, 0.2, 10.5, -3.1, "
          "450.0, {:.3f}, {:.3f}, {:.3f}, 310.5, 220.1, 0.50, {:.2f}, {:.2f}, 0.00\n",
          i + 1, face, i / frames_per_s, told.confidence, told.success, told.rx, told.ry, told.rz,
          told.success * (told.au12_r + face), told.success * told.au12_c);
    }
  }
  return text;
}

inline std::filesystem::path put_text(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
  return file;
}

}  // namespace mien::testing
