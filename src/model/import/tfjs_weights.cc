#include "model/import/tfjs_weights.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/half_float.h"

namespace mien {

namespace {

// Larger than any network Mien imports, small enough that a lie cannot exhaust memory.
constexpr std::int64_t kMaxElements = 1LL << 28;

Error corrupt_weights(const std::string& message) {
  return {ErrorCode::kCorrupt, message};
}

template <typename T>
T read_at(std::string_view bytes, std::size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

Result<std::vector<std::int64_t>> read_shape(const nlohmann::json& shape, const std::string& name) {
  std::vector<std::int64_t> extents;
  std::int64_t count = 1;
  for (const nlohmann::json& extent : shape) {
    if (!extent.is_number_integer())
      return corrupt_weights("weight '" + name + "': its shape is not a list of integers");
    const auto value = extent.get<std::int64_t>();
    if (value < 0 || value > kMaxElements || extents.size() > 8) {
      return corrupt_weights("weight '" + name + "': its shape has the extent " +
                             std::to_string(value));
    }
    extents.push_back(value);
    count *= value;
    if (count > kMaxElements)
      return corrupt_weights("weight '" + name + "': its shape is too large");
  }
  return extents;
}

struct StoredWeight {
  std::string dtype;  // as stored
  std::size_t width = 4;
  double scale = 1;
  double min = 0;
  bool is_affine = false;
};

Result<StoredWeight> read_storage(const nlohmann::json& weight, const std::string& name) {
  StoredWeight storage;
  storage.dtype = weight.at("dtype").get<std::string>();
  if (weight.contains("quantization")) {
    const nlohmann::json& quantization = weight.at("quantization");
    storage.dtype = quantization.at("dtype").get<std::string>();
    if (storage.dtype == "uint8" || storage.dtype == "uint16") {
      storage.is_affine = true;
      storage.scale = quantization.at("scale").get<double>();
      storage.min = quantization.at("min").get<double>();
      // Negated, so that NaN fails too.
      if (!(std::abs(storage.scale) * UINT16_MAX + std::abs(storage.min) <=
            static_cast<double>(std::numeric_limits<float>::max()))) {
        return corrupt_weights("weight '" + name +
                               "': its quantisation leaves the range of numbers");
      }
    }
  }
  if (storage.dtype == "float32" || storage.dtype == "int32") {
    storage.width = 4;
  } else if (storage.dtype == "float16" || storage.dtype == "uint16") {
    storage.width = 2;
  } else if (storage.dtype == "uint8" || storage.dtype == "bool") {
    storage.width = 1;
  } else {
    return Error{ErrorCode::kUnsupported,
                 "weight '" + name + "': the type " + storage.dtype + " is not known"};
  }
  return storage;
}

Weight decode(const StoredWeight& storage, std::vector<std::int64_t> shape, std::size_t count,
              std::string_view bytes) {
  Weight weight;
  weight.shape = std::move(shape);
  weight.is_integer = storage.dtype == "int32" || storage.dtype == "bool";
  if (weight.is_integer) {
    weight.integers.resize(count);
  } else {
    weight.floats.resize(count);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (storage.dtype == "int32") {
      weight.integers[i] = read_at<std::int32_t>(bytes, i);
    } else if (storage.dtype == "bool") {
      weight.integers[i] = bytes[i] != 0 ? 1 : 0;
    } else if (storage.dtype == "float32") {
      weight.floats[i] = read_at<float>(bytes, i);
    } else if (storage.dtype == "float16") {
      weight.floats[i] = half_to_float(read_at<std::uint16_t>(bytes, i));
    } else {
      const double stored = storage.width == 1
                                ? static_cast<double>(static_cast<std::uint8_t>(bytes[i]))
                                : static_cast<double>(read_at<std::uint16_t>(bytes, i));
      weight.floats[i] = static_cast<float>(stored * storage.scale + storage.min);
    }
  }
  return weight;
}

Status read_group(const nlohmann::json& group, std::string_view& bytes, Weights& weights) {
  for (const nlohmann::json& entry : group.at("weights")) {
    const auto name = entry.at("name").get<std::string>();
    MIEN_TRY(shape, read_shape(entry.at("shape"), name));
    MIEN_TRY(storage, read_storage(entry, name));
    std::size_t count = 1;
    for (const std::int64_t extent : shape) count *= static_cast<std::size_t>(extent);
    if (count * storage.width > bytes.size()) {
      return corrupt_weights("weight '" + name + "' needs " +
                             std::to_string(count * storage.width) + " bytes and the shards have " +
                             std::to_string(bytes.size()) + " left");
    }
    weights[name] =
        decode(storage, std::move(shape), count, bytes.substr(0, count * storage.width));
    bytes.remove_prefix(count * storage.width);
  }
  return Ok{};
}

}  // namespace

static_assert(std::endian::native == std::endian::little, "weights are read as little-endian");

std::int64_t Weight::size() const {
  return static_cast<std::int64_t>(is_integer ? integers.size() : floats.size());
}

Result<Weights> read_tfjs_weights(const nlohmann::json& groups, std::string_view bytes) {
  Weights weights;
  try {
    for (const nlohmann::json& group : groups) MIEN_TRY_VOID(read_group(group, bytes, weights));
  } catch (const nlohmann::json::exception& error) {
    return corrupt_weights(std::string("the weights manifest is misshapen: ") + error.what());
  }
  if (!bytes.empty()) {
    return corrupt_weights("the weight shards have " + std::to_string(bytes.size()) +
                           " bytes that no weight claims");
  }
  return weights;
}

Result<const Weight*> find_weight(const Weights& weights, const std::string& name,
                                  const std::vector<std::int64_t>& shape) {
  const auto it = weights.find(name);
  if (it == weights.end()) {
    return Error{ErrorCode::kMismatch, "the weights have no '" + name + "'"};
  }
  if (it->second.shape != shape || it->second.is_integer) {
    return Error{ErrorCode::kMismatch,
                 "the weight '" + name + "' has another shape than the network needs"};
  }
  return &it->second;
}

}  // namespace mien
