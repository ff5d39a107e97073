// Values of JSON output in which missing is null.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

namespace mien {

// NaN and infinite: null.
template <typename Json = nlohmann::ordered_json>
Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

// Empty: null.
template <typename Json = nlohmann::ordered_json>
Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

}  // namespace mien
