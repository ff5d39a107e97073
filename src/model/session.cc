#include "model/session.h"

#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <sstream>

#include "base/sha256.h"

namespace mien {

namespace {

Ort::Env& environment() {  // one for the process; ONNX Runtime asks for that
  static Ort::Env env(ORT_LOGGING_LEVEL_ERROR, "mien");
  return env;
}

struct Facts {
  std::string name;
  std::vector<std::int64_t> shape;
};

bool shapes_agree(const std::vector<std::int64_t>& wanted,
                  const std::vector<std::int64_t>& actual) {
  if (wanted.size() != actual.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] >= 0 && actual[i] >= 0 && wanted[i] != actual[i]) return false;
    if (wanted[i] >= 0 && actual[i] < 0 && i > 0) return false;
  }
  return true;
}

std::string describe(const std::vector<Facts>& tensors) {
  std::string text;
  for (const Facts& tensor : tensors) {
    text += (text.empty() ? "" : ", ") + tensor.name + " " + shape_to_string(tensor.shape);
  }
  return text;
}

// "" where the network has a tensor of that name and shape, else what differs.
std::string difference(const TensorSpec& wanted, const std::vector<Facts>& actual,
                       const char* kind) {
  for (const Facts& tensor : actual) {
    if (tensor.name == wanted.name && shapes_agree(wanted.shape, tensor.shape)) return "";
  }
  return std::string("the manifest's ") + kind + " is " + wanted.name + " " +
         shape_to_string(wanted.shape) + ", the file has " + describe(actual);
}

}  // namespace

struct Session::State {
  Manifest manifest;
  Ort::Session session{nullptr};
  Ort::MemoryInfo memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  std::vector<const char*> output_names;
  std::int64_t calls = 0;
  double seconds = 0;

  std::vector<Facts> facts(bool of_inputs) const {
    Ort::AllocatorWithDefaultOptions allocator;
    std::vector<Facts> tensors;
    const std::size_t count = of_inputs ? session.GetInputCount() : session.GetOutputCount();
    for (std::size_t i = 0; i < count; ++i) {
      const auto name = of_inputs ? session.GetInputNameAllocated(i, allocator)
                                  : session.GetOutputNameAllocated(i, allocator);
      const auto type = of_inputs ? session.GetInputTypeInfo(i) : session.GetOutputTypeInfo(i);
      if (type.GetONNXType() != ONNX_TYPE_TENSOR) {
        tensors.push_back({name.get(), {}});
        continue;
      }
      tensors.push_back({name.get(), type.GetTensorTypeAndShapeInfo().GetShape()});
    }
    return tensors;
  }

  Status check_interface() {
    std::string wrong;
    if (session.GetInputCount() != 1) {
      wrong = "the file has " + std::to_string(session.GetInputCount()) + " inputs, one is needed";
    }
    if (wrong.empty()) wrong = difference(manifest.input, facts(true), "input");
    for (const TensorSpec& output : manifest.outputs) {
      if (wrong.empty()) wrong = difference(output, facts(false), "output");
    }
    const std::vector<std::int64_t>& first = manifest.outputs.front().shape;
    if (wrong.empty() && !manifest.labels.empty() &&
        (first.empty() || first.back() != static_cast<std::int64_t>(manifest.labels.size()))) {
      wrong = "the manifest names " + std::to_string(manifest.labels.size()) +
              " labels, the output " + manifest.outputs.front().name + " is " +
              shape_to_string(first);
    }
    if (!wrong.empty()) return Error{ErrorCode::kMismatch, "model '" + manifest.id + "': " + wrong};
    for (const TensorSpec& output : manifest.outputs) output_names.push_back(output.name.c_str());
    return Ok{};
  }

  Result<std::vector<Tensor>> run(const TensorView& input) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<Tensor> outputs;
    try {
      // ONNX Runtime's interface takes a mutable pointer and does not write through it.
      Ort::Value value = Ort::Value::CreateTensor<float>(
          memory, const_cast<float*>(input.data.data()), input.data.size(), input.shape.data(),
          input.shape.size());
      const char* input_name = manifest.input.name.c_str();
      const auto values = session.Run(Ort::RunOptions{nullptr}, &input_name, &value, 1,
                                      output_names.data(), output_names.size());
      for (const Ort::Value& out : values) {
        const auto info = out.GetTensorTypeAndShapeInfo();
        if (info.GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) {
          return Error{ErrorCode::kMismatch,
                       "model '" + manifest.id + "': an output is not float32"};
        }
        Tensor tensor;
        tensor.shape = info.GetShape();
        const float* data = out.GetTensorData<float>();
        tensor.data.assign(data, data + info.GetElementCount());
        outputs.push_back(std::move(tensor));
      }
    } catch (const Ort::Exception& error) {
      return Error{ErrorCode::kInternal, "model '" + manifest.id + "': " + error.what()};
    }
    ++calls;
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return outputs;
  }
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::open(const Manifest& manifest, const std::filesystem::path& model_folder,
                              const SessionOptions& options) {
  const std::filesystem::path path = model_folder / manifest.onnx_file;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{ErrorCode::kNotFound, path.string() + ": the model '" + manifest.id +
                                           "' is not there; run 'mien models import'"};
  }
  std::ostringstream buffer;
  buffer << file.rdbuf();
  const std::string bytes = std::move(buffer).str();
  const std::string hash = sha256_of_bytes(bytes);
  if (hash != manifest.onnx_sha256) {
    return Error{ErrorCode::kMismatch, path.string() + ": SHA-256 is " + hash +
                                           ", the manifest says " + manifest.onnx_sha256 +
                                           "; run 'mien models import', or correct the manifest"};
  }
  auto state = std::make_unique<State>();
  state->manifest = manifest;
  try {
    Ort::SessionOptions settings;
    settings.SetIntraOpNumThreads(options.threads);
    settings.SetInterOpNumThreads(1);
    settings.SetExecutionMode(ExecutionMode::ORT_SEQUENTIAL);
    settings.SetGraphOptimizationLevel(GraphOptimizationLevel::ORT_ENABLE_ALL);
    settings.AddConfigEntry("session.set_denormal_as_zero", "1");
    settings.AddConfigEntry("session.intra_op.allow_spinning", "0");
    state->session = Ort::Session(environment(), bytes.data(), bytes.size(), settings);
  } catch (const Ort::Exception& error) {
    return Error{ErrorCode::kCorrupt, path.string() + ": ONNX Runtime refuses it: " + error.what()};
  }
  MIEN_TRY_VOID(state->check_interface());
  std::vector<std::int64_t> shape = manifest.input.shape;
  for (std::int64_t& extent : shape) extent = std::max<std::int64_t>(extent, 1);
  const Tensor zeros = Tensor::zeros(shape);
  const auto warm = state->run({zeros.shape, zeros.data});
  if (!warm.ok()) return warm.error();
  for (std::size_t i = 0; i < manifest.outputs.size(); ++i) {
    if (!shapes_agree(manifest.outputs[i].shape, (*warm)[i].shape)) {
      return Error{ErrorCode::kMismatch,
                   "model '" + manifest.id + "': the output " + manifest.outputs[i].name +
                       " comes as " + shape_to_string((*warm)[i].shape) + ", the manifest says " +
                       shape_to_string(manifest.outputs[i].shape)};
    }
  }
  state->calls = 0;
  state->seconds = 0;
  return Session(std::move(state));
}

const Manifest& Session::manifest() const {
  return state_->manifest;
}
std::int64_t Session::calls() const {
  return state_->calls;
}
double Session::seconds() const {
  return state_->seconds;
}

Result<std::vector<Tensor>> Session::run(const TensorView& input) {
  MIEN_CHECK(shapes_agree(state_->manifest.input.shape, input.shape),
             "input of another shape than the manifest's");
  MIEN_CHECK(element_count(input.shape) == static_cast<std::int64_t>(input.data.size()),
             "input data does not fill its shape");
  return state_->run(input);
}

std::string Session::library_version() {
  return Ort::GetVersionString();
}

}  // namespace mien
