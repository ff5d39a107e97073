#include "rating/ratings.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace mien {

namespace {

constexpr std::uint32_t kNoLabel = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kRepeatUntold = std::numeric_limits<std::uint32_t>::max();

// Units of the judgements that `wanted` says, which come by clip.
template <typename Wanted>
RatingDesign design_of(const Ratings& ratings, const Wanted& wanted) {
  RatingDesign design;
  for (std::uint32_t j = 0; j < ratings.judgements.size(); ++j) {
    const Judgement& judgement = ratings.judgements[j];
    if (judgement.repeat != 0 || !wanted(j)) continue;
    if (design.clip.empty() || design.clip.back() != judgement.clip) {
      design.clip.push_back(judgement.clip);
      design.start.push_back(static_cast<std::uint32_t>(design.rater.size()));
    }
    design.rater.push_back(judgement.rater);
  }
  design.start.push_back(static_cast<std::uint32_t>(design.rater.size()));
  return design;
}

// The place of each judgement among the first ones.
std::vector<std::uint32_t> places_of_first(const Ratings& ratings) {
  std::vector<std::uint32_t> place(ratings.judgements.size());
  std::uint32_t next = 0;
  for (std::size_t j = 0; j < place.size(); ++j) {
    place[j] = ratings.judgements[j].repeat == 0 ? next++ : kNoLabel;
  }
  return place;
}

}  // namespace

bool Ratings::single_choice() const {
  if (mode != RatingMode::kChoice) return false;
  std::vector<std::uint8_t> chosen(judgements.size(), 0);
  for (const auto& of_label : values) {
    for (const LabelValue& value : of_label) {
      if (++chosen[value.judgement] > 1) return false;
    }
  }
  return std::ranges::find(chosen, 0) == chosen.end();
}

std::uint32_t RatingsBuilder::Names::of(std::string_view name) {
  if (last < names.size() && names[last] == name) return last;
  const auto known = ids.find(name);
  if (known != ids.end()) return last = known->second;
  last = static_cast<std::uint32_t>(names.size());
  ids.emplace(name, last);
  names.emplace_back(name);
  return last;
}

void RatingsBuilder::add(const Row& row) {
  Packed packed;
  packed.rater = raters_.of(row.rater);
  packed.clip = clips_.of(row.clip);
  packed.label = row.label.empty() ? kNoLabel : labels_.of(row.label);
  packed.repeat = row.repeat < 0 ? kRepeatUntold : static_cast<std::uint32_t>(row.repeat);
  packed.row = static_cast<std::uint32_t>(rows_.size());
  packed.value = row.value;
  packed.order = row.order < 0 ? static_cast<double>(packed.row) : row.order;
  rows_.push_back(packed);
  group_of_rater_.resize(raters_.names.size(), kNoGroup);
  if (row.group.empty()) return;
  std::uint32_t& group = group_of_rater_[packed.rater];
  const std::uint32_t told = groups_.of(row.group);
  if (group != kNoGroup && group != told && two_groups_.empty()) two_groups_ = row.rater;
  group = told;
}

// Sorts names; the result says where each went.
std::vector<std::uint32_t> RatingsBuilder::sort_names(Names& names) {
  std::vector<std::uint32_t> by_name(names.names.size());
  std::iota(by_name.begin(), by_name.end(), 0U);
  std::ranges::sort(by_name, {},
                    [&](std::uint32_t i) -> const std::string& { return names.names[i]; });
  std::vector<std::uint32_t> place(by_name.size());
  std::vector<std::string> sorted;
  sorted.reserve(by_name.size());
  for (std::uint32_t i = 0; i < by_name.size(); ++i) {
    place[by_name[i]] = i;
    sorted.push_back(std::move(names.names[by_name[i]]));
  }
  names.names = std::move(sorted);
  return place;
}

// Rows by clip, rater, repeat, label; untold repeats are counted in the order of rows.
Status RatingsBuilder::number_repeats() {
  const auto same = [](const Packed& a, const Packed& b) {
    return std::tie(a.clip, a.rater, a.label) == std::tie(b.clip, b.rater, b.label);
  };
  std::ranges::sort(rows_, {}, [](const Packed& row) {
    return std::tuple(row.clip, row.rater, row.label, row.row);
  });
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].repeat != kRepeatUntold) continue;
    rows_[i].repeat = i > 0 && same(rows_[i - 1], rows_[i]) ? rows_[i - 1].repeat + 1 : 0;
  }
  if (std::ranges::any_of(rows_, [](const Packed& row) { return row.repeat > 0; })) {
    std::ranges::sort(rows_, {}, [](const Packed& row) {
      return std::tuple(row.clip, row.rater, row.repeat, row.label, row.row);
    });
  }
  for (std::size_t i = 1; i < rows_.size(); ++i) {
    if (same(rows_[i - 1], rows_[i]) && rows_[i - 1].repeat == rows_[i].repeat) {
      return Error{ErrorCode::kCorrupt,
                   "rater '" + raters_.names[rows_[i].rater] + "' gave clip '" +
                       clips_.names[rows_[i].clip] +
                       "' two values of one label in one judgement (data rows " +
                       std::to_string(rows_[i - 1].row + 1) + " and " +
                       std::to_string(rows_[i].row + 1) +
                       "); remedy: number judgements in the column 'repeat', 0 for the first"};
    }
  }
  return Ok{};
}

Result<Ratings> RatingsBuilder::finish(RatingMode mode) && {
  if (rows_.empty()) {
    return Error{ErrorCode::kCorrupt,
                 "there is no rating; remedy: a row for each rater, clip and label"};
  }
  if (!two_groups_.empty()) {
    return Error{ErrorCode::kCorrupt, "rater '" + two_groups_ +
                                          "' is of two groups; remedy: one group a rater, or "
                                          "two names for two people"};
  }
  const std::vector<std::uint32_t> rater_at = sort_names(raters_);
  const std::vector<std::uint32_t> clip_at = sort_names(clips_);
  const std::vector<std::uint32_t> label_at = sort_names(labels_);
  const std::vector<std::uint32_t> group_at = sort_names(groups_);
  for (Packed& row : rows_) {
    row.rater = rater_at[row.rater];
    row.clip = clip_at[row.clip];
    if (row.label != kNoLabel) row.label = label_at[row.label];
  }
  MIEN_TRY_VOID(number_repeats());

  Ratings ratings;
  ratings.mode = mode;
  ratings.raters = std::move(raters_.names);
  ratings.clips = std::move(clips_.names);
  ratings.labels = std::move(labels_.names);
  ratings.groups = std::move(groups_.names);
  ratings.group_of_rater.resize(ratings.raters.size(), kNoGroup);
  for (std::size_t i = 0; i < group_of_rater_.size(); ++i) {
    const std::uint32_t group = group_of_rater_[i];
    ratings.group_of_rater[rater_at[i]] = group == kNoGroup ? kNoGroup : group_at[group];
  }
  ratings.values.resize(ratings.labels.size());
  std::vector<double> order;
  for (const Packed& row : rows_) {
    if (mode == RatingMode::kChoice && std::isnan(row.value)) continue;  // could not tell
    if (mode == RatingMode::kChoice && row.value != 0 && row.value != 1) {
      return Error{ErrorCode::kCorrupt, "data row " + std::to_string(row.row + 1) +
                                            ": a choice has the value 1 or 0; remedy: --mode value "
                                            "where the values are amounts"};
    }
    const bool fresh = ratings.judgements.empty() || ratings.judgements.back().clip != row.clip ||
                       ratings.judgements.back().rater != row.rater ||
                       ratings.judgements.back().repeat != row.repeat;
    if (fresh) {
      ratings.judgements.push_back({row.clip, row.rater, row.repeat, 0});
      order.push_back(row.order);
    }
    order.back() = std::min(order.back(), row.order);
    if (row.label == kNoLabel || std::isnan(row.value)) continue;
    if (mode == RatingMode::kChoice && row.value == 0) continue;
    ratings.values[row.label].push_back(
        {static_cast<std::uint32_t>(ratings.judgements.size() - 1), row.value});
  }
  std::vector<std::uint32_t> in_order(order.size());
  std::iota(in_order.begin(), in_order.end(), 0U);
  std::ranges::stable_sort(in_order, {}, [&](std::uint32_t j) { return order[j]; });
  std::vector<std::uint32_t> count(ratings.raters.size(), 0);
  for (const std::uint32_t j : in_order) {
    ratings.judgements[j].order = count[ratings.judgements[j].rater]++;
  }
  return ratings;
}

LabelRatings::LabelRatings(std::shared_ptr<const RatingDesign> of, std::vector<double> values)
    : design(std::move(of)), value(std::move(values)) {
  std::unordered_map<double, std::size_t> count;
  std::size_t most = 0;
  for (const double v : value) most = std::max(most, ++count[v]);
  for (const double v : value) {  // the first of those that are equally common
    if (count[v] != most) continue;
    commonest = v;
    break;
  }
  for (std::uint32_t u = 0; u < design->units(); ++u) {
    const auto begin = value.begin() + design->start[u];
    const auto end = value.begin() + design->start[u + 1];
    if (std::any_of(begin, end, [&](double v) { return v != commonest; })) active.push_back(u);
  }
}

std::vector<LabelRatings> first_judgements(const Ratings& ratings) {
  std::vector<LabelRatings> labels;
  labels.reserve(ratings.labels.size());
  if (ratings.mode == RatingMode::kChoice) {
    const auto design = std::make_shared<const RatingDesign>(
        design_of(ratings, [](std::uint32_t) { return true; }));
    const std::vector<std::uint32_t> place = places_of_first(ratings);
    for (const auto& chosen : ratings.values) {
      std::vector<double> value(design->rater.size(), 0);
      for (const LabelValue& one : chosen) {
        if (place[one.judgement] != kNoLabel) value[place[one.judgement]] = 1;
      }
      labels.emplace_back(design, std::move(value));
    }
    return labels;
  }
  for (const auto& given : ratings.values) {
    std::vector<bool> has(ratings.judgements.size(), false);
    std::vector<double> value;
    for (const LabelValue& one : given) {
      has[one.judgement] = true;
      if (ratings.judgements[one.judgement].repeat == 0) value.push_back(one.value);
    }
    auto design = std::make_shared<const RatingDesign>(
        design_of(ratings, [&](std::uint32_t j) { return has[j]; }));
    if (!labels.empty() && *labels.back().design == *design) design = labels.back().design;
    labels.emplace_back(std::move(design), std::move(value));
  }
  return labels;
}

LabelRatings chosen_labels(const Ratings& ratings) {
  auto design =
      std::make_shared<const RatingDesign>(design_of(ratings, [](std::uint32_t) { return true; }));
  std::vector<double> number(design->rater.size(), 0);
  const std::vector<std::uint32_t> place = places_of_first(ratings);
  for (std::size_t l = 0; l < ratings.values.size(); ++l) {
    for (const LabelValue& one : ratings.values[l]) {
      if (place[one.judgement] != kNoLabel) number[place[one.judgement]] = static_cast<double>(l);
    }
  }
  return {std::move(design), std::move(number)};
}

}  // namespace mien
