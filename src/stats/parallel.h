// Runs independent pieces of work on several threads. Which thread takes which piece is left to
// chance; a piece must write to its own place only, so that results do not depend on it.
#pragma once

#include <cstddef>
#include <functional>

namespace mien {

// work(i) once for every i in [0, pieces); returns when all are done. threads >= 1.
void for_each_piece(std::size_t pieces, int threads, const std::function<void(std::size_t)>& work);

}  // namespace mien
