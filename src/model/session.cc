#include "model/session.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/check.h"
#include "base/sha256.h"
#include "model/denormals.h"
#include "model/model_file.h"
#include "model/onnx_runtime.h"

namespace mien {

namespace {

struct Facts {
  std::string name;
  std::vector<std::int64_t> shape;
  bool is_float32 = false;
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
    text += (text.empty() ? "" : ", ") + tensor.name + " " + shape_to_string(tensor.shape) +
            (tensor.is_float32 ? "" : " (not float32)");
  }
  return text;
}

// "" where the network has a tensor of that name and shape, else what differs.
std::string difference(const TensorSpec& wanted, const std::vector<Facts>& actual,
                       const char* kind) {
  for (const Facts& tensor : actual) {
    if (tensor.name == wanted.name && tensor.is_float32 &&
        shapes_agree(wanted.shape, tensor.shape)) {
      return "";
    }
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
        tensors.push_back({name.get(), {}, false});
        continue;
      }
      const auto info = type.GetTensorTypeAndShapeInfo();
      tensors.push_back({name.get(), info.GetShape(),
                         info.GetElementType() == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT});
    }
    return tensors;
  }

  // What differs between manifest and network, before it has run.
  std::vector<std::string> interface_differences() const {
    std::vector<std::string> found;
    const auto add = [&](std::string text) {
      if (!text.empty()) found.push_back(std::move(text));
    };
    const std::vector<Facts> inputs = facts(true);
    const std::vector<Facts> outputs = facts(false);
    if (inputs.size() != 1)
      add("the file has " + std::to_string(inputs.size()) + " inputs, one is needed");
    add(difference(manifest.input, inputs, "input"));
    for (const TensorSpec& output : manifest.outputs) add(difference(output, outputs, "output"));
    const TensorSpec& first = manifest.outputs.front();
    if (!manifest.labels.empty() &&
        (first.shape.empty() ||
         first.shape.back() != static_cast<std::int64_t>(manifest.labels.size()))) {
      add("the manifest names " + std::to_string(manifest.labels.size()) + " labels, the output " +
          first.name + " is " + shape_to_string(first.shape));
    }
    return found;
  }

  // What differs once it has run; the warm start.
  std::vector<std::string> output_differences() {
    std::vector<std::int64_t> shape = manifest.input.shape;
    for (std::int64_t& extent : shape) extent = std::max<std::int64_t>(extent, 1);
    const Tensor zeros = Tensor::zeros(shape);
    const auto outputs = run({zeros.shape, zeros.data});
    calls = 0;
    seconds = 0;
    if (!outputs.ok()) return {"it does not run: " + outputs.error().message};
    std::vector<std::string> found;
    for (std::size_t i = 0; i < manifest.outputs.size(); ++i) {
      if (shapes_agree(manifest.outputs[i].shape, (*outputs)[i].shape)) continue;
      found.push_back("the output " + manifest.outputs[i].name + " comes as " +
                      shape_to_string((*outputs)[i].shape) + ", the manifest says " +
                      shape_to_string(manifest.outputs[i].shape));
    }
    return found;
  }

  // Rows x columns x channels -> the layout of the file.
  Result<std::vector<Tensor>> run_picture(const TensorView& input) {
    if (!picture_shape(manifest).channels_second) return run(input);
    const auto [batch, rows, columns, channels] =
        std::array{input.shape[0], input.shape[1], input.shape[2], input.shape[3]};
    Tensor turned;
    turned.shape = {batch, channels, rows, columns};
    turned.data.reserve(input.data.size());
    const std::int64_t pixels = rows * columns;
    for (std::int64_t b = 0; b < batch; ++b) {
      for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t p = 0; p < pixels; ++p)
          turned.data.push_back(
              input.data[static_cast<std::size_t>((b * pixels + p) * channels + c)]);
      }
    }
    return run({turned.shape, turned.data});
  }

  Result<std::vector<Tensor>> run(const TensorView& input) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<Tensor> outputs;
    const FlushDenormals flush;
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
          return Error{ErrorCode::kMismatch, "model '" + manifest.id + "': not float32"};
        }
        Tensor tensor;
        tensor.shape = info.GetShape();
        const float* data = out.GetTensorData<float>();
        tensor.data.assign(data, data + info.GetElementCount());
        outputs.push_back(std::move(tensor));
      }
    } catch (const std::exception& error) {
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

namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

}  // namespace

Result<Session> Session::open_bytes(const Manifest& manifest, const std::filesystem::path& path,
                                    const std::string& bytes, const SessionOptions& options) {
  auto state = std::make_unique<State>();
  state->manifest = manifest;
  for (const TensorSpec& output : state->manifest.outputs)
    state->output_names.push_back(output.name.c_str());
  std::vector<std::string> wrong;
  try {
    state->session =
        Ort::Session(onnx_environment(), bytes.data(), bytes.size(), onnx_options(options.threads));
    wrong = state->interface_differences();
  } catch (const std::exception& error) {
    return Error{ErrorCode::kCorrupt, path.string() + ": ONNX Runtime refuses it: " + error.what()};
  }
  if (wrong.empty()) wrong = state->output_differences();
  if (!wrong.empty())
    return Error{ErrorCode::kMismatch, "model '" + manifest.id + "': " + joined(wrong)};
  return Session(std::move(state));
}

Result<Session> Session::open(const Manifest& manifest, const std::filesystem::path& model_folder,
                              const SessionOptions& options) {
  const std::filesystem::path path = model_folder / manifest.onnx_file;
  MIEN_TRY(bytes, read_checked_model_file(path, manifest.id, manifest.onnx_sha256));
  return open_bytes(manifest, path, bytes, options);
}

std::vector<std::string> verify_model(const Manifest& manifest,
                                      const std::filesystem::path& model_folder) {
  const std::filesystem::path path = model_folder / manifest.onnx_file;
  const auto bytes = read_model_file(path, manifest.id);
  if (!bytes.ok()) return {bytes.error().message};
  std::vector<std::string> found;
  if (const std::string hash = sha256_of_bytes(*bytes); hash != manifest.onnx_sha256)
    found.push_back("SHA-256 is " + hash + ", the manifest says " + manifest.onnx_sha256);
  if (!found.empty()) return found;  // another file than the one that was agreed on is not opened
  const auto session = Session::open_bytes(manifest, path, *bytes, {});
  if (!session.ok()) found.push_back(session.error().message);
  return found;
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
  const PictureShape wanted = picture_shape(state_->manifest);
  const std::array<std::int64_t, 4> shape = {wanted.batch, wanted.rows, wanted.columns,
                                             wanted.channels};
  MIEN_CHECK(shapes_agree({shape.begin(), shape.end()}, input.shape),
             "input of another shape than the manifest's");
  MIEN_CHECK(element_count(input.shape) == static_cast<std::int64_t>(input.data.size()),
             "input data does not fill its shape");
  return state_->run_picture(input);
}

Result<std::vector<Tensor>> Session::run_vectors(const TensorView& input) {
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
