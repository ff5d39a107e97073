// What a verb found, to standard output.
#pragma once

#include <cstdio>
#include <string>

#include "base/result.h"

namespace mien {

// kIo where not all of it could be written.
inline Status print_text(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    return Error{ErrorCode::kIo, "standard output cannot be written to; is the disk full?"};
  }
  return Ok{};
}

}  // namespace mien
