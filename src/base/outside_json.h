// JSON that somebody else may have written.
#pragma once

#include <cmath>
#include <string_view>

#include "base/json.h"

namespace mien {

// The library copies, compares and writes values by recursion: a megabyte of brackets would take
// more stack than a thread has.
inline constexpr int kMostJsonDepth = 64;

// The text's value; discarded (is_discarded()) where the text is no JSON in UTF-8, or lists and
// objects stand in each other deeper than kMostJsonDepth.
template <typename Json = nlohmann::json>
Json parse_outside_json(std::string_view text) {
  bool holds = true;
  Json json = Json::parse(
      text,
      [&](int depth, typename Json::parse_event_t event, const Json&) {
        using Event = typename Json::parse_event_t;
        if (depth < kMostJsonDepth || (event != Event::array_start && event != Event::object_start))
          return true;
        holds = false;
        return false;
      },
      false);
  return holds ? std::move(json) : Json(Json::value_t::discarded);
}

// A whole number. Throws the library's type_error for anything else, a fraction too, which the
// library itself would convert without a look at its range.
template <typename Integer, typename Json>
Integer whole_number(const Json& value) {
  if (!value.is_number_integer())
    throw Json::type_error::create(302, "a whole number is wanted", &value);
  return value.template get<Integer>();
}

// parse_outside_json() for files that Mien itself writes, in which no fraction is 2^31 or more:
// text with one is discarded, so that the library's conversions to whole numbers stay defined.
template <typename Json = nlohmann::json>
Json parse_own_json(std::string_view text) {
  Json json = parse_outside_json<Json>(text);
  const auto holds = [](const Json& value, auto&& self) -> bool {
    if (value.is_number_float()) return std::abs(value.template get<double>()) < 2147483648.0;
    for (const auto& item : value) {
      if (value.is_structured() && !self(item, self)) return false;
    }
    return true;
  };
  return holds(json, holds) ? std::move(json) : Json(Json::value_t::discarded);
}

}  // namespace mien
