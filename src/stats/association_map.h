// From association sums to a map: every cell's estimate with standard error, interval, p, sizes of
// effect and counts; what may not be shown is held back, what cannot be estimated says why.
//
// Standard errors. cluster uploader: bootstrap of uploader blocks within countries
// (bootstrap_weights); t on (sum v)^2 / sum v^2 x (1 - strata / blocks) degrees of freedom, with v
// the blocks' shares of S_xx: a rare context rests on few blocks. cluster country: jackknife,
// SE^2 = (G-1)/G sum (theta_(k) - mean)^2 over the G countries left out in turn, t with G - 1
// degrees of freedom, from 10 countries on. Intervals are estimate -+ t SE, as p is.
//
// Sizes. smd: (m1 - m0) / pooled SD, scores of videos with the context against those without
// (Cohen 1988), no covariates. superiority: Phi((m1 - m0) / sqrt(s1^2 + s0^2)), the common language
// effect size of McGraw and Wong (1992): it takes scores for normal, and adds up over parts.
//
// The same sums, options and seed give the same bits for any number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stats/association_estimator.h"
#include "stats/association_sums.h"
#include "stats/suppression.h"

namespace mien {

enum class ClusterBy { kUploader, kCountry };

std::string_view to_string(ClusterBy cluster);

struct MapOptions {
  EstimatorOptions estimator;
  ClusterBy cluster = ClusterBy::kUploader;
  int bootstrap = 1000;                // replicates; 0: no standard errors with cluster uploader
  std::int64_t minimum = kLeastCount;  // videos and uploaders behind a cell; <= kLargestMinimum
  std::uint64_t seed = 0;
  int threads = 1;
};

// NaN: not there. Cells are contexts x expressions, row-major.
struct GroupMap {
  std::int64_t videos = 0;
  std::int64_t uploaders = 0;
  // Too few stand behind the group, or its size would give another's away: neither videos nor
  // uploaders, blocks or countries may be told.
  bool is_size_held_back = false;
  std::size_t blocks = 0;
  std::size_t countries = 0;
  std::vector<NullReason> covariates;

  std::vector<std::int64_t> context_videos;     // a context
  std::vector<std::int64_t> context_uploaders;  // a context
  std::vector<NullReason> suppression;          // a context; kNone where shown

  std::vector<double> estimate, se, lower, upper, df, p;
  std::vector<double> smd, superiority, pooled, between;
  std::vector<double> p_bh, p_holm, p_by;
  std::vector<NullReason> reason;
};

struct AssociationMap {
  std::vector<GroupMap> groups;  // in the order of layout.groups
};

AssociationMap association_map(const AssociationSums& sums, const MapOptions& options);

// The same, group by group, where the sums of not all groups lie in memory. Count every group, then
// suppress, then estimate every group; several threads may do so, each another group.
class AssociationMapper {
 public:
  // `layout` of the whole; must outlive this.
  AssociationMapper(const AssociationLayout& layout, const MapOptions& options);

  // `sums` have the group at the place `at`, and the layout's contexts and columns.
  void count(std::size_t group, const AssociationSums& sums, std::size_t at);
  void suppress();
  void estimate(std::size_t group, const AssociationSums& sums, std::size_t at);
  // Where groups are few, threads share the contexts of a group instead: 1.
  int groups_at_once() const;

  // Corrects for the family of all cells. Gives the map up.
  AssociationMap finish();

 private:
  const AssociationLayout* layout_;
  MapOptions options_;
  AssociationMap map_;
  std::vector<std::vector<std::int64_t>> without_;  // uploaders, a group and context
};

// Distinct uploaders of a group, of its videos with each context, and of those without: exact where
// they are fewer than kUploadersKept, else estimated (uploader_sketch.h); of the group, exact as
// long as no slot has so many. Never more than there are videos.
struct UploaderCounts {
  std::int64_t all = 0;
  std::vector<std::int64_t> with_context;
  std::vector<std::int64_t> without_context;
};
UploaderCounts count_uploaders(const AssociationSums& sums, std::size_t group);

// Exclusions as they may be told: those of fewer videos or uploaders than the minimum are put
// together under kHeldBackExclusions, without group and language; the smallest others join them
// until at least two are together and reach the minimum of both, so that no total less the rest
// gives one away. Where all together do not, nothing is told; neither is anything for a minimum
// above ExcludedVideos::kMostUploaders.
inline constexpr const char* kHeldBackExclusions = "held_back";
using ToldExclusions = std::map<ExclusionKey, std::int64_t>;  // videos
ToldExclusions shown_exclusions(const Exclusions& exclusions, std::int64_t minimum);

// "label_awe" -> "label", "awe".
struct ChannelName {
  std::string channel;
  std::string expression;
};
ChannelName split_channel(std::string_view column);

}  // namespace mien
