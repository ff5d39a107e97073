// Picture -> a probability for every class of a network that gives one number a class.
//
// Any manifest of role "objects" whose first output is batch x classes will do; its `activation`
// says how numbers become probabilities. The largest middle square of the picture is shown.
#pragma once

#include <string>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "face/stage_clock.h"
#include "model/model_set.h"

namespace mien {

// Whether a manifest is of that kind (an object detector's first output has cells too).
bool is_picture_classifier(const Manifest& manifest);

class PictureClassifier {
 public:
  static Result<PictureClassifier> open(const ModelSet& models, const std::string& id);

  const Manifest& manifest() const { return session_.manifest(); }

  // One probability a label. Cost: one network run.
  Result<std::vector<float>> classify(const ImageView& image);

  const StageClock& clock() const { return clock_; }

 private:
  explicit PictureClassifier(Session session);
  Session session_;
  StageClock clock_;
  std::vector<float> input_;
};

}  // namespace mien
