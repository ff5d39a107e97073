// The individual typology angle of a face's cheeks; definition and missing values in quality.h.
#pragma once

#include "base/image.h"
#include "face/face.h"

namespace mien {

struct Lab {
  float l = 0;
  float a = 0;
  float b = 0;
};

// CIELAB (D65, 2 degrees; CIE 15:2004) of an sRGB colour (IEC 61966-2-1).
Lab lab_of_srgb(std::uint8_t r, std::uint8_t g, std::uint8_t b);

// `scale`: source px per image px. NaN where it cannot be measured.
float skin_tone_ita_deg(const ImageView& image, double scale, const Landmarks& landmarks);

}  // namespace mien
