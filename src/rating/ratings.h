// Ratings as they were given, in long form: who called which clip what.
//
// A judgement is one viewing of one clip by one rater. In choice data a label that was offered and
// not chosen is 0 (science of forced choice: it was seen and passed over); in value data a label
// without a value is missing. Only first judgements enter measures of agreement between raters;
// later ones of the same clip by the same rater (repeats) tell of the rater's own consistency.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace mien {

enum class RatingMode { kChoice, kValue };

struct Judgement {
  std::uint32_t clip = 0;
  std::uint32_t rater = 0;
  std::uint32_t repeat = 0;  // 0: the first
  std::uint32_t order = 0;   // of the rater's judgements, by the order column or the rows
};

struct LabelValue {
  std::uint32_t judgement = 0;
  double value = 0;
};

constexpr std::uint32_t kNoGroup = std::numeric_limits<std::uint32_t>::max();

struct Ratings {
  RatingMode mode = RatingMode::kChoice;
  std::vector<std::string> raters, clips, labels, groups;  // each sorted
  std::vector<std::uint32_t> group_of_rater;               // an index into groups, or kNoGroup
  std::vector<Judgement> judgements;                       // by clip, rater, repeat
  // Of each label, by judgement. Choice: the chosen ones, all 1; value: all that were given.
  std::vector<std::vector<LabelValue>> values;

  bool single_choice() const;  // choice data in which every judgement chose exactly one label
};

// Takes rows one by one. Names are of any bytes; whoever reads the file checks them.
class RatingsBuilder {
 public:
  struct Row {
    std::string_view rater, clip;
    std::string_view label;    // empty, in choice data: nothing was chosen
    double value = 1;          // NaN: missing; of a choice: could not tell, the row is passed over
    std::string_view group;    // empty: not told
    std::int64_t repeat = -1;  // -1: not told; then the n-th row of one rater, clip and label
                               // counts as the n-th judgement
    double order = -1;         // -1: not told; then rows stand in order
  };
  void add(const Row& row);
  std::size_t rows() const { return rows_.size(); }

  // kCorrupt: no rows, a rater of two groups, a choice that is neither 0 nor 1, two values of one
  // judgement and label; each message ends in its remedy.
  Result<Ratings> finish(RatingMode mode) &&;

 private:
  struct Names {
    struct Hash : std::hash<std::string_view> {
      using is_transparent = void;
    };
    std::uint32_t of(std::string_view name);
    std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> ids;
    std::vector<std::string> names;
    std::uint32_t last = 0;  // rows of one judgement mostly stand together
  };
  struct Packed {
    std::uint32_t rater = 0, clip = 0, label = 0, repeat = 0;
    std::uint32_t row = 0;
    double value = 0;
    double order = 0;
  };
  static std::vector<std::uint32_t> sort_names(Names& names);
  Status number_repeats();

  Names raters_, clips_, labels_, groups_;
  std::vector<std::uint32_t> group_of_rater_;
  std::vector<Packed> rows_;
  std::string two_groups_;  // the first rater who was told to be of two groups
};

// Who rated which clips, first judgements only; `rater` of unit u stands at start[u]..start[u + 1].
struct RatingDesign {
  std::vector<std::uint32_t> clip;   // of each unit, ascending
  std::vector<std::uint32_t> start;  // units + 1
  std::vector<std::uint32_t> rater;

  std::size_t units() const { return clip.size(); }
  bool operator==(const RatingDesign&) const = default;
};

// One label's first judgements. Labels that the same raters rated on the same clips share one
// design, so that what weights do to it is worked out once.
struct LabelRatings {
  std::shared_ptr<const RatingDesign> design;
  std::vector<double> value;          // beside design->rater
  double commonest = 0;               // value
  std::vector<std::uint32_t> active;  // units where somebody gave another value, ascending

  LabelRatings() = default;
  LabelRatings(std::shared_ptr<const RatingDesign> of, std::vector<double> values);
};

std::vector<LabelRatings> first_judgements(const Ratings& ratings);

// The number of the label chosen, for single-choice data.
LabelRatings chosen_labels(const Ratings& ratings);

}  // namespace mien
