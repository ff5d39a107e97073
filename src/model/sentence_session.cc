#include "model/sentence_session.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/tensor.h"
#include "model/denormals.h"
#include "model/model_file.h"
#include "model/onnx_runtime.h"

namespace mien {

namespace {

// The numbers of one input tensor, in the type that the network wants.
struct InputTensor {
  std::vector<std::int64_t> wide;
  std::vector<std::int32_t> narrow;
  std::vector<float> real;
};

bool is_input_type(ONNXTensorElementDataType type) {
  return type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 ||
         type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 || type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}

std::int64_t held(SentenceInput kind, std::int64_t id) {
  if (kind == SentenceInput::kIds) return id;
  return kind == SentenceInput::kMask ? 1 : 0;
}

// Scales to length 1; false where there is no direction.
bool normalise(std::span<float> vector) {
  double square = 0;
  for (const float value : vector) square += static_cast<double>(value) * value;
  if (!std::isfinite(square) || square <= 0) return false;
  const double factor = 1 / std::sqrt(square);
  for (float& value : vector) value = static_cast<float>(value * factor);
  return true;
}

}  // namespace

struct SentenceSession::State {
  SentenceManifest manifest;
  // ONNX Runtime lets several threads run one session; its interface is not const for it.
  mutable Ort::Session session{nullptr};
  Ort::MemoryInfo memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  std::vector<const char*> input_names;
  std::vector<ONNXTensorElementDataType> input_types;  // one an input, in the manifest's order

  std::string problem(const std::string& what) const {
    return "sentence encoder '" + manifest.id + "': " + what;
  }

  // "" or how inputs and output differ from the manifest's.
  std::string interface_difference() {
    Ort::AllocatorWithDefaultOptions allocator;
    std::string names;
    std::size_t found = 0;
    input_types.assign(manifest.inputs.size(), ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED);
    for (std::size_t i = 0; i < session.GetInputCount(); ++i) {
      const std::string name = session.GetInputNameAllocated(i, allocator).get();
      names += (names.empty() ? "" : ", ") + name;
      for (std::size_t j = 0; j < manifest.inputs.size(); ++j) {
        if (manifest.inputs[j].name != name) continue;
        const auto type = session.GetInputTypeInfo(i);
        if (type.GetONNXType() != ONNX_TYPE_TENSOR) return "the input " + name + " is no tensor";
        const auto info = type.GetTensorTypeAndShapeInfo();
        input_types[j] = info.GetElementType();
        if (!is_input_type(input_types[j]) || info.GetShape().size() != 2)
          return "the input " + name + " must be batch x tokens of int64, int32 or float";
        ++found;
      }
    }
    if (found != manifest.inputs.size() || found != session.GetInputCount())
      return "the file's inputs are " + names + "; the manifest names others";
    names.clear();
    for (std::size_t i = 0; i < session.GetOutputCount(); ++i) {
      const std::string name = session.GetOutputNameAllocated(i, allocator).get();
      if (name == manifest.output) return "";
      names += (names.empty() ? "" : ", ") + name;
    }
    return "the file's outputs are " + names + "; the manifest says " + manifest.output;
  }

  Ort::Value tensor(InputTensor& numbers, std::size_t input, std::span<const std::int64_t> ids,
                    std::size_t tokens) const {
    const std::array shape = {static_cast<std::int64_t>(ids.size() / tokens),
                              static_cast<std::int64_t>(tokens)};
    const SentenceInput kind = manifest.inputs[input].holds;
    const auto made = [&]<typename T>(std::vector<T>& values) {
      for (const std::int64_t id : ids) values.push_back(static_cast<T>(held(kind, id)));
      return Ort::Value::CreateTensor<T>(memory, values.data(), values.size(), shape.data(),
                                         shape.size());
    };
    if (input_types[input] == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32) return made(numbers.narrow);
    if (input_types[input] == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) return made(numbers.real);
    return made(numbers.wide);
  }

  // The output -> one vector a sequence, not yet of length 1.
  Result<std::vector<float>> pooled(const Ort::Value& output, std::size_t count,
                                    std::size_t tokens) const {
    const auto info = output.GetTensorTypeAndShapeInfo();
    const std::vector<std::int64_t> shape = info.GetShape();
    std::vector<std::int64_t> wanted = {static_cast<std::int64_t>(count), manifest.dimensions};
    if (manifest.pooling == Pooling::kMean)
      wanted.insert(wanted.begin() + 1, static_cast<std::int64_t>(tokens));
    if (info.GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || shape != wanted) {
      return Error{
          ErrorCode::kMismatch,
          problem("for " + std::to_string(count) + " x " + std::to_string(tokens) +
                  " tokens the output " + manifest.output + " comes as " + shape_to_string(shape) +
                  "; float32 of " + shape_to_string(wanted) + " was agreed on")};
    }
    const auto* data = output.GetTensorData<float>();
    const auto width = static_cast<std::size_t>(manifest.dimensions);
    if (manifest.pooling == Pooling::kNone) return std::vector<float>(data, data + count * width);
    std::vector<float> vectors;
    vectors.reserve(count * width);
    for (std::size_t i = 0; i < count; ++i, data += tokens * width) {
      std::vector<double> sum(width, 0.0);
      for (std::size_t t = 0; t < tokens; ++t) {
        for (std::size_t c = 0; c < width; ++c) sum[c] += data[t * width + c];
      }
      for (const double value : sum)
        vectors.push_back(static_cast<float>(value / static_cast<double>(tokens)));
    }
    return vectors;
  }
};

SentenceSession::SentenceSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
SentenceSession::SentenceSession(SentenceSession&&) noexcept = default;
SentenceSession& SentenceSession::operator=(SentenceSession&&) noexcept = default;
SentenceSession::~SentenceSession() = default;

Result<SentenceSession> SentenceSession::open(const SentenceManifest& manifest,
                                              const std::filesystem::path& model_folder) {
  const std::filesystem::path path = model_folder / manifest.onnx_file;
  MIEN_TRY(bytes, read_checked_model_file(path, manifest.id, manifest.onnx_sha256));
  auto state = std::make_unique<State>();
  state->manifest = manifest;
  for (const SentenceManifest::Input& input : state->manifest.inputs)
    state->input_names.push_back(input.name.c_str());
  std::string difference;
  try {
    state->session = Ort::Session(onnx_environment(), bytes.data(), bytes.size(), onnx_options(1));
    difference = state->interface_difference();
  } catch (const std::exception& error) {
    return Error{ErrorCode::kCorrupt, path.string() + ": ONNX Runtime refuses it: " + error.what()};
  }
  if (!difference.empty()) return Error{ErrorCode::kMismatch, state->problem(difference)};
  SentenceSession session(std::move(state));
  std::vector<std::int64_t> ids = manifest.begin_ids;
  ids.insert(ids.end(), 3, 0);
  ids.insert(ids.end(), manifest.end_ids.begin(), manifest.end_ids.end());
  MIEN_TRY_VOID(session.run(ids, ids.size()));
  return session;
}

Result<std::vector<float>> SentenceSession::run(std::span<const std::int64_t> ids,
                                                std::size_t tokens) const {
  MIEN_CHECK(tokens > 0 && static_cast<std::int64_t>(tokens) <= state_->manifest.max_tokens &&
                 !ids.empty() && ids.size() % tokens == 0,
             "whole sequences of as many tokens as the network takes");
  const FlushDenormals flush;
  const auto width = static_cast<std::size_t>(state_->manifest.dimensions);
  std::vector<float> vectors;
  try {
    std::array<InputTensor, 3> numbers;
    std::vector<Ort::Value> inputs;
    for (std::size_t i = 0; i < state_->input_names.size(); ++i)
      inputs.push_back(state_->tensor(numbers.at(i), i, ids, tokens));
    const char* output = state_->manifest.output.c_str();
    const auto outputs = state_->session.Run(Ort::RunOptions{nullptr}, state_->input_names.data(),
                                             inputs.data(), inputs.size(), &output, 1);
    MIEN_TRY(made, state_->pooled(outputs.front(), ids.size() / tokens, tokens));
    vectors = std::move(made);
  } catch (const std::exception& error) {
    return Error{ErrorCode::kMismatch,
                 state_->problem(std::string("it does not run: ") + error.what())};
  }
  for (std::size_t at = 0; at < vectors.size(); at += width) {
    if (!normalise(std::span(vectors).subspan(at, width)))
      return Error{ErrorCode::kMismatch, state_->problem("it gives a vector without direction")};
  }
  return vectors;
}

std::vector<std::string> verify_sentence_model(const SentenceManifest& manifest,
                                               const std::filesystem::path& model_folder) {
  std::vector<std::string> found;
  const auto tokenizer = read_checked_model_file(model_folder / manifest.tokenizer.file,
                                                 manifest.id, manifest.tokenizer.sha256);
  if (!tokenizer.ok()) found.push_back(tokenizer.error().message);
  const auto session = SentenceSession::open(manifest, model_folder);
  if (!session.ok()) found.push_back(session.error().message);
  return found;
}

}  // namespace mien
