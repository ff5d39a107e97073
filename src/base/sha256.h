// SHA-256 of bytes and files, as lower-case hexadecimal. Used to tie models to their manifests and
// shards to theirs; OpenSSL does the arithmetic.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mien {

std::string sha256_of_bytes(std::string_view bytes);

// The same of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view bytes);
  std::string finish();  // of all that was added; nothing may be added afterwards

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Result<std::string> sha256_of_file(const std::filesystem::path& path);

}  // namespace mien
