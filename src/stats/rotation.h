// Rotations of loadings: to be read, and to be compared.
#pragma once

#include <cstdint>

#include "stats/context_maps.h"
#include "stats/permutation.h"

namespace mien {

// Varimax (Kaiser 1958), raw (without Kaiser's row normalisation), by turning pairs of factors to
// their best angle until none turns: unlike the iteration of singular values it never passes the
// best angle and comes back. `loadings` is variables x factors; the result is loadings x rotation.
struct Varimax {
  Matrix loadings;
  Matrix rotation;  // orthogonal
};
Varimax varimax(const Matrix& loadings);

// What is left of the squared distance between two configurations (the same rows, the same columns)
// after both are centred, scaled to unit size and one is rotated and scaled to the other (Gower
// 1975): 0 the same shape, 1 nothing in common. NaN where one does not vary.
double procrustes_disparity(const Matrix& a, const Matrix& b);

// The same under permutations of the rows of b (PROTEST, Jackson 1995): does b fit a better than
// its rows in random order do?
PermutationTest procrustes_test(const Matrix& a, const Matrix& b, int permutations,
                                std::uint64_t seed);

}  // namespace mien
