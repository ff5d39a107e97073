// What a verb found, to standard output.
#pragma once

#include <cstdio>
#include <string>

#include "base/result.h"

namespace mien {

inline Error cannot_print() {
  return {ErrorCode::kIo, "standard output cannot be written to; is the disk full?"};
}

// kIo where not all of it could be written.
inline Status print_text(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) return cannot_print();
  return Ok{};
}

// What was printed leaves the program's own buffer; kIo where it cannot.
inline Status flush_printed() {
  if (std::fflush(stdout) != 0) return cannot_print();
  return Ok{};
}

}  // namespace mien
