#include "base/check.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace mien {

void check_failed(const char* file, int line, const char* condition, std::string_view message) {
  std::fprintf(stderr, "mien: internal error at %s:%d: %s: %s\n", file, line, condition,
               std::string(message).c_str());
  std::abort();
}

}  // namespace mien
