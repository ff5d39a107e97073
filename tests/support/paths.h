// Where tests find things. Set by CTest (cmake/MienRoom.cmake); running a test by hand from the
// source folder works too.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>

namespace mien::testing {

inline std::filesystem::path from_environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): set before tests start
  return value != nullptr ? value : otherwise;
}

inline std::filesystem::path source_dir() {
  return from_environment("MIEN_SOURCE_DIR", ".");
}
inline std::filesystem::path program() {
  return from_environment("MIEN_PROGRAM", "build/release/mien");
}
// Optional reference data; tests that need it skip by name where it is missing.
inline std::filesystem::path shared_dir() {
  return from_environment("MIEN_SHARED_DIR", "../shared");
}
inline std::filesystem::path npm_package(const std::string& name) {
  return source_dir() / "node_modules" / name;
}

// A folder that is removed with everything in it when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::random_device entropy;
    path_ = std::filesystem::temp_directory_path() /
            ("mien-test-" + std::to_string(entropy()) + std::to_string(entropy()));
    std::filesystem::create_directories(path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace mien::testing
