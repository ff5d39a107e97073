// The fields of manifests of models that name contexts from pictures.
#pragma once

#include <string>

#include "model/manifest.h"
#include "model/manifest_fields.h"

namespace mien {

// `texts`: where the vectors of contexts come from and what a similarity means.
void read_image_texts(ManifestFields& fields, Manifest& manifest, std::string& problem);

// `embedding` and `threshold_prob` of a context probe, whose input is batch x dimensions.
void read_probe(ManifestFields& fields, Manifest& manifest, std::string& problem);

// The first output has to be batch x dimensions.
void check_vector_output(ManifestFields& fields, const Manifest& manifest);

}  // namespace mien
