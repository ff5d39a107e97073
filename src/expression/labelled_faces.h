// For tests and measurements: the labelled face pictures of ../shared, where they are.
#pragma once

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "support/paths.h"
#include "support/real_pictures.h"

#include "face/real_faces.h"

namespace mien::testing {

// The collection's six labels, and the classifier's words for them, in one order.
inline constexpr std::array<const char*, 6> kFaceLabels = {"anger",   "disgust", "happiness",
                                                           "neutral", "sadness", "surprise"};
inline constexpr std::array<const char*, 6> kModelLabels = {"angry",   "disgusted", "happy",
                                                            "neutral", "sad",       "surprised"};

struct LabelledPicture {
  std::filesystem::path path;
  std::size_t label = 0;  // in kFaceLabels
};

// Empty where the data is missing.
inline std::vector<LabelledPicture> labelled_pictures() {
  const std::filesystem::path folder = shared_dir() / "data/faces";
  std::ifstream file(folder / "labels.csv");
  std::vector<LabelledPicture> pictures;
  std::string line;
  std::getline(file, line);  // the header
  while (std::getline(file, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const std::size_t comma = line.rfind(',');
    if (comma == std::string::npos) continue;
    for (std::size_t label = 0; label < kFaceLabels.size(); ++label) {
      if (line.substr(comma + 1) != kFaceLabels.at(label)) continue;
      pictures.push_back({folder / "images" / line.substr(0, comma), label});
    }
  }
  return pictures;
}

// The largest face that would be scored.
inline std::optional<FaceObservation> main_face(const std::vector<FaceObservation>& faces) {
  std::optional<FaceObservation> main;
  for (const FaceObservation& face : faces) {
    if (face.quality.reason != FaceReason::kNone) continue;
    if (!main || face.quality.size_px > main->quality.size_px) main = face;
  }
  return main;
}

// Area under the curve: how often one of `ones` lies above one of `others`, ties counting half.
inline double share_above(const std::vector<double>& ones, const std::vector<double>& others) {
  double wins = 0;
  for (const double a : ones)
    for (const double b : others) wins += a > b ? 1 : a == b ? 0.5 : 0;
  return wins / static_cast<double>(ones.size() * others.size());
}

// Counts of picture label (row) against the label with the highest score (column).
struct Confusion {
  std::array<std::array<int, 6>, 6> count{};
  std::array<int, 6> unscored{};  // no face found, or none fit to score

  // Mean over labels of the share that is right. Unscored pictures are left out, or count as wrong.
  double balanced_accuracy(bool unscored_is_wrong) const {
    double sum = 0;
    for (std::size_t label = 0; label < 6; ++label) {
      int all = unscored_is_wrong ? unscored.at(label) : 0;
      for (const int n : count.at(label)) all += n;
      sum += static_cast<double>(count.at(label).at(label)) / all;
    }
    return sum / 6;
  }
};

}  // namespace mien::testing
