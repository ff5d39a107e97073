// Labels as a weighting of other channels, read from a file that names a published source for every
// weight (data/prototype16.json): a prior that no rating has validated.
//
//   score = 1 / (1 + exp(-(intercept + sum(w z) / sqrt(sum(w^2))))),
//   z = (channel - mean) / sd, cut to [-limit, limit].
//
// Where Action Units are measured (action_units.h), a weight that stands for one of them alone goes
// to `au_..` instead of the action that approximates it.
//
// Mean and sd are those of the labelled faces that the file names. So 0.27 (intercept -1) is what
// an average face gets, for every label; a score is no probability and no share of raters. Labels
// are on one scale, but not comparable in accuracy: docs/prototype16.md.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mien {

class Prototype {
 public:
  // Every field is checked: channels have norms, sources are listed, no weight or spread is 0.
  // Errors: kNotFound, kCorrupt, with file and place.
  static Result<Prototype> read(const std::filesystem::path& file, bool over_action_units = false);
  static Result<Prototype> parse(std::string_view text, const std::filesystem::path& file,
                                 bool over_action_units = false);

  const std::string& id() const { return id_; }
  const std::string& notice() const { return notice_; }  // what the scores are not
  const std::vector<std::string>& labels() const { return labels_; }
  // The channels it reads, e.g. "action_jaw_drop", "basic7_happy".
  const std::vector<std::string>& inputs() const { return inputs_; }

  // One score a label in [0, 1] from one value an input; NaN where a value that the label needs is
  // NaN. Under 1 us.
  std::vector<float> score(std::span<const float> inputs) const;

 private:
  struct Term {
    std::size_t input;
    bool is_absolute;  // of the input's magnitude: "abs(action_head_tilt_deg)"
    double mean;
    double sd;
    double weight;
  };
  std::string id_;
  std::string notice_;
  double intercept_ = 0;
  double limit_ = 0;
  std::vector<std::string> labels_;
  std::vector<std::string> inputs_;
  std::vector<std::vector<Term>> terms_;  // one list a label

  std::size_t input_index(const std::string& channel);
};

}  // namespace mien
