// mien-import-models MANIFESTS PACKAGES MODELS: imports every model, for the set-up.
#include <cstdio>

#include "model/import/import.h"
#include "model/manifest.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: mien-import-models MANIFESTS PACKAGES MODELS\n", stderr);
    return 2;
  }
  const auto manifests = mien::read_manifests(argv[1]);
  if (!manifests.ok()) {
    std::fprintf(stderr, "mien-import-models: %s\n", manifests.error().message.c_str());
    return 1;
  }
  int status = 0;
  for (const mien::Manifest& manifest : *manifests) {
    const auto imported = mien::import_model(manifest, argv[2], argv[3]);
    if (!imported.ok()) {
      std::fprintf(stderr, "mien-import-models: %s\n", imported.error().message.c_str());
      status = 1;
    }
  }
  return status;
}
