#include "serve/messages.h"

#include <algorithm>
#include <cmath>

#include "base/outside_json.h"

namespace mien {

using Json = nlohmann::json;

namespace {

constexpr std::int64_t kLargestWhole = 1'000'000'000'000'000;

}  // namespace

HttpResponse json_response(const nlohmann::ordered_json& body, int status) {
  HttpResponse response;
  response.status = status;
  response.body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return response;
}

HttpResponse refusal(int status, std::string_view code, std::string_view message) {
  return json_response({{"error", {{"code", code}, {"message", message}}}}, status);
}

std::optional<Json> object_of(const std::string& body,
                              std::initializer_list<std::string_view> keys) {
  Json object = parse_outside_json(body);
  if (!object.is_object()) return std::nullopt;
  for (const auto& [key, value] : object.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) return std::nullopt;
  }
  return object;
}

std::string text_of(const Json& object, const char* key, bool& wrong, std::size_t longest) {
  const auto found = object.find(key);
  if (found == object.end()) return "";
  if (!found->is_string() || found->get_ref<const std::string&>().size() > longest) {
    wrong = true;
    return "";
  }
  return found->get<std::string>();
}

std::optional<std::int64_t> whole_of(const Json& object, const char* key, bool& wrong) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::nullopt;
  if (!found->is_number_integer() || *found < 0 || *found > kLargestWhole) {
    wrong = true;
    return std::nullopt;
  }
  return found->get<std::int64_t>();
}

bool truth_of(const Json& object, const char* key, bool& wrong) {
  const auto found = object.find(key);
  if (found == object.end()) return false;
  if (!found->is_boolean()) wrong = true;
  return found->is_boolean() && found->get<bool>();
}

double number_of(const Json& object, const char* key, double otherwise, bool& wrong) {
  const auto found = object.find(key);
  if (found == object.end()) return otherwise;
  if (!found->is_number() || !std::isfinite(found->get<double>())) {
    wrong = true;
    return otherwise;
  }
  return found->get<double>();
}

}  // namespace mien
