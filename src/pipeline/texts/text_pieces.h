// The work of text_contexts.h in pieces of 4,096 rows of the corpus, each a Parquet file that is
// there once it is done:
//
//   prepared-00000.parquet        rows with their normalised texts and a key of these
//   firsts-00000.parquet          of each row that can be read, about a million in a file by their
//                                 keys, the row at which its text stands first, and whether other
//                                 rows repeat it
//   repeated.sqlite               scores of texts that rows of later pieces repeat
//   contexts-00000.parquet        rows of the study's table, in the corpus's order
//   context_status-00000.parquet  likewise; written last
//
// No step of Mien's own holds more than a piece, `firsts` of a million rows in turn, or a million
// keys. DuckDB's writing of the whole tables still takes more with their length
// (docs/benchmarks.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "context/text_scorer.h"
#include "pipeline/study/stage_progress.h"
#include "store/database.h"
#include "store/sqlite.h"

namespace mien {

class TextPieces {
 public:
  static constexpr std::int64_t kRowsOfPiece = 4096;  // about 20 s of a core with an encoder

  // `vocabulary`: as context_status calls it.
  TextPieces(std::filesystem::path folder, Database& database, const TextScorer& scorer,
             std::string vocabulary, int threads, StageReport progress,
             const std::atomic<bool>& stop)
      : folder_(std::move(folder)),
        database_(database),
        scorer_(scorer),
        vocabulary_(std::move(vocabulary)),
        threads_(threads),
        progress_(std::move(progress)),
        stop_(stop) {}

  Status prepare(const std::filesystem::path& corpus);
  Status score();

  std::int64_t texts() const { return texts_; }      // distinct ones that can be read
  std::int64_t resumed() const { return resumed_; }  // of them, scored by an earlier run

  // The pieces of "contexts" or "context_status", in order.
  std::vector<std::filesystem::path> tables(const char* name) const;

 private:
  struct Rows;  // of a piece

  std::filesystem::path piece(const char* kind, std::size_t number) const;
  Status check_stop() const;
  Status write_prepared(const std::vector<std::string>& ids, const std::vector<PreparedText>& texts,
                        std::size_t number);
  Status find_firsts();
  Status write_firsts(std::int64_t part, std::int64_t parts);
  Status load_firsts(std::int64_t from);
  Result<Rows> read_prepared(std::size_t number);
  Status score_piece(std::size_t number);
  std::int64_t first_of(const Rows& rows, std::size_t row) const;
  Status score_own(const Rows& rows, std::vector<TextScores>& scores);
  Status keep_repeated(const Rows& rows, const std::vector<TextScores>& scores);
  Status recall_repeated(const Rows& rows, std::map<std::int64_t, TextScores>& recalled);
  Status write_tables(const Rows& rows, const std::vector<const TextScores*>& scores,
                      std::size_t number);
  void report(const char* stage, std::int64_t done, std::int64_t total, const char* unit) const;

  std::filesystem::path folder_;
  Database& database_;
  const TextScorer& scorer_;
  std::string vocabulary_;
  int threads_;
  StageReport progress_;
  const std::atomic<bool>& stop_;
  std::optional<SqliteDatabase> repeated_;
  std::int64_t videos_ = 0;
  std::int64_t texts_ = 0;
  std::int64_t resumed_ = 0;
  std::size_t pieces_ = 0;
  std::vector<std::filesystem::path> firsts_;
  // A window of them: of the rows from window_ on, the first row of the text (-1: not to
  // be read), and whether others repeat it.
  std::int64_t window_ = 0;
  std::vector<std::int64_t> first_;
  std::vector<std::uint8_t> is_repeated_;
};

}  // namespace mien
