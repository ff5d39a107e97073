// A whole picture as a network of this room takes it.
#pragma once

#include <span>

#include "base/image.h"
#include "model/manifest.h"

namespace mien {

// Averaged by area where it shrinks, bilinear where it grows; then scaled as the manifest says, in
// its colour order. `out` has rows x columns x channels values.
void write_picture(const ImageView& image, const Manifest& manifest, Framing framing,
                   std::span<float> out);

}  // namespace mien
