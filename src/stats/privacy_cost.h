// What noise costs in privacy: zero-concentrated differential privacy (Bun and Steinke 2016,
// "Concentrated differential privacy: simplifications, extensions, and lower bounds").
//
// A vector of whole numbers whose Euclidean length changes by at most D when one uploader is added
// or removed, released with independent discrete Gaussian noise of variance s2, is rho-zCDP with
// rho = D^2 / (2 s2) (Canonne, Kamath and Steinke 2020, theorem 4 and its form for vectors).
// Releases add up: together they cost the sum of their rho, also where a later one is chosen by
// what an earlier one gave.
//
// rho-zCDP is (epsilon, delta)-DP where for some a > 1
//   delta = exp((a - 1)(a rho - epsilon)) (1 - 1/a)^a / (a - 1)
// (the same paper, from concentrated to approximate differential privacy). Any a is a proof; the
// best is searched for.
#pragma once

#include <cstdint>

namespace mien {

// The epsilon that rho > 0 gives at delta in (0, 1).
double epsilon_of(double rho, double delta);

// The largest rho found whose epsilon_of is at most `epsilon` > 0; a little below the best.
double rho_of(double epsilon, double delta);

// One vector's noise. All whole numbers, so that the cost is known exactly.
struct NoiseScale {
  std::uint64_t sensitivity2 = 0;  // D^2
  std::uint64_t variance = 0;      // s2

  double rho() const;
};

// The least noise that keeps to `rho` > 0: variance D^2 / (2 rho), rounded up.
NoiseScale noise_for(std::uint64_t sensitivity2, double rho);

}  // namespace mien
