#include "stats/similarity.h"

#include <algorithm>
#include <cmath>

#include "base/missing.h"
#include "stats/concordance.h"
#include "stats/correlation.h"

namespace mien {

namespace {

// Ranks of a region that lacks no cell: they serve every pair of such regions.
std::vector<std::vector<double>> ranks_of_complete(const ContextMaps& maps) {
  std::vector<std::vector<double>> ranks(maps.regions.size());
  for (std::size_t g = 0; g < ranks.size(); ++g) {
    const auto values = maps.values(g);
    const bool complete =
        std::none_of(values.begin(), values.end(), [](double value) { return std::isnan(value); });
    if (complete) ranks[g] = average_ranks(values);
  }
  return ranks;
}

template <typename Member>
double mean_over(const std::vector<RegionPair>& pairs, Member member) {
  std::vector<double> values;
  values.reserve(pairs.size());
  for (const RegionPair& pair : pairs) values.push_back(pair.*member);
  return mean_of(values);
}

PartSimilarity average(const std::vector<double>& correlations) {
  const auto estimable = std::count_if(correlations.begin(), correlations.end(),
                                       [](double r) { return !std::isnan(r); });
  return {fisher_mean(correlations), static_cast<std::size_t>(estimable)};
}

// parts[g] holds the list to correlate of region g.
PartSimilarity over_pairs(const std::vector<std::vector<double>>& parts) {
  std::vector<double> correlations;
  for (std::size_t a = 0; a < parts.size(); ++a) {
    for (std::size_t b = a + 1; b < parts.size(); ++b) {
      correlations.push_back(pearson(parts[a], parts[b]).r);
    }
  }
  return average(correlations);
}

Matrix mean_of_others(const ContextMaps& maps, std::size_t left_out) {
  const Eigen::Index rows = maps.cells[left_out].rows();
  const Eigen::Index columns = maps.cells[left_out].cols();
  Matrix mean(rows, columns);
  std::vector<double> values;
  for (Eigen::Index c = 0; c < rows; ++c) {
    for (Eigen::Index e = 0; e < columns; ++e) {
      values.clear();
      for (std::size_t g = 0; g < maps.regions.size(); ++g) {
        if (g != left_out) values.push_back(maps.cells[g](c, e));
      }
      mean(c, e) = mean_of(values);
    }
  }
  return mean;
}

}  // namespace

PairwiseSimilarity pairwise_similarity(const ContextMaps& maps) {
  const ContextMaps drawn_in = winsorised_maps(maps);
  const auto ranks = ranks_of_complete(maps);
  PairwiseSimilarity result;
  for (std::size_t a = 0; a < maps.regions.size(); ++a) {
    for (std::size_t b = a + 1; b < maps.regions.size(); ++b) {
      const Correlation raw = pearson(maps.values(a), maps.values(b));
      const bool ranked = !ranks[a].empty() && !ranks[b].empty();
      result.pairs.push_back(
          {a, b, raw.r,
           ranked ? pearson(ranks[a], ranks[b]).r : spearman(maps.values(a), maps.values(b)).r,
           pearson(drawn_in.values(a), drawn_in.values(b)).r,
           concordance(maps.values(a), maps.values(b)), raw.n});
    }
  }
  result.mean_r = mean_over(result.pairs, &RegionPair::r);
  result.mean_spearman = mean_over(result.pairs, &RegionPair::spearman);
  result.mean_r_winsorised = mean_over(result.pairs, &RegionPair::r_winsorised);
  result.mean_concordance = mean_over(result.pairs, &RegionPair::concordance);
  result.min = result.max = kNaN;
  for (const RegionPair& pair : result.pairs) {
    result.min = std::fmin(result.min, pair.r);  // fmin and fmax pass over NaN
    result.max = std::fmax(result.max, pair.r);
  }
  return result;
}

Matrix similarity_matrix(const ContextMaps& maps) {
  const auto regions = static_cast<Eigen::Index>(maps.regions.size());
  Matrix r = Matrix::Identity(regions, regions);
  for (Eigen::Index a = 0; a < regions; ++a) {
    for (Eigen::Index b = a + 1; b < regions; ++b) {
      r(a, b) = r(b, a) = pearson(maps.values(static_cast<std::size_t>(a)),
                                  maps.values(static_cast<std::size_t>(b)))
                              .r;
    }
  }
  return r;
}

std::vector<PartSimilarity> similarity_per_expression(const ContextMaps& maps) {
  std::vector<PartSimilarity> result;
  for (std::size_t e = 0; e < maps.expressions.size(); ++e) {
    std::vector<std::vector<double>> columns;
    for (const Matrix& map : maps.cells) {
      const auto column = map.col(static_cast<Eigen::Index>(e));
      columns.emplace_back(column.begin(), column.end());
    }
    result.push_back(over_pairs(columns));
  }
  return result;
}

std::vector<PartSimilarity> similarity_per_context(const ContextMaps& maps) {
  std::vector<PartSimilarity> result;
  for (std::size_t c = 0; c < maps.contexts.size(); ++c) {
    std::vector<std::vector<double>> rows;
    for (const Matrix& map : maps.cells) {
      const auto row = map.row(static_cast<Eigen::Index>(c));
      rows.emplace_back(row.begin(), row.end());
    }
    result.push_back(over_pairs(rows));
  }
  return result;
}

double expected_against_mean(double r, std::size_t others) {
  const auto m = static_cast<double>(others);
  return r * std::sqrt(m) / std::sqrt(1 + (m - 1) * r);
}

std::vector<RegionAgainstRest> region_against_rest(const ContextMaps& maps,
                                                   const Matrix& similarity) {
  const std::size_t regions = maps.regions.size();
  std::vector<RegionAgainstRest> result;
  for (std::size_t g = 0; g < regions; ++g) {
    if (regions < 2) {
      result.push_back({kNaN, kNaN});
      continue;
    }
    const Matrix rest = mean_of_others(maps, g);
    const std::span<const double> rest_values(rest.data(), static_cast<std::size_t>(rest.size()));
    std::vector<double> to_others;
    std::vector<double> among_others;
    for (std::size_t a = 0; a < regions; ++a) {
      if (a != g) {
        to_others.push_back(similarity(static_cast<Eigen::Index>(g), static_cast<Eigen::Index>(a)));
      }
      for (std::size_t b = a + 1; b < regions; ++b) {
        if (a == g || b == g) continue;
        among_others.push_back(
            similarity(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(b)));
      }
    }
    const auto m = static_cast<double>(regions - 1);
    const double among = regions > 2 ? mean_of(among_others) : 0;
    result.push_back({pearson(maps.values(g), rest_values).r,
                      mean_of(to_others) * std::sqrt(m) / std::sqrt(1 + (m - 1) * among)});
  }
  return result;
}

}  // namespace mien
