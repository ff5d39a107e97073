// A stand-in for a sentence encoder, for tests: a text's vector counts its pairs of letters, so
// that texts with words in common are near. Knows English, and Spanish if asked for.
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "context/text_encoder.h"

namespace mien::testing {

class LetterEncoder : public TextEncoder {
 public:
  explicit LetterEncoder(bool knows_spanish = false) : knows_spanish_(knows_spanish) {}

  std::string_view name() const override { return "letters"; }
  std::string identity() const override { return "letters 1"; }
  std::size_t dimensions() const override { return kDimensions; }
  bool knows(std::string_view language) const override {
    return language == "en" || (knows_spanish_ && language == "es");
  }
  std::size_t tokens(std::string_view text) const override { return text.size(); }
  Result<std::vector<float>> encode(std::span<const std::string> texts) const override {
    std::vector<float> rows;
    for (const std::string& text : texts) {
      std::array<float, kDimensions> row{};
      for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        const auto a = static_cast<unsigned char>(text[i] | 0x20);
        const auto b = static_cast<unsigned char>(text[i + 1] | 0x20);
        row[(a * 31U + b) % kDimensions] += 1;
      }
      float squares = 0;
      for (const float value : row) squares += value * value;
      for (float& value : row) {
        value = squares > 0 ? value / std::sqrt(squares) : std::numeric_limits<float>::quiet_NaN();
      }
      rows.insert(rows.end(), row.begin(), row.end());
    }
    return rows;
  }

 private:
  static constexpr std::size_t kDimensions = 64;
  bool knows_spanish_;
};

}  // namespace mien::testing
