// Who trains, who calibrates and who is held out: decided by uploader, so that none stands on two
// sides, and by a seed.
#pragma once

#include <cstdint>
#include <string>

#include "base/sha256.h"

namespace mien {

enum class Side { kTraining, kCalibration, kHeldOut };

inline constexpr double kTrainingShare = 0.7;
inline constexpr double kCalibrationShare = 0.15;  // the rest is held out

// `owner`: what must not be divided, an uploader or, without one, the case itself.
inline Side side_of(const std::string& owner, std::uint32_t seed) {
  const std::string hash = sha256_of_bytes(std::to_string(seed) + "\n" + owner);
  constexpr std::size_t kDigits = 8;  // of 4 bits each
  const double place =
      static_cast<double>(std::stoul(hash.substr(0, kDigits), nullptr, 16)) / 4294967296.0;
  if (place < kTrainingShare) return Side::kTraining;
  return place < kTrainingShare + kCalibrationShare ? Side::kCalibration : Side::kHeldOut;
}

}  // namespace mien
