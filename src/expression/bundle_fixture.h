// For tests: the networks of MediaPipe's bundle, made in a folder of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "support/paths.h"

#include "base/check.h"
#include "expression/blendshapes.h"
#include "model/import/import.h"

namespace mien::testing {

// Where the bundle is among the reference data, which may be missing.
inline std::filesystem::path reference_bundle() {
  return shared_dir() / "data/models/face_landmarker.task";
}

// The product's networks and those of the bundle, converted into `folder`.
inline ModelSet models_with_bundle(const std::filesystem::path& folder) {
  const std::filesystem::path root = source_dir();
  const auto manifests = read_manifests(root / "models/bundle").value();
  MIEN_CHECK(import_task_bundle(reference_bundle(), manifests, folder).ok(), "the bundle is whole");
  return ModelSet::open(root / "models", root / "build/models",
                        bundle_manifests(folder, "a test").value())
      .value();
}

}  // namespace mien::testing
