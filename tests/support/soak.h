// Whether campaigns and samples are taken in full: tools/test soak sets MIEN_SOAK.
#pragma once

#include <cstdlib>

namespace mien::testing {

inline bool soak() {
  return std::getenv("MIEN_SOAK") != nullptr;  // NOLINT(concurrency-mt-unsafe): tests of one thread
}

}  // namespace mien::testing
