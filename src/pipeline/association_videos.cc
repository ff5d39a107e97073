// Corpus and expressions of a study.
#include <algorithm>

#include "pipeline/association_input.h"
#include "pipeline/association_readers.h"

namespace mien {

std::uint16_t StudyVideos::reason_code(const std::string& text) {
  const auto found = std::find(reasons.begin(), reasons.end(), text);
  if (found != reasons.end()) return static_cast<std::uint16_t>(found - reasons.begin());
  reasons.push_back(text);
  return static_cast<std::uint16_t>(reasons.size() - 1);
}

std::vector<std::uint32_t> videos_named(const ScanBatch& batch, std::size_t column,
                                        const VideoIndex& index) {
  std::vector<std::uint32_t> videos(batch.rows(), VideoIndex::kNone);
  std::uint32_t expected = 0;
  for (std::size_t r = 0; r < videos.size(); ++r) {
    if (batch.is_null(column, r)) continue;
    const auto found = index.find(batch.text(column, r), expected);
    if (!found) continue;
    videos[r] = *found;
    expected = *found + 1;
  }
  return videos;
}

Result<StudyVideos> read_study_videos(Database& database, const AssociateOptions& options) {
  MIEN_TRY(plan, plan_association(database, options));
  StudyVideos videos;
  videos.layout.by = options.by;
  videos.layout.context_use = options.contexts == ContextUse::kScore ? "score" : "present";
  videos.layout.weight = options.weights;
  videos.layout.expressions = plan.scores;
  for (const PlannedCovariate& covariate : plan.covariates) {
    if (covariate.levels.empty()) videos.layout.covariates.push_back(covariate.column);
    for (const std::string& level : covariate.levels) {
      videos.layout.covariates.push_back(covariate.column + "=" + level);
    }
  }
  if (!plan.has_country) {
    videos.notes.emplace_back(
        "no video has a country: everything is centred within its group and resampled as one "
        "country");
  }
  videos.values.assign(plan.videos * videos.layout.columns(), 0.0);
  {
    CorpusReader reader(plan, options, videos);
    MIEN_TRY_VOID(
        database.scan_parallel(reader.columns(), sql_read_parquet({&plan.corpus, 1}),
                               [&](const ScanBatch& batch) { return reader.add(batch); }));
    MIEN_TRY_VOID(reader.finish());
  }
  ExpressionReader reader(plan, videos);
  MIEN_TRY_VOID(database.scan_parallel(reader.columns(), sql_read_parquet(plan.expressions),
                                       [&](const ScanBatch& batch) { return reader.add(batch); }));
  MIEN_TRY_VOID(reader.finish(options.map.threads));
  return videos;
}

}  // namespace mien
