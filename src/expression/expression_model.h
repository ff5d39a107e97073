// A network that gives one number a label for one face: the built-in classifier or a user's own, as
// its manifest says.
//
// Accepts any expression manifest whose input is a square picture, in any colour order, and whose
// first output has one number a label. Scores are the network's numbers after the manifest's
// activation: none, softmax or sigmoid.
#pragma once

#include <string>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "face/crop.h"
#include "face/stage_clock.h"
#include "model/model_set.h"

namespace mien {

class ExpressionModel {
 public:
  // Errors: kNotFound, kMismatch (Session::open), kUnsupported: not an expression model, or its
  // input is not a square.
  static Result<ExpressionModel> open(const ModelSet& models, const std::string& id);

  const Manifest& manifest() const { return session_.manifest(); }
  int side_px() const { return side_px_; }

  // One score a label, in the manifest's order, of the face in a square of the picture; `image` and
  // `scale` as in crop.h. NaN throughout where the square is not usable or the network's numbers
  // are not finite. Cost: one crop and one run of the network.
  Result<std::vector<float>> score(const ImageView& image, double scale, const CropSquare& square);
  // The same of a crop of side_px() x side_px().
  Result<std::vector<float>> score_crop(const ImageView& crop);
  // Scores and what the network's other outputs give, one after the other (of face_expression: the
  // 256 numbers before the last layer, then 192 of its middle; empty without any). Scores NaN and
  // features empty where any number is not finite.
  struct Reading {
    std::vector<float> scores;
    std::vector<float> features;
  };
  Result<Reading> read_crop(const ImageView& crop);
  Result<Reading> read(const ImageView& image, double scale, const CropSquare& square);

  const StageClock& clock() const { return clock_; }

 private:
  ExpressionModel(Session session, int side_px);
  void prepare(const ImageView& crop);
  std::vector<float> missing() const;

  Session session_;
  int side_px_;
  std::vector<float> input_;
  StageClock clock_;
};

}  // namespace mien
