#include "stats/held_out_test.h"

#include <limits>

#include "stats/correlation.h"
#include "stats/multiple_testing.h"
#include "stats/signed_rank.h"

namespace mien {

std::vector<HeldOutTest> held_out_tests(std::span<const std::vector<double>> values,
                                        Testable testable) {
  std::vector<HeldOutTest> tests;
  std::vector<double> p;
  for (const std::vector<double>& of_regions : values) {
    const SignedRank test = signed_rank_greater(of_regions);
    p.push_back(testable == Testable::kYes ? test.p : std::numeric_limits<double>::quiet_NaN());
    tests.push_back({test.positive, mean_of(of_regions), p.back(), p.back()});
  }
  const std::vector<double> adjusted = holm(p);
  for (std::size_t k = 0; k < tests.size(); ++k) tests[k].p_adjusted = adjusted[k];
  return tests;
}

std::string too_few_to_hold_out(std::size_t regions, std::size_t tests, double alpha) {
  if (smallest_signed_rank_p(regions) * static_cast<double>(tests) < alpha) return {};
  return std::to_string(regions) + " regions cannot pass " + std::to_string(tests) +
         " corrected tests";
}

}  // namespace mien
