// Corpus and expressions of a study.
#include <algorithm>

#include "pipeline/associate/association_input.h"
#include "pipeline/associate/association_readers.h"

namespace mien {

void AssociationRemarks::add(const AssociationRemarks& other) {
  has_country = has_country || other.has_country;
  without_uploader += other.without_uploader;
  unknown_expressions += other.unknown_expressions;
  for (const auto& [source, rows] : other.unknown_contexts) unknown_contexts[source] += rows;
  known_expressions += other.known_expressions;
  for (const auto& [source, rows] : other.known_contexts) known_contexts[source] += rows;
}

std::vector<std::string> AssociationRemarks::words() const {
  std::vector<std::string> words;
  if (!has_country) {
    words.emplace_back(
        "no video has a country: everything is centred within its group and resampled as one "
        "country");
  }
  if (without_uploader > 0) {
    words.push_back(std::to_string(without_uploader) +
                    " videos without an uploader were each taken as an uploader's only one; their "
                    "errors may go together, unseen");
  }
  if (unknown_expressions > 0) {
    words.push_back(std::to_string(unknown_expressions) +
                    " rows of expressions belong to no video of the corpus");
  }
  for (const auto& [source, rows] : unknown_contexts) {
    words.push_back(std::to_string(rows) + " rows of " + source +
                    " contexts belong to no video of the corpus");
  }
  return words;
}

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

Result<StudyVideos> read_study_videos(Database& database, const AssociateOptions& options,
                                      const AssociationScope& scope) {
  MIEN_TRY(plan, plan_association(database, options, scope));
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
  videos.scores = plan.scores;
  videos.remarks.has_country = plan.has_country;
  videos.values.assign(plan.videos * videos.layout.columns(), 0.0);
  {
    CorpusReader reader(plan, options, videos);
    MIEN_TRY_VOID(
        database.scan_parallel(reader.columns(), sql_read_parquet(plan.corpus),
                               [&](const ScanBatch& batch) { return reader.add(batch); }));
    MIEN_TRY_VOID(reader.finish());
  }
  ExpressionReader reader(plan, videos);
  if (!scope.expressions.empty()) {
    MIEN_TRY_VOID(
        database.scan_parallel(reader.columns(), scope.rows_of(scope.expressions),
                               [&](const ScanBatch& batch) { return reader.add(batch); }));
  }
  MIEN_TRY_VOID(reader.finish(options.map.threads));
  return videos;
}

}  // namespace mien
