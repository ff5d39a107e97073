// What contexts are to be named from pictures, and by what.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

namespace mien {

// What the context networks are shown.
enum class FaceArm { kMasked, kVisible, kPatches };
inline constexpr std::array<FaceArm, 3> kFaceArms = {FaceArm::kMasked, FaceArm::kVisible,
                                                     FaceArm::kPatches};

// The tables' `source`: "visual", "visual_visible", "visual_patches".
std::string_view source_of(FaceArm arm);

struct VisualOptions {
  bool masked = false;  // none of the three: no contexts are named
  bool visible = false;
  bool patches = false;
  double threshold_prob = 0.3;  // of models that bring no thresholds of their own
  std::filesystem::path data;   // the folder of vocabulary and maps
  // A vocabulary of the user's own. Empty: everyday.csv, which the networks that come with Mien
  // speak of; with another one only the user's own models do.
  std::filesystem::path vocabulary;
  // Not contexts but the vectors of this network (context_namer.h) are wanted, for training.
  std::string vectors_of;

  bool any() const { return masked || visible || patches; }
  bool wants(FaceArm arm) const {
    return arm == FaceArm::kMasked ? masked : arm == FaceArm::kVisible ? visible : patches;
  }
  std::filesystem::path vocabulary_file() const {
    return vocabulary.empty() ? data / "everyday.csv" : vocabulary;
  }
};

}  // namespace mien
