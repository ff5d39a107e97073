#include "pipeline/associate/associate_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "pipeline/associate/association_metadata.h"
#include "pipeline/study/json_values.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

struct CellCounts {
  std::int64_t cells = 0;
  std::int64_t estimated = 0;
  std::int64_t with_se = 0;
  std::int64_t suppressed = 0;
  std::int64_t below_bh = 0;
  std::map<std::string, std::int64_t> reasons;
};

constexpr double kLevel = 0.05;

CellCounts count_cells(const SourceSummary& source) {
  CellCounts counts;
  const std::size_t expressions = source.layout.expressions.size();
  for (const GroupMap& group : source.map.groups) {
    for (std::size_t i = 0; i < group.estimate.size(); ++i) {
      ++counts.cells;
      counts.estimated += std::isfinite(group.estimate[i]) ? 1 : 0;
      counts.with_se += std::isfinite(group.se[i]) ? 1 : 0;
      counts.suppressed += group.suppression[i / expressions] != NullReason::kNone ? 1 : 0;
      counts.below_bh += group.p_bh[i] <= kLevel ? 1 : 0;
      if (group.reason[i] != NullReason::kNone) {
        ++counts.reasons[std::string(to_string(group.reason[i]))];
      }
    }
  }
  return counts;
}

Json group_json(const SourceSummary& source, std::size_t g) {
  const GroupMap& group = source.map.groups[g];
  Json covariates = Json::array();
  for (std::size_t k = 0; k < group.covariates.size(); ++k) {
    covariates.push_back({{"name", source.layout.covariates[k]},
                          {"used", group.covariates[k] == NullReason::kNone},
                          {"reason", text_or_null(std::string(to_string(group.covariates[k])))}});
  }
  const auto size = [&](auto count) { return group.is_size_held_back ? Json() : Json(count); };
  return {{"region", source.layout.groups[g]},  {"videos", size(group.videos)},
          {"uploaders", size(group.uploaders)}, {"blocks", size(group.blocks)},
          {"countries", size(group.countries)}, {"covariates", covariates}};
}

// Of all videos: exactly where every group's number is told, else to the nearest ten, since groups
// can be known from other maps (countries add up to their region).
std::int64_t of_all(std::int64_t videos, bool is_any_held_back) {
  return is_any_held_back ? rounded_count(videos) : videos;
}

bool has_held_back_size(const AssociateSummary& summary) {
  return std::ranges::any_of(summary.sources, [](const SourceSummary& source) {
    return std::ranges::any_of(source.map.groups,
                               [](const GroupMap& group) { return group.is_size_held_back; });
  });
}

Json source_json(const SourceSummary& source, bool is_any_held_back) {
  const CellCounts counts = count_cells(source);
  Json groups = Json::array();
  for (std::size_t g = 0; g < source.map.groups.size(); ++g)
    groups.push_back(group_json(source, g));
  Json excluded = Json::array();
  for (const auto& [key, videos] : source.exclusions) {
    excluded.push_back({{"region", text_or_null(key[0])},
                        {"language", text_or_null(key[1])},
                        {"reason", key[2]},
                        {"videos", videos}});
  }
  return {{"source", source.layout.source},
          {"by", source.layout.by},
          {"videos", of_all(source.videos, is_any_held_back)},
          {"contexts", source.layout.contexts.size()},
          {"expressions", source.layout.expressions},
          {"cells", counts.cells},
          {"estimated", counts.estimated},
          {"with_se", counts.with_se},
          {"suppressed", counts.suppressed},
          {"p_bh_at_most_0.05", counts.below_bh},
          {"reasons", counts.reasons},
          {"groups", groups},
          {"excluded", excluded}};
}

}  // namespace

Json to_json(const AssociateSummary& summary, const MapOptions& options) {
  Json sources = Json::array();
  const bool is_any_held_back = has_held_back_size(summary);
  for (const SourceSummary& source : summary.sources) {
    sources.push_back(source_json(source, is_any_held_back));
  }
  Json seconds = Json::object();
  for (const AssociateStage& time : summary.times) seconds[time.stage] = time.seconds;
  Json made_with = Json::object();
  for (const auto& [key, value] : map_metadata(options)) made_with[key] = value;
  // What is not told of those left out is not told as a difference either.
  bool is_told = true;
  for (const SourceSummary& source : summary.sources) {
    std::int64_t told = source.videos;
    for (const auto& [key, videos] : source.exclusions) told += videos;
    is_told = is_told && told == summary.corpus_videos;
  }
  return {{"videos", is_told ? Json(of_all(summary.corpus_videos, is_any_held_back)) : Json()},
          {"videos_to_nearest", is_any_held_back ? kRoundedTo : 1},
          {"options", made_with},
          {"sources", sources},
          {"notes", summary.notes},
          {"seconds", seconds}};
}

std::string to_text(const AssociateSummary& summary, const MapOptions& options) {
  std::string text;
  const bool is_any_held_back = has_held_back_size(summary);
  for (const SourceSummary& source : summary.sources) {
    const CellCounts counts = count_cells(source);
    text += fmt::format("{} contexts: {} videos, {} contexts x {} expressions in {} groups\n",
                        source.layout.source, of_all(source.videos, is_any_held_back),
                        source.layout.contexts.size(), source.layout.expressions.size(),
                        source.layout.groups.size());
    text += fmt::format(
        "  {} of {} cells estimated ({}, standard errors by {}), {} suppressed; {} at p_bh <= "
        "0.05\n",
        counts.estimated, counts.cells, to_string(options.estimator.kind),
        to_string(options.cluster), counts.suppressed, counts.below_bh);
    for (const auto& [reason, cells] : counts.reasons) {
      text += fmt::format("  {:>10} cells: {}\n", cells, reason);
    }
    std::map<std::string, std::int64_t> left;
    for (const auto& [key, videos] : source.exclusions) left[key[2]] += videos;
    for (const auto& [reason, videos] : left) {
      text += fmt::format("  {:>10} videos left out: {}\n", videos, reason);
    }
    for (std::size_t g = 0; g < source.map.groups.size(); ++g) {
      const GroupMap& group = source.map.groups[g];
      for (std::size_t k = 0; k < group.covariates.size(); ++k) {
        const NullReason reason = group.covariates[k];
        if (reason != NullReason::kConstantCovariate && reason != NullReason::kCollinearCovariate) {
          continue;
        }
        text += fmt::format("  {}: {} left out: {}\n", source.layout.groups[g],
                            source.layout.covariates[k], to_string(reason));
      }
    }
  }
  for (const std::string& note : summary.notes) text += "note: " + note + "\n";
  return text;
}

}  // namespace mien
