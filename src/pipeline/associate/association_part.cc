#include "pipeline/associate/association_part.h"

#include <fmt/format.h>

#include <algorithm>

#include "stats/association_addition.h"

namespace mien {

namespace {

std::uint16_t code_of(const StudyVideos& videos, const std::string& reason) {
  const auto found = std::find(videos.reasons.begin(), videos.reasons.end(), reason);
  return static_cast<std::uint16_t>(found - videos.reasons.begin());
}

// Whoever has a score, but not all.
Exclusions where_more_is_measured(StudyVideos& videos) {
  const std::uint16_t missing = videos.reason_code("missing_expression");
  const std::uint16_t out_of_range = code_of(videos, "score_out_of_range");
  std::vector<std::uint16_t> reasons = videos.reason;
  for (std::uint16_t& reason : reasons) {
    if (reason == 0 || reason == out_of_range) reason = missing;
  }
  return count_excluded(videos, reasons);
}

Exclusions without_source(StudyVideos& videos) {
  const std::uint16_t no_status = videos.reason_code("no_context_status");
  std::vector<std::uint16_t> reasons = videos.reason;
  std::replace(reasons.begin(), reasons.end(), std::uint16_t{0}, no_status);
  return count_excluded(videos, reasons);
}

// The same names without any video, with columns for these scores.
void empty_sums(AssociationSums& sums, const std::vector<std::string>& scores) {
  AssociationLayout& layout = sums.layout;
  layout.expressions = scores;
  sums.centres.assign(layout.columns(), 0.0);
  sums.blocks.clear();
  sums.slots.assign(layout.groups.size(), slots_for(0));
  PresenceSums nothing;
  nothing.sums.assign(scores.size(), 0.0);
  nothing.squares.assign(scores.size(), 0.0);
  sums.presence.assign(layout.groups.size() * layout.contexts.size(), nothing);
}

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

Status add_to(AssociationSums& into, const AssociationSums& from) {
  // Centres near the means are those of a part with videos.
  if (!into.blocks.empty() || from.blocks.empty()) return add_sums_to(into, from);
  MIEN_TRY(sums, add_sums(from, into));
  into = std::move(sums);
  return Ok{};
}

}  // namespace

Exclusions count_excluded(const StudyVideos& videos, const std::vector<std::uint16_t>& reasons) {
  std::map<std::array<std::uint32_t, 3>, ExcludedVideos> counts;
  const std::uint16_t no_group = code_of(videos, "no_" + videos.layout.by);
  constexpr std::uint32_t kNoGroup = 0xffffffff;
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    const std::uint16_t reason = reasons[i];
    if (reason == 0) continue;
    ExcludedVideos& excluded =
        counts[{reason == no_group ? kNoGroup : videos.group[i], videos.language[i], reason}];
    ++excluded.videos;
    excluded.add_uploader(videos.uploader[i]);
  }
  Exclusions exclusions;
  for (const auto& [key, excluded] : counts) {
    const std::string group = key[0] == kNoGroup ? "" : videos.layout.groups[key[0]];
    exclusions[{group, videos.languages[key[1]], videos.reasons[key[2]]}].add(excluded);
  }
  return exclusions;
}

AssociationSums sum_study_videos(const StudyVideos& videos, const StudyContexts& contexts,
                                 const std::string& source, int threads) {
  AssociationLayout layout = videos.layout;
  layout.source = source;
  layout.contexts = contexts.names;
  std::vector<std::uint32_t> group = videos.group;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (contexts.reason[i] != 0) group[i] = AssociationVideos::kLeftOut;
  }
  const AssociationVideos view{
      group,          videos.country,   videos.uploader, videos.values,           videos.weight,
      contexts.first, contexts.context, contexts.score,  contexts.above_threshold};
  AssociationSums sums = accumulate_sums(layout, view, association_centres(layout, view), threads);
  sums.exclusions = count_excluded(videos, contexts.reason);
  return sums;
}

Result<AssociationPart> reduce_association(std::optional<Database>& database,
                                           const AssociateOptions& options,
                                           const AssociationScope& scope,
                                           const std::function<void(const char*)>& finished) {
  MIEN_TRY(sources, read_sources(*database, scope));
  AssociationPart part;
  part.sources = sources;
  if (!options.sources.empty()) {
    std::erase_if(sources, [&](const std::string& source) {
      return std::find(options.sources.begin(), options.sources.end(), source) ==
             options.sources.end();
    });
  }
  MIEN_TRY(videos, read_study_videos(*database, options, scope));
  finished("read corpus and expressions");
  part.videos = videos.index.size();
  part.scores = videos.scores;
  part.measured = videos.layout.expressions;
  part.of_several_regions = videos.of_several_regions;
  part.where_more_is_measured = where_more_is_measured(videos);
  part.without_source = without_source(videos);
  part.bare.layout = videos.layout;
  empty_sums(part.bare, part.scores);
  for (const std::string& source : sources) {
    MIEN_TRY(contexts, read_study_contexts(*database, options, scope, source, videos));
    if (source == sources.back()) {
      database.reset();
      videos.index = {};
    }
    finished("read contexts");
    AssociationSums sums = sum_study_videos(videos, contexts, source, options.map.threads);
    if (part.measured.empty()) empty_sums(sums, part.scores);
    part.sums.emplace(source, std::move(sums));
    finished("sum");
  }
  part.remarks = std::move(videos.remarks);
  return part;
}

Status AssociationUnion::add(AssociationPart part) {
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
    alike.bare = std::move(part.bare);
    alike.sums = std::move(part.sums);
    return Ok{};
  }
  MIEN_TRY_VOID(add_to(alike.bare, part.bare));
  for (auto& [source, sums] : part.sums) MIEN_TRY_VOID(add_to(alike.sums.at(source), sums));
  return Ok{};
}

// Of all parts, whatever they measured.
Result<AssociationSums> AssociationUnion::take_source(const std::string& source,
                                                      const std::vector<std::string>& measured) {
  std::optional<AssociationSums> whole;
  for (auto& [key, alike] : parts_) {
    const auto own = alike.sums.find(source);
    AssociationSums sums = own == alike.sums.end() ? alike.bare : std::move(own->second);
    sums.layout.source = source;
    if (key.first != measured) {
      empty_sums(sums, measured);
      sums.exclusions = alike.where_more_is_measured;
    } else if (own == alike.sums.end()) {
      empty_sums(sums, measured);
      sums.exclusions = alike.without_source;
    }
    if (!whole.has_value()) {
      whole = std::move(sums);
      continue;
    }
    MIEN_TRY_VOID(add_to(*whole, sums));
  }
  for (std::size_t g = 0; g < whole->layout.groups.size(); ++g) {
    const std::string& group = whole->layout.groups[g];
    const std::set<std::string>& parents = parents_[group];
    const bool has_one = parents.size() == 1 && !of_several_regions_.contains(group);
    whole->layout.parents[g] = has_one ? *parents.begin() : "";
  }
  return *std::move(whole);
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
    if (sums.layout.contexts.empty()) {
      return Error{ErrorCode::kNotFound, "the study names no " + source + " context in any video"};
    }
    if (sums.blocks.empty()) {
      return Error{ErrorCode::kNotFound,
                   "no video is left for the " + source +
                       " contexts; the first reasons: " + first_reasons(sums.exclusions)};
    }
    whole.sums.push_back(std::move(sums));
  }
  return whole;
}

}  // namespace mien
