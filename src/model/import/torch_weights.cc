#include "model/import/torch_weights.h"

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/import/torch_pickle.h"

namespace mien {

namespace {

using namespace pickle;

// The bytes of every storage, in the order of their keys.
Result<std::map<std::string, std::string_view>> read_storages(
    std::string_view bytes, std::size_t at, const List& keys,
    const std::map<std::string, std::size_t>& widths) {
  std::map<std::string, std::string_view> storages;
  for (const Value& value : keys) {
    const auto* key = as<std::string>(value);
    const auto width = key == nullptr ? widths.end() : widths.find(*key);
    if (width == widths.end()) return corrupt_pickle("a storage belongs to no tensor");
    std::uint64_t count = 0;
    if (bytes.size() - at < sizeof count) return corrupt_pickle("the numbers end early");
    std::memcpy(&count, bytes.data() + at, sizeof count);
    at += sizeof count;
    if (count > kMaxTorchElements || bytes.size() - at < count * width->second) {
      return corrupt_pickle("the numbers end early");
    }
    storages[*key] = bytes.substr(at, count * width->second);
    at += count * width->second;
  }
  if (at != bytes.size()) return corrupt_pickle("bytes are left over");
  return storages;
}

// Positions in the storage, row major.
std::vector<std::size_t> elements_of(const TensorOf& tensor) {
  std::vector<std::size_t> at{static_cast<std::size_t>(tensor.offset)};
  for (std::size_t axis = 0; axis < tensor.shape.size(); ++axis) {
    std::vector<std::size_t> next;
    next.reserve(at.size() * static_cast<std::size_t>(tensor.shape[axis]));
    for (const std::size_t begin : at) {
      for (std::int64_t i = 0; i < tensor.shape[axis]; ++i) {
        next.push_back(begin + static_cast<std::size_t>(i * tensor.strides[axis]));
      }
    }
    at = std::move(next);
  }
  return at;
}

}  // namespace

Result<Weights> read_torch_weights(std::string_view bytes) {
  std::vector<Value> pickles;
  std::size_t at = 0;
  for (int i = 0; i < 5; ++i) {
    MIEN_TRY(read, unpickle(bytes, at));
    pickles.push_back(std::move(read.value));
    at = read.end;
  }
  const auto* dict = as<Dict>(pickles[3]);
  const auto* keys = as<List>(pickles[4]);
  if (dict == nullptr || keys == nullptr) return corrupt_pickle("they are no state dict");
  std::map<std::string, std::size_t> widths;  // bytes an element
  for (const auto& [name, tensor] : *dict) {
    widths[tensor.storage.key] = tensor.storage.is_integer ? 8 : 4;
  }
  MIEN_TRY(storages, read_storages(bytes, at, *keys, widths));
  Weights weights;
  std::size_t total = 0;  // several tensors may read one storage
  for (const auto& [name, tensor] : *dict) {
    const auto found = storages.find(tensor.storage.key);
    if (found == storages.end()) return corrupt_pickle("'" + name + "' has no numbers");
    Weight weight;
    weight.shape = tensor.shape;
    weight.is_integer = tensor.storage.is_integer;
    const std::size_t width = weight.is_integer ? 8 : 4;
    if (found->second.size() != static_cast<std::size_t>(tensor.storage.size) * width)
      return corrupt_pickle("'" + name + "' has too few numbers");
    const std::vector<std::size_t> elements = elements_of(tensor);
    total += elements.size();
    if (total > kMaxTorchElements) return corrupt_pickle("there are too many numbers");
    for (const std::size_t element : elements) {
      const char* from = found->second.data() + element * width;
      if (weight.is_integer) {
        std::memcpy(&weight.integers.emplace_back(), from, width);
      } else {
        std::memcpy(&weight.floats.emplace_back(), from, width);
      }
    }
    if (!weights.emplace(name, std::move(weight)).second)
      return corrupt_pickle("'" + name + "' is there twice");
  }
  return weights;
}

}  // namespace mien
