#include "model/manifest.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "model/context_manifest.h"
#include "model/head_manifest.h"
#include "model/manifest_fields.h"

namespace mien {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

using Fields = ManifestFields;

constexpr std::array<ModelRole, 10> kRoles = {ModelRole::kFaceDetector,   ModelRole::kLandmarks,
                                              ModelRole::kDescriptor,     ModelRole::kExpression,
                                              ModelRole::kObjects,        ModelRole::kEmbedding,
                                              ModelRole::kImageText,      ModelRole::kContextProbe,
                                              ModelRole::kExpressionHead, ModelRole::kBlendshapes};

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
    fields.complain(
        "shape",
        std::string("must have rows and columns of 1 to ").append(std::to_string(kMaxSide)));
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

// How numbers become probabilities.
void read_activation(Fields& fields, Manifest& manifest) {
  manifest.activation = fields.text_or("activation", "none");
  if (manifest.activation != "none" && manifest.activation != "softmax" &&
      manifest.activation != "sigmoid") {
    fields.complain("activation", "must be none, softmax or sigmoid");
  }
}

// Names of classes, as a list of contexts refers to them.
void read_classes(Fields& fields, Manifest& manifest) {
  constexpr std::size_t kMaxLabelBytes = 200;
  manifest.labels = fields.texts("labels");
  manifest.whose_labels = fields.text("whose_labels");
  read_activation(fields, manifest);
  if (manifest.labels.empty()) fields.complain("labels", "must not be empty");
  std::set<std::string_view> seen;
  for (const std::string& label : manifest.labels) {
    if (label.empty() || label.size() > kMaxLabelBytes)
      fields.complain("labels", "must be texts of 1 to 200 bytes");
    if (!seen.insert(label).second) fields.complain("labels", "has '" + label + "' twice");
  }
}

// How a picture becomes the network's input.
void read_picture(Fields& fields, Manifest& manifest, std::string& problem) {
  const std::string order = fields.text("colour_order");
  if (order == "grey") {
    manifest.colour_order = ColourOrder::kGrey;
  } else if (order == "bgr") {
    manifest.colour_order = ColourOrder::kBgr;
  } else if (order != "rgb") {
    fields.complain("colour_order", "must be rgb, bgr or grey");
  }
  if (const json* input = fields.find("input")) check_input(*input, manifest, problem);
  const std::string framing = fields.text_or("framing", "middle");
  if (framing == "stretched") {
    manifest.framing = Framing::kStretched;
  } else if (framing != "middle") {
    fields.complain("framing", "must be middle or stretched");
  }
  if (const json* scaling = fields.find("scaling")) {
    Fields inner(*scaling, "scaling", problem);
    manifest.scaling.subtract = inner.numbers("subtract");
    manifest.scaling.multiply = inner.number("multiply");
    const std::size_t channels = manifest.colour_order == ColourOrder::kGrey ? 1 : 3;
    if (manifest.scaling.subtract.size() != channels)
      inner.complain("subtract", "must have one number a colour channel");
  }
}

Manifest read_fields(const json& object, std::string& problem) {
  Fields fields(object, "manifest", problem);
  Manifest manifest;
  manifest.id = fields.text("id");
  manifest.version = fields.text("version");
  const std::string role = fields.text("role");
  bool is_known_role = false;
  std::string roles;
  for (const ModelRole known : kRoles) {
    roles += (roles.empty() ? "" : ", ") + std::string(to_string(known));
    if (role == to_string(known)) {
      manifest.role = known;
      is_known_role = true;
    }
  }
  if (!is_known_role) fields.complain("role", "is '" + role + "'; known are " + roles);
  manifest.licence = fields.text("licence");
  if (const json* source = fields.find("source"))
    manifest.source = read_model_source(*source, problem);
  manifest.onnx_file = fields.file_name("onnx_file");
  manifest.onnx_sha256 = fields.sha256("onnx_sha256");
  if (const json* input = fields.find("input"))
    manifest.input = read_tensor(*input, "input", problem);
  if (!takes_vectors(manifest.role)) read_picture(fields, manifest, problem);
  if (const json* outputs = fields.find("outputs")) {
    if (!outputs->is_array() || outputs->empty())
      fields.complain("outputs", "must be a list of tensors");
    for (const json& output : *outputs)
      manifest.outputs.push_back(read_tensor(output, "outputs", problem));
  }
  if (manifest.role == ModelRole::kExpression || manifest.role == ModelRole::kBlendshapes)
    read_expression(fields, manifest);
  if (manifest.role == ModelRole::kExpressionHead) {
    read_expression(fields, manifest);
    read_head(fields, manifest, problem);
  }
  if (manifest.role == ModelRole::kObjects) read_classes(fields, manifest);
  if (manifest.role == ModelRole::kImageText) {
    read_activation(fields, manifest);
    read_image_texts(fields, manifest, problem);
  }
  if (manifest.role == ModelRole::kContextProbe) {
    read_classes(fields, manifest);
    read_probe(fields, manifest, problem);
  }
  if (manifest.role == ModelRole::kEmbedding || manifest.role == ModelRole::kImageText) {
    check_vector_output(fields, manifest);
  }
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
    case ModelRole::kObjects:
      return "objects";
    case ModelRole::kEmbedding:
      return "embedding";
    case ModelRole::kImageText:
      return "image_text";
    case ModelRole::kContextProbe:
      return "context_probe";
    case ModelRole::kExpressionHead:
      return "expression_head";
    case ModelRole::kBlendshapes:
      return "blendshapes";
  }
  return "expression";
}

bool names_contexts(ModelRole role) {
  return role == ModelRole::kObjects || role == ModelRole::kEmbedding ||
         role == ModelRole::kImageText || role == ModelRole::kContextProbe;
}

bool takes_vectors(ModelRole role) {
  return role == ModelRole::kContextProbe || role == ModelRole::kExpressionHead ||
         role == ModelRole::kBlendshapes;
}

std::int64_t HeadFeatures::size() const {
  std::int64_t size = 0;
  for (const Block& block : blocks) size += block.size;
  return size;
}

PictureShape picture_shape(const Manifest& manifest) {
  const std::vector<std::int64_t>& shape = manifest.input.shape;
  MIEN_CHECK(shape.size() == 4, "a manifest that was read");
  const std::int64_t channels = manifest.colour_order == ColourOrder::kGrey ? 1 : 3;
  if (shape[3] != channels) return {shape[0], shape[2], shape[3], channels, true};
  return {shape[0], shape[1], shape[2], channels, false};
}

Result<Manifest> parse_manifest(std::string_view text, const fs::path& path) {
  return manifest_of_text(text, path, &read_fields);
}

Result<Manifest> read_manifest(const fs::path& path) {
  MIEN_TRY(text, read_manifest_text(path));
  return parse_manifest(text, path);
}

Result<std::vector<Manifest>> read_manifests(const fs::path& folder) {
  return manifests_of_folder(folder, &read_manifest);
}

}  // namespace mien
