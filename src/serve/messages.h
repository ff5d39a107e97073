// JSON in and out of requests. For the .cc files of this room only.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "serve/http.h"

namespace mien {

HttpResponse json_response(const nlohmann::ordered_json& body, int status = 200);
HttpResponse refusal(int status, std::string_view code, std::string_view message);

// The body as an object all of whose keys are among `keys`; nullopt: it is not.
std::optional<nlohmann::json> object_of(const std::string& body,
                                        std::initializer_list<std::string_view> keys);

// Members of an object; the value otherwise where the key is not there. `wrong` becomes true where
// it holds something else.
std::string text_of(const nlohmann::json& object, const char* key, bool& wrong,
                    std::size_t longest = 200);
std::optional<std::int64_t> whole_of(const nlohmann::json& object, const char* key, bool& wrong);
bool truth_of(const nlohmann::json& object, const char* key, bool& wrong);
double number_of(const nlohmann::json& object, const char* key, double otherwise, bool& wrong);

}  // namespace mien
