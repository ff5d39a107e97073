#include "model/manifest.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace mien {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::size_t kMaxManifestBytes = 1 << 20;

// Reads fields of one JSON object and remembers the first thing that is wrong.
class Fields {
 public:
  Fields(const json& object, std::string place, std::string& problem)
      : object_(object), place_(std::move(place)), problem_(problem) {
    if (!object_.is_object()) complain("", "is not an object");
  }

  std::string text(const char* key) {
    const json* value = find(key);
    if (value == nullptr) return {};
    if (!value->is_string() || value->get_ref<const std::string&>().empty()) {
      complain(key, "must be a text");
      return {};
    }
    return value->get<std::string>();
  }

  std::string text_or(const char* key, const std::string& otherwise) {
    return object_.is_object() && object_.contains(key) ? text(key) : otherwise;
  }

  std::string sha256(const char* key) {
    std::string hash = text(key);
    const bool is_hex = hash.size() == 64 && std::all_of(hash.begin(), hash.end(), [](char c) {
                          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                        });
    if (!is_hex) complain(key, "must be 64 lower-case hexadecimal digits");
    return hash;
  }

  float number(const char* key) {
    const json* value = find(key);
    if (value == nullptr) return 0;
    if (!is_float(*value)) {
      complain(key, "must be a number");
      return 0;
    }
    return value->get<float>();
  }

  template <typename T>
  std::vector<T> list(const char* key, bool (json::*is_kind)() const noexcept, const char* what) {
    const json* value = find(key);
    std::vector<T> items;
    if (value == nullptr) return items;
    if (!value->is_array() || value->size() > 100000) {
      complain(key, std::string("must be a list of ") + what);
      return items;
    }
    for (const json& item : *value) {
      if (!(item.*is_kind)()) {
        complain(key, std::string("must be a list of ") + what);
        return items;
      }
      items.push_back(item.get<T>());
    }
    return items;
  }

  std::vector<std::string> texts(const char* key) {
    return list<std::string>(key, &json::is_string, "texts");
  }
  std::vector<float> numbers(const char* key) {
    const json* value = find(key);
    if (value != nullptr && value->is_array() &&
        !std::all_of(value->begin(), value->end(), is_float)) {
      complain(key, "must be a list of numbers");
      return {};
    }
    return list<float>(key, &json::is_number, "numbers");
  }
  std::vector<std::int64_t> integers(const char* key) {
    return list<std::int64_t>(key, &json::is_number_integer, "integers");
  }

  const json* find(const char* key) {
    if (!object_.is_object()) return nullptr;
    const auto it = object_.find(key);
    if (it == object_.end()) {
      complain(key, "is missing");
      return nullptr;
    }
    return &*it;
  }

  // A number that float32 can hold: beyond, the conversion is not defined.
  static bool is_float(const json& value) {
    return value.is_number() &&
           std::abs(value.get<double>()) <= static_cast<double>(std::numeric_limits<float>::max());
  }

  void complain(const std::string& key, const std::string& what) {
    if (problem_.empty()) problem_ = place_ + (key.empty() ? "" : "." + key) + " " + what;
  }

 private:
  const json& object_;
  std::string place_;
  std::string& problem_;
};

TensorSpec read_tensor(const json& object, const std::string& place, std::string& problem) {
  Fields fields(object, place, problem);
  TensorSpec tensor;
  tensor.name = fields.text("name");
  tensor.shape = fields.integers("shape");
  tensor.meaning = fields.text("meaning");
  tensor.source = fields.text_or("source", "");
  if (tensor.shape.empty() || tensor.shape.size() > 8)
    fields.complain("shape", "must have 1 to 8 extents");
  for (const std::int64_t extent : tensor.shape) {
    if (extent == 0 || extent < -1 || extent > 1 << 24)
      fields.complain("shape", "has an impossible extent");
  }
  return tensor;
}

constexpr std::int64_t kMaxSide = 2048;  // pixels; keeps a manifest from asking for gigabytes

void check_input(const json& object, const Manifest& manifest, std::string& problem) {
  Fields fields(object, "input", problem);
  const std::int64_t channels = manifest.colour_order == ColourOrder::kGrey ? 1 : 3;
  const std::vector<std::int64_t>& shape = manifest.input.shape;
  if (shape.size() != 4 || (shape[3] != channels && shape[1] != channels)) {
    return fields.complain("shape", "must be batch x rows x columns x " + std::to_string(channels) +
                                        " (or batch x " + std::to_string(channels) +
                                        " x rows x columns) for this colour_order");
  }
  if (shape[0] != -1 && shape[0] != 1) fields.complain("shape", "must have the batch -1 or 1");
  const PictureShape picture = picture_shape(manifest);
  if (picture.rows < 1 || picture.columns < 1 || picture.rows > kMaxSide ||
      picture.columns > kMaxSide) {
    fields.complain("shape", "must have rows and columns of 1 to " + std::to_string(kMaxSide));
  }
}

void read_source(const json& object, Manifest& manifest, std::string& problem) {
  Fields fields(object, "source", problem);
  manifest.source.format = fields.text("format");
  if (manifest.source.format == "onnx") return;
  manifest.source.package = fields.text("package");
  if (manifest.source.package.find("..") != std::string::npos ||
      manifest.source.package.find("npm:") != 0 || manifest.source.package.find("npm:/") == 0) {
    fields.complain("package", "must be npm:NAME@VERSION");
  }
  const json* files = fields.find("files");
  if (files == nullptr || !files->is_array()) return fields.complain("files", "must be a list");
  for (const json& file : *files) {
    Fields entry(file, "source.files", problem);
    manifest.source.files.push_back({entry.text("path"), entry.sha256("sha256")});
    const fs::path path = manifest.source.files.back().path;
    if (path.is_absolute() || path.string().find("..") != std::string::npos) {
      entry.complain("path", "must lie inside the package");
    }
  }
}

void read_expression(Fields& fields, Manifest& manifest) {
  manifest.channel = fields.text("channel");
  manifest.labels = fields.texts("labels");
  manifest.activation = fields.text("activation");
  manifest.whose_labels = fields.text("whose_labels");
  const auto is_word = [](const std::string& word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
  };
  if (!is_word(manifest.channel))
    fields.complain("channel", "must be lower-case letters, digits and _");
  if (manifest.labels.empty()) fields.complain("labels", "must not be empty");
  for (const std::string& label : manifest.labels) {
    if (!is_word(label))
      fields.complain("labels", "must be lower-case letters, digits and _; '" + label + "' is not");
    if (std::count(manifest.labels.begin(), manifest.labels.end(), label) > 1)
      fields.complain("labels", "has '" + label + "' twice");
  }
  if (manifest.activation != "none" && manifest.activation != "softmax" &&
      manifest.activation != "sigmoid") {
    fields.complain("activation", "must be none, softmax or sigmoid");
  }
}

Manifest read_fields(const json& object, std::string& problem) {
  Fields fields(object, "manifest", problem);
  Manifest manifest;
  manifest.id = fields.text("id");
  manifest.version = fields.text("version");
  const std::string role = fields.text("role");
  bool is_known_role = false;
  for (const ModelRole known : {ModelRole::kFaceDetector, ModelRole::kLandmarks,
                                ModelRole::kDescriptor, ModelRole::kExpression}) {
    if (role == to_string(known)) {
      manifest.role = known;
      is_known_role = true;
    }
  }
  if (!is_known_role)
    fields.complain(
        "role", "is '" + role + "'; known are face_detector, landmarks, descriptor, expression");
  manifest.licence = fields.text("licence");
  if (const json* source = fields.find("source")) read_source(*source, manifest, problem);
  manifest.onnx_file = fields.text("onnx_file");
  if (fs::path(manifest.onnx_file).filename() != manifest.onnx_file)
    fields.complain("onnx_file", "must be a file name");
  manifest.onnx_sha256 = fields.sha256("onnx_sha256");
  if (const json* input = fields.find("input"))
    manifest.input = read_tensor(*input, "input", problem);
  const std::string order = fields.text("colour_order");
  if (order == "grey") {
    manifest.colour_order = ColourOrder::kGrey;
  } else if (order == "bgr") {
    manifest.colour_order = ColourOrder::kBgr;
  } else if (order != "rgb") {
    fields.complain("colour_order", "must be rgb, bgr or grey");
  }
  if (const json* input = fields.find("input")) check_input(*input, manifest, problem);
  if (const json* scaling = fields.find("scaling")) {
    Fields inner(*scaling, "scaling", problem);
    manifest.scaling.subtract = inner.numbers("subtract");
    manifest.scaling.multiply = inner.number("multiply");
    const std::size_t channels = manifest.colour_order == ColourOrder::kGrey ? 1 : 3;
    if (manifest.scaling.subtract.size() != channels)
      inner.complain("subtract", "must have one number a colour channel");
  }
  if (const json* outputs = fields.find("outputs")) {
    if (!outputs->is_array() || outputs->empty())
      fields.complain("outputs", "must be a list of tensors");
    for (const json& output : *outputs)
      manifest.outputs.push_back(read_tensor(output, "outputs", problem));
  }
  if (manifest.role == ModelRole::kExpression) read_expression(fields, manifest);
  manifest.intended_use = fields.text("intended_use");
  manifest.known_limits = fields.texts("known_limits");
  return manifest;
}

}  // namespace

std::string_view to_string(ModelRole role) {
  switch (role) {
    case ModelRole::kFaceDetector:
      return "face_detector";
    case ModelRole::kLandmarks:
      return "landmarks";
    case ModelRole::kDescriptor:
      return "descriptor";
    case ModelRole::kExpression:
      return "expression";
  }
  return "expression";
}

PictureShape picture_shape(const Manifest& manifest) {
  const std::vector<std::int64_t>& shape = manifest.input.shape;
  MIEN_CHECK(shape.size() == 4, "a manifest that was read");
  const std::int64_t channels = manifest.colour_order == ColourOrder::kGrey ? 1 : 3;
  if (shape[3] != channels) return {shape[0], shape[2], shape[3], channels, true};
  return {shape[0], shape[1], shape[2], channels, false};
}

Result<Manifest> parse_manifest(std::string_view text, const fs::path& path) {
  if (text.size() > kMaxManifestBytes)
    return Error{ErrorCode::kCorrupt, path.string() + ": larger than a manifest can be"};
  const json object = json::parse(text, nullptr, false);
  if (object.is_discarded()) return Error{ErrorCode::kCorrupt, path.string() + ": not JSON"};
  std::string problem;
  Manifest manifest = read_fields(object, problem);
  if (!problem.empty()) return Error{ErrorCode::kCorrupt, path.string() + ": " + problem};
  manifest.path = path;
  return manifest;
}

Result<Manifest> read_manifest(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kNotFound, path.string() + ": cannot be opened"};
  std::string text(kMaxManifestBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return parse_manifest(text, path);
}

Result<std::vector<Manifest>> read_manifests(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".json") paths.push_back(it->path());
  }
  if (error)
    return Error{ErrorCode::kNotFound,
                 folder.string() + ": no folder of model manifests (" + error.message() + ")"};
  std::vector<Manifest> manifests;
  for (const fs::path& path : paths) {
    MIEN_TRY(manifest, read_manifest(path));
    manifests.push_back(std::move(manifest));
  }
  std::sort(manifests.begin(), manifests.end(),
            [](const Manifest& a, const Manifest& b) { return a.id < b.id; });
  for (std::size_t i = 1; i < manifests.size(); ++i) {
    if (manifests[i].id == manifests[i - 1].id) {
      return Error{ErrorCode::kMismatch, "two manifests have the id '" + manifests[i].id +
                                             "': " + manifests[i - 1].path.string() + " and " +
                                             manifests[i].path.string()};
    }
  }
  return manifests;
}

}  // namespace mien
