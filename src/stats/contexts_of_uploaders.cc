#include "stats/contexts_of_uploaders.h"

#include <algorithm>
#include <tuple>

namespace mien {

namespace {

struct UploaderPlace {
  std::uint64_t hash;
  std::uint32_t part;
  std::uint32_t position;
  bool operator<(const UploaderPlace& other) const {
    return std::tie(hash, part, position) < std::tie(other.hash, other.part, other.position);
  }
};

void keep_hash(UploaderSketch& sketch, std::uint64_t hash) {
  const bool is_new = sketch.empty() || sketch.back() != hash;
  if (is_new && sketch.size() < kUploadersKept) sketch.push_back(hash);
}

}  // namespace

void sketch_uploaders(const std::vector<ContextsOfUploaders>& parts,
                      std::span<PresenceSums> presence) {
  std::vector<UploaderPlace> order;
  for (std::uint32_t p = 0; p < parts.size(); ++p) {
    for (std::uint32_t u = 0; u < parts[p].hashes.size(); ++u) {
      order.push_back({parts[p].hashes[u], p, u});
    }
  }
  std::sort(order.begin(), order.end());
  std::vector<std::uint32_t> open;  // contexts whose lacking uploaders are not all found
  for (std::uint32_t c = 0; c < presence.size(); ++c) {
    if (presence[c].videos > 0) open.push_back(c);
  }
  std::vector<std::uint8_t> in_all(presence.size(), 0);
  for (const UploaderPlace& place : order) {
    const ContextsOfUploaders& part = parts[place.part];
    const std::size_t first = place.position == 0 ? 0 : part.ends[place.position - 1];
    const auto contexts =
        std::span(part.contexts).subspan(first, part.ends[place.position] - first);
    for (const std::uint32_t context : contexts) {
      const std::uint32_t c = context & ~ContextsOfUploaders::kInAll;
      keep_hash(presence[c].uploaders, place.hash);
      in_all[c] = c != context ? 1 : 0;
    }
    std::erase_if(open, [&](std::uint32_t c) {
      if (in_all[c] == 0) keep_hash(presence[c].lacking, place.hash);
      return presence[c].lacking.size() == kUploadersKept;
    });
    for (const std::uint32_t context : contexts) in_all[context & ~ContextsOfUploaders::kInAll] = 0;
  }
}

}  // namespace mien
