#include "stats/context_colours.h"

#include <algorithm>
#include <cmath>

namespace mien {

namespace {

constexpr std::size_t kColours = 8;
using Rgb = std::array<double, 3>;

// Okabe and Ito's palette, black replaced by a grey that shows on both light and dark pages.
constexpr std::array<Rgb, kColours> kPalette = {{{230, 159, 0},
                                                 {86, 180, 233},
                                                 {0, 158, 115},
                                                 {240, 228, 66},
                                                 {0, 114, 178},
                                                 {213, 94, 0},
                                                 {204, 121, 167},
                                                 {117, 117, 117}}};

std::string hexadecimal(const Rgb& colour) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text = "#";
  for (const double channel : colour) {
    const auto value = static_cast<unsigned>(std::lround(std::clamp(channel, 0.0, 255.0)));
    text += kDigits[value / 16];
    text += kDigits[value % 16];
  }
  return text;
}

}  // namespace

std::string component_colour(std::size_t component) {
  return component < kColours ? hexadecimal(kPalette[component]) : "";
}

std::vector<std::string> context_colours(const Matrix& scores) {
  const Eigen::Index leading = std::min<Eigen::Index>(scores.cols(), kColours);
  Eigen::VectorXd spread(leading);
  for (Eigen::Index k = 0; k < leading; ++k) {
    spread(k) = std::sqrt(scores.col(k).squaredNorm() / static_cast<double>(scores.rows()));
  }
  std::vector<std::string> colours;
  for (Eigen::Index row = 0; row < scores.rows(); ++row) {
    Rgb mixed = {0, 0, 0};
    double total = 0;
    for (Eigen::Index k = 0; k < leading; ++k) {
      if (!(scores(row, k) > 0) || !(spread(k) > 0)) continue;
      const double weight = std::pow(scores(row, k) / spread(k), 2);
      total += weight;
      for (std::size_t c = 0; c < 3; ++c) {
        mixed[c] += weight * kPalette[static_cast<std::size_t>(k)][c];
      }
    }
    for (double& channel : mixed) channel = total > 0 ? channel / total : 187;
    colours.push_back(hexadecimal(mixed));
  }
  return colours;
}

}  // namespace mien
