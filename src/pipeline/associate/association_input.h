// The tables of a study as columns in memory, ready to be summed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/associate/associate.h"
#include "pipeline/associate/association_scope.h"
#include "pipeline/study/video_index.h"
#include "stats/association_accumulator.h"
#include "store/database.h"

namespace mien {

// What a reader of the numbers must know; adds up over parts.
struct AssociationRemarks {
  bool has_country = false;
  std::int64_t without_uploader = 0;                     // videos
  std::int64_t unknown_expressions = 0;                  // rows of no video of the corpus
  std::map<std::string, std::int64_t> unknown_contexts;  // likewise, by source
  std::int64_t known_expressions = 0;                    // rows of videos of the corpus
  std::map<std::string, std::int64_t> known_contexts;

  void add(const AssociationRemarks& other);
  std::vector<std::string> words() const;
};

// Videos in the order of the corpus. `reason` 0: in the analysis; else a position in `reasons`.
struct StudyVideos {
  VideoIndex index;
  std::vector<std::uint32_t> group, country;  // codes; sorted positions once read
  std::vector<std::uint64_t> uploader;
  std::vector<std::uint32_t> language;  // a code
  std::vector<double> weight;           // empty: all 1
  std::vector<double> values;           // scores, then covariates
  std::vector<std::uint16_t> reason;
  std::vector<std::string> reasons{""};
  std::vector<std::string> languages;
  AssociationLayout layout;                     // without source and contexts
  std::vector<std::string> of_several_regions;  // groups of `--by country` without a parent
  std::vector<std::string> scores;              // columns of the tables, those left out too
  AssociationRemarks remarks;

  std::uint16_t reason_code(const std::string& text);
  void leave_out(std::uint32_t video, std::uint16_t code) {
    if (reason[video] == 0) reason[video] = code;
  }
};

// The contexts of one source.
struct StudyContexts {
  std::vector<std::string> names;     // sorted
  std::vector<std::uint16_t> reason;  // per video, as StudyVideos::reason, with this source's own
  std::vector<std::uint64_t> first;
  std::vector<std::uint32_t> context;
  std::vector<double> score;                  // ContextUse::kScore alone
  std::vector<std::uint8_t> above_threshold;  // ContextUse::kScore alone
};

// The video that each row's id in a column names; VideoIndex::kNone where the corpus has none.
std::vector<std::uint32_t> videos_named(const ScanBatch& batch, std::size_t column,
                                        const VideoIndex& index);

// Scores that no video of the scope has are not in the layout.
Result<StudyVideos> read_study_videos(Database& database, const AssociateOptions& options,
                                      const AssociationScope& scope);

// Sorted; none where nobody named contexts.
Result<std::vector<std::string>> read_sources(Database& database, const AssociationScope& scope);

Result<StudyContexts> read_study_contexts(Database& database, const AssociateOptions& options,
                                          const AssociationScope& scope, const std::string& source,
                                          StudyVideos& videos);

// Videos by group, language and what `reason` (one a video, 0: none) says.
Exclusions count_excluded(const StudyVideos& videos, const std::vector<std::uint16_t>& reason);

// Of the videos without a reason in `contexts`; the others are counted.
AssociationSums sum_study_videos(const StudyVideos& videos, const StudyContexts& contexts,
                                 const std::string& source, int threads);

}  // namespace mien
