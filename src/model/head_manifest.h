// The fields of manifests of expression heads: what they read, and whose labels they give.
#pragma once

#include <string>

#include "model/manifest.h"
#include "model/manifest_fields.h"

namespace mien {

// `features` and `ratings`; the input has to be 1 x frames x features, the first output 1 x labels.
void read_head(ManifestFields& fields, Manifest& manifest, std::string& problem);

}  // namespace mien
