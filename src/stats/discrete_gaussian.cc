#include "stats/discrete_gaussian.h"

#include <cmath>
#include <cstring>
#include <span>

#include "base/check.h"
#include "base/secret.h"

namespace mien {

namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t whole_root(std::uint64_t value) {
  auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(value)));
  while (root * root > value) --root;
  while ((root + 1) * (root + 1) <= value) ++root;
  return root;
}

int bit_length(Wide value) {
  int bits = 0;
  for (; value != 0; value >>= 1U) ++bits;
  return bits;
}

// Uniform in [0, below), below > 0: as many bits as needed, again where they say too much.
Wide uniform_below(Wide below, RandomWords& words) {
  const int bits = bit_length(below - 1);
  const Wide mask = bits == 0 ? 0 : ~Wide{0} >> static_cast<unsigned>(128 - bits);
  while (true) {
    Wide drawn = words.next();
    if (bits > 64) drawn |= Wide{words.next()} << 64U;
    drawn &= mask;
    if (drawn < below) return drawn;
  }
}

bool bernoulli(Wide numerator, Wide denominator, RandomWords& words) {
  return uniform_below(denominator, words) < numerator;
}

// exp(-numerator / denominator) for numerator <= denominator: how many trials of probability
// ratio / k, k = 1, 2, ..., succeed before the first failure is even (algorithm 1).
bool bernoulli_exp_small(Wide numerator, Wide denominator, RandomWords& words) {
  Wide k = 1;
  while (bernoulli(numerator, denominator * k, words)) ++k;
  return k % 2 == 1;
}

bool bernoulli_exp_wide(Wide numerator, Wide denominator, RandomWords& words) {
  while (numerator > denominator) {
    if (!bernoulli_exp_small(1, 1, words)) return false;
    numerator -= denominator;
  }
  return bernoulli_exp_small(numerator, denominator, words);
}

}  // namespace

SystemRandomWords::~SystemRandomWords() {
  explicit_bzero(words_.data(), sizeof(words_));
}

std::uint64_t SystemRandomWords::next() {
  if (at_ == kWords) {
    fill_with_randomness({reinterpret_cast<unsigned char*>(words_.data()), sizeof(words_)});
    at_ = 0;
  }
  const std::uint64_t word = words_[at_];
  explicit_bzero(&words_[at_], sizeof(word));
  ++at_;
  return word;
}

DiscreteGaussian::DiscreteGaussian(std::uint64_t variance, RandomWords& words)
    : variance_(variance), scale_(whole_root(variance) + 1), words_(words) {
  MIEN_CHECK(variance >= 1 && variance <= kMostNoiseVariance, "a variance that fits");
}

bool DiscreteGaussian::bernoulli_exp(std::uint64_t numerator, std::uint64_t denominator,
                                     RandomWords& words) {
  return bernoulli_exp_wide(numerator, denominator, words);
}

std::int64_t DiscreteGaussian::draw() {
  const std::uint64_t t = scale_;
  const Wide most_reach = Wide{1} << 63U;
  while (true) {
    // Discrete Laplace of scale t (algorithm 2).
    const auto low = static_cast<std::uint64_t>(uniform_below(t, words_));
    if (!bernoulli_exp_small(low, t, words_)) continue;
    std::uint64_t high = 0;
    while (bernoulli_exp_small(1, 1, words_)) ++high;
    const Wide magnitude = low + Wide{t} * high;
    const bool is_negative = (words_.next() & 1U) != 0;
    if (is_negative && magnitude == 0) continue;
    // Accepted with exp(-(magnitude - s2 / t)^2 / (2 s2)) (algorithm 3). Beyond the reach, the
    // probability of ever being accepted is below exp(-100000).
    const Wide reach = magnitude * t;
    if (reach >= most_reach) continue;
    const Wide off = reach > variance_ ? reach - variance_ : variance_ - reach;
    if (!bernoulli_exp_wide(off * off, Wide{2} * variance_ * t * t, words_)) continue;
    const auto value = static_cast<std::int64_t>(magnitude);
    return is_negative ? -value : value;
  }
}

}  // namespace mien
