#include "pipeline/associate/association_union.h"

#include <fmt/format.h>

#include <algorithm>

namespace mien {

namespace {

// The commonest reasons, for an error.
std::string first_reasons(const Exclusions& exclusions) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [key, excluded] : exclusions) counts[key[2]] += excluded.videos;
  std::vector<std::pair<std::int64_t, std::string>> ordered;
  for (const auto& [reason, videos] : counts) ordered.emplace_back(-videos, reason);
  std::sort(ordered.begin(), ordered.end());
  constexpr std::size_t kFew = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(kFew, ordered.size()); ++i) {
    text += (i > 0 ? ", " : "") + ordered[i].second + " (" + std::to_string(-ordered[i].first) +
            " videos)";
  }
  return text;
}

// Only the names, with columns for these scores.
StoredSums names_of(const AssociationLayout& layout, const std::string& source,
                    const std::vector<std::string>& scores) {
  StoredSums names;
  names.layout = layout;
  names.layout.source = source;
  names.layout.expressions = scores;
  return names;
}

}  // namespace

Status AssociationUnion::add(StoredPart part) {
  if (scores_.empty()) scores_ = part.scores;
  if (!part.scores.empty() && scores_ != part.scores) {
    return Error{ErrorCode::kMismatch,
                 fmt::format("the scores are {}, those of the others {}",
                             fmt::join(part.scores, ", "), fmt::join(scores_, ", "))};
  }
  videos_ += part.videos;
  remarks_.add(part.remarks);
  sources_.insert(part.sources.begin(), part.sources.end());
  of_several_regions_.insert(part.of_several_regions.begin(), part.of_several_regions.end());
  const AssociationLayout& layout = part.bare.layout;
  for (std::size_t g = 0; g < layout.groups.size(); ++g) {
    if (!layout.parents[g].empty()) parents_[layout.groups[g]].insert(layout.parents[g]);
  }
  std::vector<std::string> sources;
  for (const auto& [source, sums] : part.sums) sources.push_back(source);
  const auto [found, is_new] = parts_.try_emplace({part.measured, sources});
  Alike& alike = found->second;
  add_exclusions(part.where_more_is_measured, alike.where_more_is_measured);
  add_exclusions(part.without_source, alike.without_source);
  if (is_new) {
    alike.bare = layout;
  } else {
    MIEN_TRY(united, united_layout(alike.bare, layout));
    alike.bare = std::move(united);
  }
  for (auto& [source, sums] : part.sums) {
    std::vector<StoredSums>& all = alike.sums[source];
    all.push_back(std::move(sums));
    if (all.size() == 1) continue;
    add_exclusions(all.back().exclusions, all.front().exclusions);  // held once
    all.back().exclusions.clear();
  }
  return Ok{};
}

// Of all parts, whatever they measured.
Result<UnitedSums> AssociationUnion::take_source(const std::string& source,
                                                 const std::vector<std::string>& measured) {
  UnitedSums whole;
  for (auto& [key, alike] : parts_) {
    const auto own = alike.sums.find(source);
    const bool measured_less = key.first != measured;
    if (measured_less || own == alike.sums.end()) {
      StoredSums names = names_of(alike.bare, source, measured);
      names.exclusions = measured_less ? alike.where_more_is_measured : alike.without_source;
      MIEN_TRY_VOID(whole.add(std::move(names)));
    }
    if (own == alike.sums.end()) continue;
    for (StoredSums& sums : own->second) {
      MIEN_TRY_VOID(
          whole.add(measured_less ? names_of(sums.layout, source, measured) : std::move(sums)));
    }
  }
  std::vector<std::string> parents;
  for (const std::string& group : whole.layout().groups) {
    const std::set<std::string>& of_parts = parents_[group];
    const bool has_one = of_parts.size() == 1 && !of_several_regions_.contains(group);
    parents.push_back(has_one ? *of_parts.begin() : "");
  }
  whole.finish(std::move(parents));
  return whole;
}

Result<AssociationUnion::Whole> AssociationUnion::finish(const AssociateOptions& options) {
  std::set<std::string> met;
  std::set<std::string> sources;
  for (const auto& [key, alike] : parts_) {
    met.insert(key.first.begin(), key.first.end());
    sources.insert(key.second.begin(), key.second.end());
  }
  if (videos_ == 0) return Error{ErrorCode::kNotFound, "the corpus has no videos"};
  if (sources_.empty()) {
    return Error{ErrorCode::kNotFound, "context_status has no rows: no contexts were named"};
  }
  for (const std::string& wanted : options.sources) {
    if (sources.contains(wanted)) continue;
    return Error{ErrorCode::kUsage, "--source " + wanted + ": the study has contexts from " +
                                        fmt::format("{}", fmt::join(sources_, ", ")) + " only"};
  }
  if (met.empty()) {
    return Error{ErrorCode::kNotFound,
                 "no video of the corpus has a scored face; remedy: run 'mien annotate'"};
  }
  Whole whole;
  whole.videos = videos_;
  whole.notes = remarks_.words();
  std::vector<std::string> measured;
  for (const std::string& score : scores_) {
    if (met.contains(score)) {
      measured.push_back(score);
    } else {
      whole.notes.push_back(score + " was measured in no video and has no cells");
    }
  }
  for (const std::string& source : sources) {
    MIEN_TRY(sums, take_source(source, measured));
    if (sums.layout().contexts.empty()) {
      return Error{ErrorCode::kNotFound, "the study names no " + source + " context in any video"};
    }
    if (!sums.has_videos()) {
      return Error{ErrorCode::kNotFound,
                   "no video is left for the " + source +
                       " contexts; the first reasons: " + first_reasons(sums.exclusions())};
    }
    whole.sums.push_back(std::move(sums));
  }
  return whole;
}

}  // namespace mien
