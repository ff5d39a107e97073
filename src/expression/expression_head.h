// A head that people's ratings trained: the features of one span of a face track -> how likely
// raters are to choose each label for it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "face/stage_clock.h"
#include "model/model_set.h"

namespace mien {

class ExpressionHead {
 public:
  // Errors: kUnsupported (no expression head), those of Session::open.
  static Result<ExpressionHead> open(const ModelSet& models, const std::string& id);

  const Manifest& manifest() const { return session_.manifest(); }
  std::size_t row_size() const { return row_size_; }

  // `rows` are whole rows, one a scored frame of the span, in time order. What is missing (NaN) in
  // a row is the head's to pass over, as in training; a row without any number is left out. One
  // probability a label; NaN throughout where no row is left or the network's numbers are not
  // finite. One thread at a time.
  Result<std::vector<float>> score(std::span<const float> rows);

  const StageClock& clock() const { return clock_; }

 private:
  explicit ExpressionHead(Session session);
  Session session_;
  std::size_t row_size_;
  StageClock clock_;
};

}  // namespace mien
