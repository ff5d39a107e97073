// Draws from the discrete Gaussian distribution exactly: P(x) proportional to exp(-x^2 / (2 s2))
// for whole x. By Canonne, Kamath and Steinke (2020), "The discrete Gaussian for differential
// privacy", algorithms 1 to 3: rejection from a discrete Laplace distribution, all decisions made
// on whole numbers, so that no rounding of a real number can tell two data sets apart (Mironov
// 2012, "On significance of the least significant bits for differential privacy").
//
// The time a draw takes depends on the draw.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace mien {

// Where random bits come from.
class RandomWords {
 public:
  virtual ~RandomWords() = default;
  virtual std::uint64_t next() = 0;  // 64 independent fair bits
};

// The operating system's generator (getrandom), for all that is published. It has no seed to give
// and keeps nothing: a word is wiped when it is handed out.
class SystemRandomWords : public RandomWords {
 public:
  ~SystemRandomWords() override;
  std::uint64_t next() override;

 private:
  static constexpr std::size_t kWords = 512;
  std::array<std::uint64_t, kWords> words_{};
  std::size_t at_ = kWords;
};

// Largest variance: products of four such numbers still fit 128 bits.
inline constexpr std::uint64_t kMostNoiseVariance = std::uint64_t{1} << 54U;

class DiscreteGaussian {
 public:
  // `variance` s2 in [1, kMostNoiseVariance]: the distribution's parameter, and up to 1e-7 of it
  // the variance of the draws. `words` must outlive it.
  DiscreteGaussian(std::uint64_t variance, RandomWords& words);

  std::int64_t draw();

  // exp(-numerator / denominator) as a probability, exactly; what draw() is made of.
  static bool bernoulli_exp(std::uint64_t numerator, std::uint64_t denominator, RandomWords& words);

 private:
  std::uint64_t variance_;
  std::uint64_t scale_;  // of the Laplace distribution: floor(sqrt(variance)) + 1
  RandomWords& words_;
};

}  // namespace mien
