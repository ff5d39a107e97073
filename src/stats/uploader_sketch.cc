#include "stats/uploader_sketch.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace mien {

void unite_uploaders(UploaderSketch& into, std::span<const std::uint64_t> from) {
  const bool is_full = into.size() == kUploadersKept;
  if (from.empty() || (is_full && from.front() >= into.back())) return;
  UploaderSketch united;
  united.reserve(std::min(kUploadersKept, into.size() + from.size()));
  auto a = into.begin();
  auto b = from.begin();
  while (united.size() < kUploadersKept && (a != into.end() || b != from.end())) {
    const bool has_a = a != into.end() && (b == from.end() || *a <= *b);
    const bool has_b = b != from.end() && (a == into.end() || *b <= *a);
    united.push_back(has_a ? *a : *b);
    a += has_a ? 1 : 0;
    b += has_b ? 1 : 0;
  }
  into = std::move(united);
}

std::int64_t distinct_uploaders(const UploaderSketch& sketch) {
  const auto kept = static_cast<std::int64_t>(sketch.size());
  if (sketch.size() < kUploadersKept) return kept;
  const double share = std::ldexp(static_cast<double>(sketch.back()), -64);
  const double told = static_cast<double>(kept - 1) / share;
  return std::max(kept, static_cast<std::int64_t>(std::llround(told)));
}

}  // namespace mien
