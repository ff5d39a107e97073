// Where the program's own files are: manifests, models, data, web assets.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace mien {

struct Resources {
  std::filesystem::path manifests;          // models/*.json
  std::filesystem::path models;             // *.onnx made by the import
  std::filesystem::path packages;           // npm packages that the import reads
  std::filesystem::path optional_packages;  // what tools/optional_models unpacked
  std::filesystem::path data;               // prototype16.json...
  std::filesystem::path web;                // built pages
  bool is_installed = false;                // beside the program, not in a source tree
};

// Beside the program as installed (../share/mien), or in the source tree it was built in.
Resources find_resources(const std::filesystem::path& program);

}  // namespace mien
