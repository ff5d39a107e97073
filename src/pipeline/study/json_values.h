// Values of JSON output in which missing is null, and of JSON that is read and may hold anything.
#pragma once

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace mien {

// NaN and infinite: null.
template <typename Json = nlohmann::ordered_json>
Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

// A count from 1 to below the minimum: null, since it is of too few to be told.
template <typename Json = nlohmann::ordered_json>
Json count_or_null(std::int64_t count, std::int64_t minimum) {
  return count > 0 && count < minimum ? Json() : Json(count);
}

// Empty: null.
template <typename Json = nlohmann::ordered_json>
Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

// The text under `key`; empty where there is none, or `json` is no object.
template <typename Json>
std::string json_text(const Json& json, const char* key) {
  if (!json.is_object()) return {};
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->template get<std::string>()
                                                   : std::string();
}

}  // namespace mien
