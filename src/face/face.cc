#include "face/face.h"

#include "base/check.h"

namespace mien {

std::string_view to_string(FaceReason reason) {
  switch (reason) {
    case FaceReason::kNone:
      return "";
    case FaceReason::kTooSmall:
      return "too_small";
    case FaceReason::kBlurred:
      return "blurred";
    case FaceReason::kTurnedAway:
      return "turned_away";
    case FaceReason::kTruncated:
      return "truncated";
    case FaceReason::kLowConfidence:
      return "low_confidence";
    case FaceReason::kNoLandmarks:
      return "no_landmarks";
  }
  check_failed(__FILE__, __LINE__, "reason", "unknown FaceReason");
}

}  // namespace mien
