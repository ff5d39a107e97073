#include "pipeline/compare/study_replicates.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/missing.h"
#include "pipeline/associate/association_file.h"
#include "pipeline/associate/association_metadata.h"
#include "stats/correlation.h"
#include "stats/noise_correction.h"
#include "stats/permutation.h"
#include "stats/resampling.h"

namespace mien {

namespace {

// Where the rows and columns of the maps stand in the sums.
struct MapPlaces {
  std::vector<std::uint32_t> contexts;
  std::vector<std::size_t> expressions;
  std::vector<std::size_t> groups;
};

Result<std::vector<std::size_t>> positions(const std::vector<std::string>& wanted,
                                           const std::vector<std::string>& in,
                                           const std::string& what) {
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < in.size(); ++i) index[in[i]] = i;
  std::vector<std::size_t> result;
  for (const std::string& name : wanted) {
    const auto found = index.find(name);
    if (found == index.end()) {
      return Error{ErrorCode::kMismatch, "the maps have the " + what + " '" + name +
                                             "', the statistics do not; remedy: run `mien "
                                             "associate` again"};
    }
    result.push_back(found->second);
  }
  return result;
}

Result<MapPlaces> places_of(const StudyMaps& maps, const AssociationLayout& layout) {
  std::vector<std::string> columns;
  for (const std::string& expression : maps.maps.expressions) {
    columns.push_back(maps.channel.empty() ? expression : maps.channel + "_" + expression);
  }
  MapPlaces places;
  MIEN_TRY(contexts, positions(maps.maps.contexts, layout.contexts, "context"));
  places.contexts.assign(contexts.begin(), contexts.end());
  MIEN_TRY(expressions, positions(columns, layout.expressions, "expression"));
  places.expressions = std::move(expressions);
  MIEN_TRY(groups, positions(maps.maps.regions, layout.groups, "region"));
  places.groups = std::move(groups);
  return places;
}

// Maps under `sets` sets of weights; cells that a set cannot estimate keep the map's own.
std::vector<Matrix> maps_under(const AssociationEstimator& estimator, std::vector<double> weights,
                               std::size_t sets, const MapPlaces& places, const Matrix& own,
                               int threads) {
  const AssociationReplicates replicates(estimator, std::move(weights), sets, threads);
  std::vector<Matrix> maps(sets, own);
  constexpr std::size_t kContextsAtOnce = 16;
  std::vector<double> out;
  for (std::size_t first = 0; first < places.contexts.size(); first += kContextsAtOnce) {
    const std::size_t count = std::min(kContextsAtOnce, places.contexts.size() - first);
    const std::span<const std::uint32_t> contexts(&places.contexts[first], count);
    out.assign(sets * count * estimator.expressions(), kNaN);
    replicates.maps(contexts, out);
    for (std::size_t set = 0; set < sets; ++set) {
      for (std::size_t c = 0; c < count; ++c) {
        for (std::size_t e = 0; e < places.expressions.size(); ++e) {
          const double value =
              out[(set * count + c) * estimator.expressions() + places.expressions[e]];
          if (!std::isfinite(value)) continue;
          maps[set](static_cast<Eigen::Index>(first + c), static_cast<Eigen::Index>(e)) = value;
        }
      }
    }
  }
  return maps;
}

// Which group of blocks a block is deleted with.
std::vector<std::uint32_t> deletion_groups(const AssociationEstimator& estimator, bool by_country,
                                           std::size_t most) {
  const auto countries = estimator.country_of_block();
  std::vector<std::uint32_t> group(countries.begin(), countries.end());
  if (by_country) return group;
  const std::size_t groups = std::min(most, group.size());
  for (std::size_t block = 0; block < group.size(); ++block) {
    group[block] = static_cast<std::uint32_t>(block % groups);
  }
  return group;
}

std::size_t count_of(const std::vector<std::uint32_t>& group) {
  return group.empty() ? 0 : *std::max_element(group.begin(), group.end()) + 1U;
}

// Two complementary sets a split, each half of every country's blocks as nearly as may be.
std::vector<double> half_weights(const AssociationEstimator& estimator, std::size_t splits,
                                 Random random) {
  const auto countries = estimator.country_of_block();
  std::vector<double> weights;
  for (std::size_t split = 0; split < splits; ++split) {
    const std::vector<std::size_t> order = random_order(countries.size(), random);
    std::vector<double> half(countries.size(), 0);
    std::vector<int> next(estimator.countries(), 0);
    for (int& side : next) side = static_cast<int>(random.below(2));
    for (const std::size_t block : order) {
      half[block] = next[countries[block]];
      next[countries[block]] ^= 1;
    }
    weights.insert(weights.end(), half.begin(), half.end());
    for (double& weight : half) weight = 1 - weight;
    weights.insert(weights.end(), half.begin(), half.end());
  }
  return weights;
}

double correlation(const Matrix& a, const Matrix& b) {
  const auto cells = static_cast<std::size_t>(a.size());
  return pearson({a.data(), cells}, {b.data(), cells}).r;
}

double mean_similarity(const ContextMaps& maps, std::size_t region, const Matrix& cells) {
  std::vector<double> r;
  for (std::size_t other = 0; other < maps.regions.size(); ++other) {
    if (other != region) r.push_back(correlation(cells, maps.cells[other]));
  }
  return mean_of(r);
}

// Too few videos or uploaders for the country to be told apart from its region.
bool is_small(std::span<const AssociationBlock> blocks, const std::vector<std::uint32_t>& countries,
              std::size_t country, std::int64_t minimum) {
  std::int64_t videos = 0;
  std::int64_t uploaders = 0;  // a country's blocks divide them
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    if (countries[b] != country) continue;
    videos += blocks[b].videos;
    uploaders += static_cast<std::int64_t>(blocks[b].uploaders.size());
  }
  return videos < minimum || uploaders < minimum;
}

}  // namespace

Result<StudyReplicates> add_replicates(const std::filesystem::path& study, StudyMaps& maps,
                                       const ReplicateOptions& options) {
  MIEN_TRY(file, read_association_file(association_file_path(study / "maps", maps.source)));
  MIEN_TRY(map_options_of, map_options(file.metadata, options.threads));
  MIEN_TRY(places, places_of(maps, file.sums.layout));
  const Random seeds = Random(options.seed).fork(300);
  StudyReplicates result;
  std::vector<std::vector<Matrix>> all;
  for (std::size_t g = 0; g < maps.maps.regions.size(); ++g) {
    const std::size_t group = places.groups[g];
    const AssociationEstimator estimator(file.sums, group, map_options_of.estimator);
    const Matrix& own = maps.maps.cells[g];
    result.blocks.push_back(estimator.blocks());
    const std::vector<std::uint32_t> deleted_with =
        deletion_groups(estimator, maps.cluster == "country", options.groups);
    const std::size_t groups = count_of(deleted_with);
    all.push_back(maps_under(estimator, leave_one_out_weights(deleted_with, groups), groups, places,
                             own, options.threads));
    if (estimator.blocks() >= 4) {
      const std::vector<Matrix> halves = maps_under(
          estimator, half_weights(estimator, options.splits, seeds.fork(g)), 2 * options.splits,
          places, Matrix::Constant(own.rows(), own.cols(), kNaN), options.threads);
      std::vector<double> r;
      for (std::size_t split = 0; split < options.splits; ++split) {
        r.push_back(correlation(halves[2 * split], halves[2 * split + 1]));
      }
      result.split_half_reliability.push_back(stepped_up(r));
    } else {
      result.split_half_reliability.push_back(kNaN);
    }
    if (estimator.countries() < 2) continue;
    const auto country_of_block = estimator.country_of_block();
    const std::vector<std::uint32_t> countries(country_of_block.begin(), country_of_block.end());
    const std::vector<Matrix> without =
        maps_under(estimator, leave_one_out_weights(countries, estimator.countries()),
                   estimator.countries(), places, own, options.threads);
    const auto blocks = file.sums.blocks_of(group);
    for (std::size_t k = 0; k < without.size(); ++k) {
      const auto at = std::find(countries.begin(), countries.end(), k) - countries.begin();
      if (is_small(blocks, countries, k, map_options_of.minimum)) continue;
      result.without_country.push_back(
          {g, file.sums.layout.countries[blocks[static_cast<std::size_t>(at)].country],
           correlation(without[k], own), mean_similarity(maps.maps, g, own),
           mean_similarity(maps.maps, g, without[k])});
    }
  }
  maps.maps.replicates = std::move(all);
  return result;
}

}  // namespace mien
