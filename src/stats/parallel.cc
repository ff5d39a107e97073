#include "stats/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace mien {

void for_each_piece(std::size_t pieces, int threads, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  const auto take = [&] {
    for (std::size_t piece = next++; piece < pieces; piece = next++) work(piece);
  };
  const std::size_t others =
      std::min(pieces, static_cast<std::size_t>(std::max(threads, 1))) - (pieces > 0 ? 1 : 0);
  std::vector<std::jthread> helpers;
  helpers.reserve(others);
  for (std::size_t i = 0; i < others; ++i) helpers.emplace_back(take);
  take();
}

}  // namespace mien
