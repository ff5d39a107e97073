// The work of text_contexts.h in pieces, each a Parquet file that is there once it is done:
//
//   prepared-00000.parquet  rows of the corpus with their normalised texts and a key of these
//   distinct.parquet        the first row of every key that can be read
//   scores-00000.parquet    of some distinct texts: kept scores
//   status-00000.parquet    of the same: reason, P(none); written last
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "context/text_scorer.h"
#include "pipeline/stage_progress.h"
#include "store/database.h"

namespace mien {

class TextPieces {
 public:
  TextPieces(std::filesystem::path folder, Database& database, const TextScorer& scorer,
             int threads, StageReport progress, const std::atomic<bool>& stop)
      : folder_(std::move(folder)),
        database_(database),
        scorer_(scorer),
        threads_(threads),
        progress_(std::move(progress)),
        stop_(stop) {}

  Status prepare(const std::filesystem::path& corpus);
  Status score();

  std::int64_t texts() const { return texts_; }      // distinct ones that can be read
  std::int64_t resumed() const { return resumed_; }  // of them, scored by an earlier run

  // Rows of the two tables of the study, in their order.
  std::string contexts_sql() const;
  std::string status_sql(const std::string& vocabulary) const;

 private:
  struct DistinctText {
    std::int64_t row = 0;
    PreparedText text;
  };

  std::filesystem::path piece(const char* kind, std::size_t number) const;
  std::string from(const char* kind, std::size_t pieces) const;
  std::string keyed_rows(const char* columns) const;
  Status check_stop() const;
  Status write_prepared(const Table& rows, std::size_t number);
  Status find_distinct();
  Status score_piece(const std::vector<DistinctText>& texts, std::size_t number);
  void report(const char* stage, std::int64_t done, std::int64_t total, const char* unit) const;

  std::filesystem::path folder_;
  Database& database_;
  const TextScorer& scorer_;
  int threads_;
  StageReport progress_;
  const std::atomic<bool>& stop_;
  std::int64_t videos_ = 0;
  std::int64_t texts_ = 0;
  std::int64_t resumed_ = 0;
  std::size_t prepared_pieces_ = 0;
  std::size_t score_pieces_ = 0;
};

}  // namespace mien
