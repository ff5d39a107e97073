// The first stage of ingest: any list -> one Parquet file of texts, a row a row, with line numbers.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/ingest/ingest_options.h"
#include "pipeline/study/stage_progress.h"
#include "store/database.h"

namespace mien {

// A column of the staged list, c0, c1...
struct StagedColumn {
  std::string name;  // as the corpus will call it
  std::string sql;   // "c3"
  bool own = false;  // not one of corpus_schema
};

struct StagedList {
  std::filesystem::path file;  // columns: line, problem, message, c0...
  std::vector<StagedColumn> columns;
  std::int64_t rows = 0;

  // SQL of a corpus column's text, trimmed, empty as null; "CAST(NULL AS VARCHAR)" where the list
  // has none.
  std::string text_of(const std::string& name) const;
  bool has(const std::string& name) const;
};

// Lines of text files are counted from 1 (the column names are line 1), rows of Parquet files
// from 1.
Result<StagedList> stage_list(Database& database, const IngestOptions& options,
                              const std::filesystem::path& folder, const StageReport& progress,
                              const std::atomic<bool>& stop);

}  // namespace mien
