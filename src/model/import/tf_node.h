// A node of a TensorFlow graph, under the names that TensorFlow gives operators and attributes,
// whichever file it was read from (tfjs_graph.h, tflite_graph.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace mien {

// Types are texts: "DT_FLOAT".
using TfAttribute = std::variant<std::int64_t, bool, std::string, std::vector<std::int64_t>,
                                 std::vector<std::string>>;

struct TfNode {
  std::string name;
  std::string op;
  std::vector<std::string> inputs;  // names of nodes
  std::map<std::string, TfAttribute, std::less<>> attributes;

  // The attribute where it is there and of that kind, else `otherwise`, none or false.
  std::string text(const char* key, const std::string& otherwise) const {
    return get<std::string>(key, otherwise);
  }
  std::vector<std::string> texts(const char* key) const {
    return get<std::vector<std::string>>(key, {});
  }
  std::int64_t integer(const char* key, std::int64_t otherwise) const {
    return get<std::int64_t>(key, otherwise);
  }
  std::vector<std::int64_t> integers(const char* key) const {
    return get<std::vector<std::int64_t>>(key, {});
  }
  bool flag(const char* key) const { return get<bool>(key, false); }

 private:
  template <typename T>
  T get(const char* key, const T& otherwise) const {
    const auto it = attributes.find(key);
    const T* value = it == attributes.end() ? nullptr : std::get_if<T>(&it->second);
    return value != nullptr ? *value : otherwise;
  }
};

}  // namespace mien
