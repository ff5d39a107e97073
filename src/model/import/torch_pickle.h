// One pickle of those that torch.save writes, read without executing anything (torch_weights.h
// tells what is known of the language).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace mien {

inline constexpr std::size_t kMaxTorchElements = std::size_t{1} << 26;

namespace pickle {

struct Storage {
  std::string key;
  bool is_integer = false;
  std::int64_t size = 0;
};

struct TensorOf {
  Storage storage;
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  // in elements of the storage
};

struct Mark {};
struct Name {
  std::string text;  // "module name"
};
struct Value;
using List = std::vector<Value>;  // tuples and lists
using Dict = std::vector<std::pair<std::string, TensorOf>>;

struct Value {
  std::variant<std::monostate, Mark, bool, std::int64_t, std::string, Name, List, Storage, TensorOf,
               Dict>
      is;
};

// Null where it is something else.
template <typename T>
const T* as(const Value& value) {
  return std::get_if<T>(&value.is);
}

struct Unpickled {
  Value value;
  std::size_t end = 0;  // in the bytes, behind the pickle
};

}  // namespace pickle

// kCorrupt, with `what` after "the pickled weights:".
Error corrupt_pickle(const std::string& what);

// The pickle that begins at `at`. kCorrupt; kUnsupported names what is not known.
Result<pickle::Unpickled> unpickle(std::string_view bytes, std::size_t at);

}  // namespace mien
