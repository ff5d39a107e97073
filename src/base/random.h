// Seeded random numbers that are the same on every machine and for every thread count.
//
// The generator is SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
// generators"); the standard library's distributions differ between implementations, so the few
// that Mien needs stand here.
#pragma once

#include <cstdint>

namespace mien {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  // A stream of its own for item `index`: the same whichever thread draws it, in whatever order.
  Random fork(std::uint64_t index) const;

  std::uint64_t next_u64();
  double uniform();                          // in [0, 1), 53 bits
  std::uint64_t below(std::uint64_t bound);  // in [0, bound), without bias; bound > 0
  double normal();                           // mean 0, standard deviation 1 (Box and Muller 1958)

 private:
  std::uint64_t state_;
};

}  // namespace mien
