// Rows of a study's corpus and expressions into the columns of StudyVideos, batches in any order
// and several at once: a row writes to its own video's places only. For read_study_videos.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <mutex>
#include <string>
#include <vector>

#include "pipeline/associate/association_input.h"
#include "pipeline/associate/association_plan.h"
#include "pipeline/associate/text_codes.h"

namespace mien {

// Gives every video its place, the row's in the file: to be read first.
class CorpusReader {
 public:
  CorpusReader(const AssociationPlan& plan, const AssociateOptions& options, StudyVideos& videos);

  std::vector<std::string> columns() const;
  Status add(const ScanBatch& batch);

  // kCorrupt: a row without a video_id, an id twice.
  Status finish();

 private:
  enum Fixed : std::size_t {
    kRow,
    kId,
    kGroup,
    kCountry,
    kUploader,
    kLanguage,
    kRegion,
    kWeight,
    kOwn
  };
  struct Ids {
    std::size_t first = 0;  // row
    std::string text;
    std::vector<std::uint32_t> ends;
  };

  void add_ids(const ScanBatch& batch);
  void add_places(const ScanBatch& batch);
  void add_parents(const ScanBatch& batch);
  void add_uploaders(const ScanBatch& batch);
  void add_weights(const ScanBatch& batch);
  void add_covariates(const ScanBatch& batch);
  Status index_ids();
  void name_parents(const SortedCodes& groups);

  const AssociationPlan& plan_;
  const AssociateOptions& options_;
  StudyVideos& videos_;
  TextCodes groups_, countries_, languages_, regions_;
  std::vector<std::size_t> first_columns_;
  std::vector<std::uint16_t> missing_;
  std::uint16_t no_group_ = 0;
  std::uint16_t no_country_ = 0;
  std::uint16_t no_weight_ = 0;
  std::atomic<std::int64_t> without_uploader_ = 0;
  std::mutex mutex_;  // of what follows
  std::vector<Ids> ids_;
  std::size_t first_without_id_ = std::numeric_limits<std::size_t>::max();
  std::vector<std::uint32_t> region_of_;  // by code of a group
};

class ExpressionReader {
 public:
  ExpressionReader(const AssociationPlan& plan, StudyVideos& videos);

  std::vector<std::string> columns() const;
  Status add(const ScanBatch& batch);

  // Decides which videos stay; takes scores that no video has out of `videos`. kCorrupt: a video
  // twice.
  Status finish(int threads);

 private:
  void add_scores(const ScanBatch& batch, const std::vector<std::uint32_t>& places);
  void add_covariates(const ScanBatch& batch, const std::vector<std::uint32_t>& places);
  void judge(std::uint32_t first, std::uint32_t last, const std::vector<std::size_t>& columns);

  const AssociationPlan& plan_;
  StudyVideos& videos_;
  std::vector<std::uint8_t> seen_;                // by video
  std::vector<std::atomic<std::int64_t>> found_;  // scores, by column
  std::vector<std::uint8_t> bounded_;
  std::vector<std::size_t> own_columns_;
  std::vector<std::uint16_t> own_missing_;
  std::atomic<std::int64_t> unknown_ = 0;
  std::atomic<std::int64_t> known_ = 0;
  std::atomic<std::uint32_t> twice_ = VideoIndex::kNone;  // the first video that came again
  std::uint16_t no_expressions_ = 0;
  std::uint16_t no_face_ = 0;
  std::uint16_t missing_ = 0;
  std::uint16_t out_of_range_ = 0;
};

}  // namespace mien
