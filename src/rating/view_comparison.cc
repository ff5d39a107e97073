#include "rating/view_comparison.h"

#include <array>
#include <cmath>
#include <map>

#include "base/missing.h"
#include "base/random.h"
#include "rating/agreement.h"
#include "rating/group_agreement.h"
#include "stats/correlation.h"

namespace mien {

namespace {

constexpr int kViewReplicates = 1000;

struct Place {
  std::uint32_t pair = 0;
  std::size_t view = 0;  // 0 face, 1 scene
};

// How often each pair and each rater was drawn.
struct Draw {
  std::vector<double> pair, rater;
};

Draw everybody(std::size_t pairs, std::size_t raters) {
  return {std::vector<double>(pairs, 1), std::vector<double>(raters, 1)};
}

Draw resample_views(std::size_t pairs, std::size_t raters, Random random) {
  Draw draw{std::vector<double>(pairs, 0), std::vector<double>(raters, 0)};
  for (std::size_t i = 0; i < pairs; ++i) draw.pair[random.below(pairs)] += 1;
  for (std::size_t i = 0; i < raters; ++i) draw.rater[random.below(raters)] += 1;
  return draw;
}

struct Estimate {
  std::size_t pairs = 0;
  double face = kNaN, scene = kNaN, difference = kNaN, r = kNaN;
};

class Label {
 public:
  Label(const LabelRatings& ratings, const std::vector<std::optional<Place>>& places,
        std::size_t pairs)
      : ratings_(ratings), places_(places), pairs_(pairs) {}

  Estimate estimate(const Draw& draw) const {
    std::vector<std::array<double, 2>> sums(pairs_, {0, 0});
    std::vector<std::array<double, 2>> weights(pairs_, {0, 0});
    const RatingDesign& design = *ratings_.design;
    for (std::size_t u = 0; u < design.units(); ++u) {
      const std::optional<Place>& place = places_[design.clip[u]];
      if (!place.has_value() || draw.pair[place->pair] == 0) continue;
      for (std::uint32_t i = design.start[u]; i < design.start[u + 1]; ++i) {
        const double weight = draw.rater[design.rater[i]];
        sums[place->pair].at(place->view) += weight * ratings_.value[i];
        weights[place->pair].at(place->view) += weight;
      }
    }
    Estimate estimate;
    double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;
    for (std::size_t p = 0; p < pairs_; ++p) {
      if (weights[p][0] == 0 || weights[p][1] == 0) continue;
      const double w = draw.pair[p];
      const double face = sums[p][0] / weights[p][0];
      const double scene = sums[p][1] / weights[p][1];
      ++estimate.pairs;
      n += w;
      a += w * face;
      b += w * scene;
      aa += w * face * face;
      bb += w * scene * scene;
      ab += w * face * scene;
    }
    if (n == 0) return estimate;
    estimate.face = a / n;
    estimate.scene = b / n;
    estimate.difference = estimate.scene - estimate.face;
    const double va = aa / n - estimate.face * estimate.face;
    const double vb = bb / n - estimate.scene * estimate.scene;
    const double least = 1e-12 * (1 + aa / n + bb / n);  // rounding of a list that does not vary
    if (estimate.pairs >= kFewestPairs && va > least && vb > least) {
      estimate.r = (ab / n - estimate.face * estimate.scene) / std::sqrt(va * vb);
    }
    return estimate;
  }

  // Of the means of one view's clips.
  double reliability(std::size_t view, std::size_t clips, std::size_t raters) const {
    const RatingDesign& design = *ratings_.design;
    RatingDesign own;
    std::vector<double> value;
    for (std::size_t u = 0; u < design.units(); ++u) {
      const std::optional<Place>& place = places_[design.clip[u]];
      if (!place.has_value() || place->view != view) continue;
      own.clip.push_back(design.clip[u]);
      own.start.push_back(static_cast<std::uint32_t>(own.rater.size()));
      for (std::uint32_t i = design.start[u]; i < design.start[u + 1]; ++i) {
        own.rater.push_back(design.rater[i]);
        value.push_back(ratings_.value[i]);
      }
    }
    own.start.push_back(static_cast<std::uint32_t>(own.rater.size()));
    if (value.empty()) return kNaN;
    const LabelRatings part(std::make_shared<const RatingDesign>(std::move(own)), std::move(value));
    const ResampleWeights ones = no_resampling(clips, raters);
    return AgreementEstimator(part).estimate(ones, UnitWeights(*part.design, ones)).reliability;
  }

 private:
  const LabelRatings& ratings_;
  const std::vector<std::optional<Place>>& places_;
  std::size_t pairs_;
};

}  // namespace

std::vector<ViewComparison> compare_views(const Ratings& ratings, const ViewOfClip& view_of,
                                          const ReliabilityOptions& options) {
  std::map<std::string, std::uint32_t> pairs;
  std::vector<std::optional<Place>> places;
  for (const std::string& clip : ratings.clips) {
    const std::optional<ClipView> view = view_of(clip);
    places.emplace_back();
    if (!view.has_value()) continue;
    const auto pair = pairs.emplace(view->pair, static_cast<std::uint32_t>(pairs.size())).first;
    places.back() = Place{pair->second, view->is_scene ? std::size_t{1} : std::size_t{0}};
  }
  const Draw all = everybody(pairs.size(), ratings.raters.size());
  const int replicates = options.replicates > 0 ? options.replicates : kViewReplicates;
  const std::vector<LabelRatings> labels = first_judgements(ratings);
  std::vector<ViewComparison> compared;
  for (std::size_t l = 0; l < labels.size(); ++l) {
    const Label label(labels[l], places, pairs.size());
    const Estimate point = label.estimate(all);
    if (point.pairs == 0) continue;
    std::array<std::vector<double>, 4> drawn;
    for (int i = 0; i < replicates; ++i) {
      const Random random = Random(options.seed).fork(static_cast<std::uint64_t>(i));
      const Estimate one =
          label.estimate(resample_views(pairs.size(), ratings.raters.size(), random));
      drawn[0].push_back(one.face);
      drawn[1].push_back(one.scene);
      drawn[2].push_back(one.difference);
      drawn[3].push_back(one.r);
    }
    ViewComparison& view = compared.emplace_back();
    view.label = ratings.labels[l];
    view.pairs = point.pairs;
    view.face.estimate = point.face;
    view.scene.estimate = point.scene;
    view.difference.estimate = point.difference;
    view.r.estimate = point.r;
    if (std::isnan(point.r)) {
      view.r.reason = point.pairs < kFewestPairs ? "too_few_pairs" : "no_variation";
    }
    set_interval(view.face, std::move(drawn[0]));
    set_interval(view.scene, std::move(drawn[1]));
    set_interval(view.difference, std::move(drawn[2]));
    set_interval(view.r, std::move(drawn[3]));
    const double face = label.reliability(0, ratings.clips.size(), ratings.raters.size());
    const double scene = label.reliability(1, ratings.clips.size(), ratings.raters.size());
    const bool is_reliable = face >= kLeastGroupReliability && scene >= kLeastGroupReliability;
    view.corrected = is_reliable ? point.r / std::sqrt(face * scene) : kNaN;
    if (std::isnan(point.r)) {
      view.corrected_reason = view.r.reason;
    } else if (!is_reliable) {
      view.corrected_reason = "reliability_too_low";
    }
  }
  return compared;
}

}  // namespace mien
