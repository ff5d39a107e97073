// Picture -> what a network that looks at the whole of it gives: numbers a class, or a vector.
//
// Any manifest of role "objects" whose first output is batch x classes, of role "embedding" or of
// role "image_text" will do. The picture is framed as the manifest says.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "face/stage_clock.h"
#include "model/model_set.h"

namespace mien {

// Whether a manifest names classes (an object detector's first output has cells too).
bool is_picture_classifier(const Manifest& manifest);

// The output that holds a vector for the whole picture: the only one of an embedding, the second
// of a classifier, "" where there is none.
std::string vector_output(const Manifest& manifest);

class PictureNetwork {
 public:
  static Result<PictureNetwork> open(const ModelSet& models, const std::string& id);

  const Manifest& manifest() const { return session_.manifest(); }

  // Its outputs, in the manifest's order; kInternal where a number is not finite. Cost: one run.
  Result<std::vector<Tensor>> see(const ImageView& image);

  // Of what see() gave: the numbers of an output, empty where there is none of that name.
  std::span<const float> output(std::span<const Tensor> seen, const std::string& name) const;

  // One probability a label, by the manifest's activation, from the first output.
  Result<std::vector<float>> classify(const ImageView& image);

  const StageClock& clock() const { return clock_; }

 private:
  explicit PictureNetwork(Session session);
  Session session_;
  StageClock clock_;
  std::vector<float> input_;
};

// Logits -> probabilities, by "none", "softmax" or "sigmoid"; in [0, 1].
std::vector<float> activated(std::span<const float> values, const std::string& activation);

}  // namespace mien
