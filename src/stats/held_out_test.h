// Whether components hold in regions that were left out: one value a region and component.
//
// Wilcoxon's signed-rank test over the regions, one-sided, and Holm over the components. The folds
// share regions: two folds hold the product of their two regions in common, so with R regions their
// values correlate by 1 / (R - 1) for a fixed component where nothing is shared, and by more where
// each fold chooses its component from the same regions (docs/preserved-components.md has what was
// measured). Their mean then varies more than twice as much as the test believes, and p-values are
// too small; they describe, they do not count. What counts components is sign_flips.h.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace mien {

struct HeldOutTest {
  std::size_t positive = 0;  // regions above 0
  double mean = 0;           // NaN: estimable in no region
  double p = 0;              // NaN: not testable
  double p_adjusted = 0;     // Holm
};

enum class Testable { kNo, kYes };

// values[k]: component k in every region; NaN where not estimable.
std::vector<HeldOutTest> held_out_tests(std::span<const std::vector<double>> values,
                                        Testable testable);

// Why so many regions cannot pass so many corrected tests; empty where they can.
std::string too_few_to_hold_out(std::size_t regions, std::size_t tests, double alpha);

}  // namespace mien
