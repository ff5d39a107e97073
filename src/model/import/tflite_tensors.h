// The tensors of a TensorFlow Lite graph: names that are told apart, and the numbers of constants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tflite_generated.h"

#include "base/result.h"
#include "model/import/tfjs_weights.h"

namespace mien {

Error corrupt_tflite(const std::string& message);

// Of a file that the verifier has passed; it must outlive this.
class TfliteTensors {
 public:
  // Two tensors of one name are kCorrupt. Names are shown without what cannot be printed.
  static Result<TfliteTensors> open(const tflite::Model& model, const tflite::SubGraph& graph);

  std::size_t size() const { return names_.size(); }
  const std::string& name(std::size_t at) const { return names_[at]; }
  tflite::TensorType type(std::size_t at) const { return tensor(at).type(); }

  // The position of the tensor that the file calls by this number.
  Result<std::size_t> at(std::int32_t number) const;
  // Of an operator's input.
  Result<std::size_t> input(const tflite::Operator& op, std::size_t position) const;

  // `to` stands for the numbers of `from`, which are stored in half precision.
  Status dequantise(std::size_t from, std::size_t to);
  bool is_dequantised(std::size_t at) const { return dequantised_.contains(at); }

  // The numbers that a constant holds; kUnsupported where it is none, has another type, or all so
  // far need more than the converter writes. Counted before anything is allocated.
  Result<Weight> constant(std::size_t at);

  // kUnsupported, with the tensor's name.
  Error unsupported(std::size_t at, const std::string& what) const;

 private:
  TfliteTensors(const tflite::Model& model, const tflite::SubGraph& graph)
      : model_(&model), graph_(&graph) {}
  const tflite::Tensor& tensor(std::size_t at) const;

  const tflite::Model* model_;
  const tflite::SubGraph* graph_;
  std::vector<std::string> names_;
  std::map<std::size_t, std::size_t> dequantised_;  // float32 tensor -> the stored one
  std::size_t numbers_ = 0;                         // of all constants so far
};

}  // namespace mien
