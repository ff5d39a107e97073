// A checked network, ready to run: the only room that names ONNX Runtime.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/tensor.h"
#include "model/manifest.h"

namespace mien {

struct SessionOptions {
  int threads = 1;  // intra-op; Mien keeps it at 1, so that results do not depend on it
};

// One session may be run by one thread at a time; open one a thread. Networks run with denormal
// numbers flushed to zero; the caller's floating-point mode is left as it was. Opening runs the
// network once on zeros (warm start), so that the first real call costs what the others do.
class Session {
 public:
  // Refuses, with the difference shown, a file whose SHA-256, input or output names or shapes, or
  // label count disagree with the manifest (ErrorCode::kMismatch).
  static Result<Session> open(const Manifest& manifest, const std::filesystem::path& model_folder,
                              const SessionOptions& options = {});
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  const Manifest& manifest() const;

  // Runs on `input`: batch x rows x columns x channels as picture_shape() says, scaled as the
  // manifest says, whatever the layout of the file; the batch is free where the manifest has -1.
  // Outputs come in the manifest's order.
  Result<std::vector<Tensor>> run(const TensorView& input);

  // The same for a network whose input is no picture (a context probe): batch x dimensions.
  Result<std::vector<Tensor>> run_vectors(const TensorView& input);

  // Calls and time spent inside run() so far, for the report of time per stage.
  std::int64_t calls() const;
  double seconds() const;

  static std::string library_version();

 private:
  friend std::vector<std::string> verify_model(const Manifest& manifest,
                                               const std::filesystem::path& model_folder);
  static Result<Session> open_bytes(const Manifest& manifest, const std::filesystem::path& path,
                                    const std::string& bytes, const SessionOptions& options);

  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// In what file and manifest differ (hash, else inputs, outputs, shapes, label count, whether it
// runs at all); empty where they agree.
std::vector<std::string> verify_model(const Manifest& manifest,
                                      const std::filesystem::path& model_folder);

}  // namespace mien
