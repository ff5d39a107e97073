// SHA-256 of bytes and files, as lower-case hexadecimal. Used to tie models to their manifests and
// shards to theirs; OpenSSL does the arithmetic.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mien {

std::string sha256_of_bytes(std::string_view bytes);
Result<std::string> sha256_of_file(const std::filesystem::path& path);

}  // namespace mien
