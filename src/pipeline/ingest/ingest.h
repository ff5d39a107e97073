// A scientist's list of videos -> the corpus of a study. docs/ingest.md tells what is checked and
// how.
//
//   STUDY/corpus.parquet    accepted rows in the order of the list: corpus_schema, the list's own
//   columns,
//                           country_note (of a former country) and duplicate_cluster (video_id of
//                           the first video with the same title; null where there is no other)
//   STUDY/rejects.parquet   line, video_id, column, value, reason, message of every row left out
//
// Nothing is dropped in silence: rows = accepted + rejected + not sampled + forgotten.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/ingest/ingest_options.h"
#include "pipeline/study/country_table.h"
#include "pipeline/study/stage_progress.h"
#include "table/schema.h"

namespace mien {

struct IngestRequest {
  std::filesystem::path study;
  IngestOptions options;
  bool redo = false;  // replace the corpus that is there
  int threads = 1;
  StageReport progress;
};

struct AcceptedRows {
  std::int64_t rows = 0;
  std::int64_t uploaders = 0;  // distinct; a row without one counts as an uploader's only one
};

struct IngestSummary {
  std::int64_t rows = 0;
  std::int64_t accepted = 0;
  std::int64_t rejected = 0;
  std::map<std::string, std::int64_t> reasons;  // of rejects
  std::int64_t not_sampled = 0;                 // left out by balancing
  std::int64_t forgotten = 0;                   // passed over (store/forgotten.h)
  std::int64_t without_country = 0;
  std::int64_t without_region = 0;
  std::map<std::string, AcceptedRows> former_countries;  // by note
  std::map<std::string, AcceptedRows> regions;
  std::int64_t duplicate_clusters = 0;  // of accepted rows
  std::int64_t duplicate_videos = 0;    // in them
  std::int64_t clusters_across_regions = 0;
  std::int64_t clusters_across_uploaders = 0;
  std::vector<std::string> notes;  // of columns: what was taken for text, and why
  double seconds = 0;
};

// Memory: 1.6 GB at 6 million rows (tools/bench_study; larger joins go to STUDY/.ingest). The
// same list and options give the same bytes for any `threads`. Errors: kNotFound, kCorrupt, kIo;
// kUsage for a column that the list lacks; kMismatch where the study has a corpus already, or where
// the list gives one country two regions; kCancelled.
Result<IngestSummary> ingest(const IngestRequest& request, const CountryTable& countries,
                             const std::atomic<bool>& stop);

TableSchema rejects_schema();

}  // namespace mien
