#include "app/resources.h"

namespace mien {

Resources find_resources(const std::filesystem::path& program) {
  const std::filesystem::path folder = program.parent_path();
  std::error_code ignored;
  const std::filesystem::path installed = folder.parent_path() / "share" / "mien";
  if (std::filesystem::is_directory(installed, ignored)) {
    return {installed / "manifests",
            installed / "models",
            installed / "packages",
            installed / "optional",
            installed / "data",
            installed / "web",
            true};
  }
  const std::filesystem::path tree = folder.parent_path().parent_path();  // TREE/build/PRESET/mien
  return {tree / "models",
          tree / "build" / "models",
          tree / "node_modules",
          tree / "build" / "optional",
          tree / "data",
          tree / "build" / "web",
          false};
}

}  // namespace mien
