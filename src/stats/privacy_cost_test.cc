// Costs against tests/reference/privacy/make_privacy_costs.py.
#include "stats/privacy_cost.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "support/paths.h"

namespace mien {
namespace {

nlohmann::json expected_costs() {
  std::ifstream file(testing::source_dir() / "tests" / "reference" / "privacy" / "costs.json");
  return nlohmann::json::parse(file);
}

TEST(PrivacyCost, EqualsTheReference) {
  const nlohmann::json expected = expected_costs()["costs"];
  ASSERT_EQ(expected.size(), 18U);
  for (const auto& entry : expected) {
    const double epsilon = entry["epsilon"], delta = entry["delta"], rho = entry["rho"];
    EXPECT_NEAR(rho_of(epsilon, delta), rho, 1e-9 * rho);
    EXPECT_NEAR(epsilon_of(rho, delta), epsilon, 1e-9 * epsilon);
    EXPECT_LE(epsilon_of(rho_of(epsilon, delta), delta), epsilon);
  }
}

TEST(PrivacyCost, ALedgerAddsUp) {
  const nlohmann::json ledger = expected_costs()["ledger"];
  double rho = 0;
  for (const auto& group : ledger["groups"]) rho += NoiseScale{group[0], group[1]}.rho();
  EXPECT_NEAR(rho, ledger["rho"].get<double>(), 1e-12);
  for (const auto& [delta, epsilon] : ledger["epsilon"].items()) {
    EXPECT_NEAR(epsilon_of(rho, std::stod(delta)), epsilon.get<double>(), 1e-8);
  }
}

TEST(PrivacyCost, NoiseNeverCostsMoreThanAsked) {
  for (const double rho : {1e-6, 0.01, 0.3, 2.0, 1e4}) {
    for (const std::uint64_t sensitivity2 : {1ULL, 10ULL, 167772160ULL}) {
      const NoiseScale noise = noise_for(sensitivity2, rho);
      EXPECT_LE(noise.rho(), rho);
      if (noise.variance == 1) continue;
      EXPECT_GT((NoiseScale{sensitivity2, noise.variance - 1}.rho()), rho);
    }
  }
}

}  // namespace
}  // namespace mien
