// How the files of this room call the system, and what they say where it refuses.
#pragma once

#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "base/result.h"
#include "store/durable_file.h"

namespace mien {

// kNotFound or kIo, with the path, what was tried, what the system said and the remedy.
inline Error io_error(const std::filesystem::path& path, std::string_view what, int error_number) {
  return {error_number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
          path.string() + ": " + std::string(what) + ": " +
              std::generic_category().message(error_number) + "; " + io_remedy(error_number)};
}

// A system call, made again for as long as signals interrupt it: network file systems let them.
template <typename Call>
auto uninterrupted(const Call& call) {
  while (true) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

}  // namespace mien
