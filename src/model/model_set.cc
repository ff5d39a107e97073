#include "model/model_set.h"

#include <algorithm>

#include "base/sha256.h"

namespace mien {

Result<ModelSet> ModelSet::open(const std::filesystem::path& manifest_folder,
                                const std::filesystem::path& model_folder,
                                const std::vector<std::filesystem::path>& extra_manifests) {
  ModelSet set;
  MIEN_TRY(manifests, read_manifests(manifest_folder));
  set.manifests_ = std::move(manifests);
  set.folders_.assign(set.manifests_.size(), model_folder);
  for (const std::filesystem::path& path : extra_manifests) {
    MIEN_TRY(manifest, read_manifest(path));
    for (const Manifest& known : set.manifests_) {
      if (known.id == manifest.id) {
        return Error{ErrorCode::kMismatch, path.string() + ": the id '" + manifest.id +
                                               "' is taken by " + known.path.string() +
                                               "; give the model an id of its own"};
      }
      if (!manifest.channel.empty() && known.channel == manifest.channel) {
        return Error{ErrorCode::kMismatch, path.string() + ": the channel '" + manifest.channel +
                                               "' is taken by " + known.path.string() +
                                               "; give the model a channel of its own"};
      }
    }
    set.folders_.push_back(path.parent_path());
    set.manifests_.push_back(std::move(manifest));
  }
  return set;
}

Result<Manifest> ModelSet::find(const std::string& id) const {
  for (const Manifest& manifest : manifests_) {
    if (manifest.id == id) return manifest;
  }
  return Error{ErrorCode::kNotFound, "there is no model '" + id + "'; see 'mien models list'"};
}

Result<Session> ModelSet::open_session(const std::string& id, const SessionOptions& options) const {
  for (std::size_t i = 0; i < manifests_.size(); ++i) {
    if (manifests_[i].id == id) return Session::open(manifests_[i], folders_[i], options);
  }
  return Error{ErrorCode::kNotFound, "there is no model '" + id + "'; see 'mien models list'"};
}

std::string ModelSet::hash() const {
  std::vector<std::string> lines;
  for (const Manifest& manifest : manifests_) {
    lines.push_back(manifest.id + " " + manifest.version + " " + manifest.onnx_sha256 + "\n");
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line;
  return sha256_of_bytes(text);
}

}  // namespace mien
