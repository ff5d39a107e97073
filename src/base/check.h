// MIEN_CHECK(condition, message): always on; a failure is a bug in Mien and ends the process with
// the place and the message.
#pragma once

#include <string_view>

namespace mien {

[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               std::string_view message);

}  // namespace mien

#define MIEN_CHECK(condition, message)                                                 \
  do {                                                                                 \
    if (!(condition)) ::mien::check_failed(__FILE__, __LINE__, #condition, (message)); \
  } while (false)
