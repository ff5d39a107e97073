#include "pipeline/associate/association_part.h"

#include <algorithm>

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

Result<StoredPart> store_part(AssociationPart part, const std::shared_ptr<ScratchFile>& scratch) {
  StoredPart stored{static_cast<PartFacts&&>(part), {}};
  for (auto& [source, sums] : part.sums) {
    MIEN_TRY(aside, store_sums(sums, scratch));
    sums = {};
    stored.sums.emplace(source, std::move(aside));
  }
  return stored;
}

}  // namespace mien
