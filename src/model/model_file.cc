#include "model/model_file.h"

#include <fstream>
#include <system_error>

#include "base/sha256.h"

namespace mien {

Result<std::string> read_model_file(const std::filesystem::path& path, const std::string& id) {
  std::error_code missing;
  const std::uintmax_t size = std::filesystem::file_size(path, missing);  // fails on a folder
  std::ifstream file(path, std::ios::binary);
  if (missing || !file) {
    return Error{ErrorCode::kNotFound,
                 path.string() + ": the model '" + id + "' is not there; run 'mien models import'"};
  }
  std::string bytes(size, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!file) {
    return Error{ErrorCode::kIo,
                 path.string() + ": reading failed half-way; run 'mien models import'"};
  }
  return bytes;
}

Result<std::string> read_checked_model_file(const std::filesystem::path& path,
                                            const std::string& id, const std::string& sha256) {
  MIEN_TRY(bytes, read_model_file(path, id));
  const std::string hash = sha256_of_bytes(bytes);
  if (hash == sha256) return bytes;
  return Error{ErrorCode::kMismatch, path.string() + ": SHA-256 is " + hash +
                                         ", the manifest says " + sha256 +
                                         "; run 'mien models import', or correct the manifest"};
}

}  // namespace mien
