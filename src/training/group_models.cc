#include "training/group_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/missing.h"
#include "base/random.h"
#include "training/fit_job.h"
#include "training/pooled_fit.h"
#include "training/rated_labels.h"
#include "training/splits.h"

namespace mien {

namespace {

template <typename T>
void shuffle(std::vector<T>& values, Random random) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random.below(i)]);
}

double correlation(std::span<const float> x, std::span<const float> y, std::size_t first,
                   std::size_t step) {
  double n = 0, mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t i = first; i < x.size(); i += step) {
      if (std::isnan(x[i]) || std::isnan(y[i])) continue;
      const auto a = static_cast<double>(x[i]), b = static_cast<double>(y[i]);
      if (pass == 0) {
        ++n;
        mx += a;
        my += b;
      } else {
        xx += (a - mx) * (a - mx);
        yy += (b - my) * (b - my);
        xy += (a - mx) * (b - my);
      }
    }
    if (pass == 0) {
      mx /= n;
      my /= n;
    }
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : kNaN;
}

double mean_of(std::span<const double> values) {
  double sum = 0, n = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++n;
  }
  return n > 0 ? sum / n : kNaN;
}

class Comparison {
 public:
  Comparison(const Dataset& set, const PooledFeatures& pooled, std::span<const std::uint32_t> clips,
             std::span<const std::size_t> labels, std::vector<std::uint8_t> folds,
             const GroupOptions& options)
      : ratings_(only_clips(set.ratings(), clips)),
        pooled_(pooled),
        labels_(labels),
        folds_(std::move(folds)),
        options_(options),
        lowest_(set.lowest_value()),
        highest_(set.highest_value()) {
    for (std::uint32_t j = 0; j < ratings_.judgements.size(); ++j) {
      if (ratings_.judgements[j].repeat == 0) first_.push_back(j);
    }
  }

  const Ratings& ratings() const { return ratings_; }

  // How many first judgements raters of each group gave; of_rater may be kNoGroup.
  std::vector<std::size_t> counts(std::span<const std::uint32_t> of_rater,
                                  std::size_t groups) const {
    std::vector<std::size_t> count(groups, 0);
    for (const std::uint32_t j : first_) {
      if (const std::uint32_t group = of_rater[ratings_.judgements[j].rater]; group < groups)
        ++count[group];
    }
    return count;
  }

  // `count` judgements of the raters marked, at random; targets of them.
  Targets drawn(std::span<const std::uint8_t> wanted, std::size_t count, Random random) const {
    std::vector<std::uint32_t> own;
    for (const std::uint32_t j : first_) {
      if (wanted[ratings_.judgements[j].rater] != 0) own.push_back(j);
    }
    shuffle(own, random);
    own.resize(std::min(count, own.size()));
    std::vector<std::uint8_t> in(ratings_.judgements.size(), 0);
    for (const std::uint32_t j : own) in[j] = 1;
    Ratings some = ratings_;
    for (std::uint32_t j = 0; j < some.judgements.size(); ++j) {
      if (in[j] == 0) some.judgements[j].repeat = 1;  // does not count
    }
    return only_labels(targets_of(some, lowest_, highest_), labels_);
  }

  // Held-out logits of a model of these targets, [clips][labels]; NaN of a label that no fold can
  // learn.
  std::vector<float> predictions(const Targets& targets) const {
    std::vector<float> all(targets.mean.size(), NAN);
    for (std::size_t fold = 0; fold < kFolds; ++fold) {
      std::vector<std::uint32_t> train, held;
      for (std::uint32_t row = 0; row < folds_.size(); ++row)
        (folds_[row] == fold ? held : train).push_back(row);
      const PooledFit fit = fit_pooled(pooled_, targets, train, options_.penalty, options_.threads);
      const std::vector<float> logits = pooled_logits(pooled_, fit, held, options_.threads);
      for (std::size_t i = 0; i < held.size(); ++i) {
        std::copy_n(logits.begin() + static_cast<std::ptrdiff_t>(i * targets.labels),
                    targets.labels,
                    all.begin() + static_cast<std::ptrdiff_t>(held[i] * targets.labels));
      }
    }
    return all;
  }

  // Predictions of each group's model.
  std::vector<std::vector<float>> models(std::span<const std::uint32_t> of_rater,
                                         std::size_t groups, std::size_t count,
                                         const Random& random) const {
    std::vector<std::vector<float>> all;
    for (std::size_t group = 0; group < groups; ++group)
      all.push_back(predictions(drawn(marked(of_rater, group), count, random.fork(group))));
    return all;
  }

  static std::vector<std::uint8_t> marked(std::span<const std::uint32_t> of_rater,
                                          std::size_t group) {
    std::vector<std::uint8_t> wanted;
    for (const std::uint32_t of : of_rater) wanted.push_back(of == group ? 1 : 0);
    return wanted;
  }

  std::vector<double> distances(const std::vector<std::vector<float>>& models) const {
    std::vector<double> all;
    for (std::size_t l = 0; l < labels_.size(); ++l) {
      std::vector<double> pairs;
      for (std::size_t a = 0; a < models.size(); ++a) {
        for (std::size_t b = a + 1; b < models.size(); ++b)
          pairs.push_back(1 - correlation(models[a], models[b], l, labels_.size()));
      }
      all.push_back(mean_of(pairs));
    }
    return all;
  }

  // Mean over labels of the correlation with a group's mean ratings.
  double agreement(const std::vector<float>& predictions,
                   std::span<const std::uint8_t> wanted) const {
    const Targets targets = only_labels(targets_of(ratings_, lowest_, highest_, wanted), labels_);
    std::vector<double> all;
    for (std::size_t l = 0; l < labels_.size(); ++l)
      all.push_back(correlation(predictions, targets.mean, l, labels_.size()));
    return mean_of(all);
  }

 private:
  Ratings ratings_;
  const PooledFeatures& pooled_;
  std::span<const std::size_t> labels_;
  std::vector<std::uint8_t> folds_;
  const GroupOptions& options_;
  double lowest_, highest_;
  std::vector<std::uint32_t> first_;  // judgements that count
};

}  // namespace

Result<GroupModels> compare_groups(const Dataset& set, std::span<const std::size_t> labels,
                                   std::span<const std::uint32_t> clips,
                                   const GroupOptions& options) {
  GroupModels result;
  const std::size_t step = (clips.size() + kMostGroupClips - 1) / kMostGroupClips;
  std::vector<std::uint32_t> some;
  std::vector<DatasetClip> named;
  for (std::size_t i = 0; i < clips.size(); i += step) {
    some.push_back(clips[i]);
    named.push_back(set.clips()[clips[i]]);
  }
  MIEN_TRY(folds, deal_folds(named, kFolds, options.seed));
  MIEN_TRY(pooled, pool(set, some, spread_tells(set), options.threads));
  const Comparison comparison(set, pooled, some, labels, std::move(folds), options);

  // Groups that are large enough, numbered anew.
  const Ratings& ratings = comparison.ratings();
  const std::vector<std::size_t> given =
      comparison.counts(ratings.group_of_rater, ratings.groups.size());
  std::vector<std::uint32_t> number(ratings.groups.size(), kNoGroup);
  std::size_t groups = 0;
  result.judgements = std::numeric_limits<std::size_t>::max();
  for (std::uint32_t g = 0; g < ratings.groups.size(); ++g) {
    const auto raters = static_cast<std::size_t>(std::ranges::count(ratings.group_of_rater, g));
    if (raters < kFewestGroupRaters || given[g] < kFewestGroupJudgements) continue;
    number[g] = static_cast<std::uint32_t>(groups++);
    result.judgements = std::min(result.judgements, given[g]);
    result.groups.push_back({ratings.groups[g], raters, kNaN, kNaN});
  }
  if (groups < 2) {
    result.judgements = 0;
    result.groups.clear();
    result.reason = fmt::format("fewer than two groups of at least {} raters and {} judgements",
                                kFewestGroupRaters, kFewestGroupJudgements);
    return result;
  }
  std::vector<std::uint32_t> of_rater;
  for (const std::uint32_t g : ratings.group_of_rater)
    of_rater.push_back(g == kNoGroup ? kNoGroup : number[g]);

  const Random random(options.seed);
  const auto models = comparison.models(of_rater, groups, result.judgements, random.fork(0));
  const std::vector<double> distance = comparison.distances(models);
  std::vector<std::vector<double>> random_distances;
  for (int r = 0; r < options.replicates; ++r) {
    const Random own = random.fork(static_cast<std::uint64_t>(r) + 1);
    std::vector<std::uint32_t> dealt;  // the groups of those that have one, exchanged
    for (const std::uint32_t g : of_rater) {
      if (g != kNoGroup) dealt.push_back(g);
    }
    shuffle(dealt, own.fork(0));
    std::vector<std::uint32_t> exchanged;
    std::size_t next = 0;
    for (const std::uint32_t g : of_rater) exchanged.push_back(g == kNoGroup ? g : dealt[next++]);
    random_distances.push_back(
        comparison.distances(comparison.models(exchanged, groups, result.judgements, own.fork(1))));
  }
  result.replicates = random_distances.size();
  for (std::size_t l = 0; l < labels.size(); ++l) {
    std::vector<double> reference;
    double reached = 1;
    for (const std::vector<double>& of : random_distances) {
      reference.push_back(of[l]);
      reached += of[l] >= distance[l] ? 1 : 0;
    }
    const double p = std::isnan(distance[l]) || reference.empty()
                         ? kNaN
                         : reached / static_cast<double>(reference.size() + 1);
    result.labels.push_back({ratings.labels[labels[l]], distance[l], mean_of(reference), p});
  }
  std::vector<std::uint8_t> anybody;
  for (const std::uint32_t g : of_rater) anybody.push_back(g != kNoGroup ? 1 : 0);
  const std::vector<float> all = comparison.predictions(
      comparison.drawn(anybody, result.judgements, random.fork(std::uint64_t{1} << 32)));
  for (std::size_t g = 0; g < groups; ++g) {
    const std::vector<std::uint8_t> wanted = Comparison::marked(of_rater, g);
    result.groups[g].own = comparison.agreement(models[g], wanted);
    result.groups[g].pooled = comparison.agreement(all, wanted);
  }
  return result;
}

nlohmann::ordered_json to_json(const GroupModels& models) {
  using Json = nlohmann::ordered_json;
  const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(); };
  Json labels = Json::array(), groups = Json::array();
  for (const GroupLabel& label : models.labels) {
    labels.push_back({{"label", label.label},
                      {"distance", number(label.distance)},
                      {"random_groups", number(label.reference)},
                      {"p", number(label.p)}});
  }
  for (const GroupTransfer& group : models.groups) {
    groups.push_back({{"group", group.group},
                      {"raters", group.raters},
                      {"own_model", number(group.own)},
                      {"pooled_model", number(group.pooled)}});
  }
  Json json = {{"judgements_a_model", models.judgements},
               {"replicates", models.replicates},
               {"labels", labels},
               {"groups", groups}};
  if (!models.reason.empty()) json["reason"] = models.reason;
  return json;
}

}  // namespace mien
