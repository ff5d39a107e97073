#include "store/parquet_paths.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/utf8.h"
#include "store/durable_file.h"

namespace mien {

std::filesystem::path absolute_path(const std::filesystem::path& path) {
  std::error_code code;
  std::filesystem::path absolute = std::filesystem::absolute(path, code);
  return code ? path : absolute;
}

Status check_readable(const std::filesystem::path& path) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) {
    return Error{ErrorCode::kNotFound, path.string() + ": no such file; remedy: check the path"};
  }
  if (!std::filesystem::is_regular_file(status)) {
    return Error{ErrorCode::kCorrupt, path.string() + ": not a file"};
  }
  if (::access(path.c_str(), R_OK) != 0) {
    return Error{ErrorCode::kIo,
                 path.string() + ": cannot be opened for reading; " + io_remedy(errno)};
  }
  return Ok{};
}

Status check_name(const std::filesystem::path& path) {
  if (first_invalid_utf8(path.native()) != std::string_view::npos) {
    return Error{ErrorCode::kUnsupported,
                 path.string() + ": the name is not valid UTF-8; remedy: rename it"};
  }
  return Ok{};
}

std::string literal_pattern(const std::filesystem::path& path) {
  std::string pattern;
  for (const char c : absolute_path(path).string()) {
    if (c == '*' || c == '?' || c == '[') {
      pattern += std::string("[") + c + "]";
    } else {
      pattern += c;
    }
  }
  return pattern;
}

}  // namespace mien
