// How far a face can be trusted to be read: measured terms, one number, and the first reason
// against it.
//
// size_px     square root of the detector box's area, source pixels.
// sharpness   variance of the Laplacian (Pech-Pacheco et al. 2000) over the variance of luma, of
//             the box's inner 80% brought to at most 48 x 48 points by area (never enlarged). The
//             division takes out contrast; the common size makes it blur in units of the face. NaN
//             where less than 4 x 4 points are inside the picture. Ordinary pictures: 0.1 to 1.
// brightness  mean Rec. 601 luma of the same part, in [0, 1].
// inside      share of the box inside the picture.
// skin_tone_ita_deg  individual typology angle, atan((L* - 50) / b*) in degrees (Chardon et al.
//             1991), of the median L* and median b* (CIELAB, D65, from sRGB) of the cheeks; NaN
//             without landmarks, with fewer than 16 usable pixels or less than half of them usable
//             (a channel at 250 or more, or L* under 10, is not), or where b* is below 1 (a grey
//             or bluish picture has no skin tone). Confounded by light.
//
// Each term is mapped to [0, 1] so that it is exactly 0.5 at its threshold in FaceOptions: a term
// with a lower bound is measure / (2 bound), one with an upper bound 1 - measure / (2 bound), both
// cut to [0, 1]. `value` is the least; a face is scored (kNone) exactly where value >= 0.5. The
// reason is the first failing term in the order: too_small, truncated, no_landmarks,
// low_confidence, turned_away, blurred; the earlier ones bring the later ones with them.
// How the thresholds were chosen: docs/quality.md.
#pragma once

#include "base/image.h"
#include "face/face.h"
#include "face/frame_analyser.h"

namespace mien {

// The least share of a face inside the picture for heads; chosen in docs/quality.md.
inline constexpr float kHeadInside = 0.65F;

// `image` may be smaller than the source by `scale` (source px per image px, > 0); `face` is in
// source pixels, its pose already measured. only_unmeshed is said of whatever source. About 0.1 ms.
FaceQuality measure_quality(const ImageView& image, double scale, const FaceObservation& face,
                            const FaceOptions& options);

}  // namespace mien
