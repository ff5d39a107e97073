// The models of one run: manifests found by id or role, their files, and one hash over them all.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/manifest.h"
#include "model/session.h"

namespace mien {

class ModelSet {
 public:
  // `manifest_folder` holds *.json; `model_folder` the ONNX files made by the import. Extra
  // manifests (a user's own models, their ONNX beside them) are added after those.
  static Result<ModelSet> open(const std::filesystem::path& manifest_folder,
                               const std::filesystem::path& model_folder,
                               const std::vector<std::filesystem::path>& extra_manifests = {});

  const std::vector<Manifest>& manifests() const { return manifests_; }
  Result<Manifest> find(const std::string& id) const;
  Result<Session> open_session(const std::string& id, const SessionOptions& options = {}) const;

  // SHA-256 over "id version onnx_sha256" of every model, sorted by id.
  std::string hash() const;

 private:
  std::vector<Manifest> manifests_;
  std::vector<std::filesystem::path> folders_;  // one a manifest
};

}  // namespace mien
