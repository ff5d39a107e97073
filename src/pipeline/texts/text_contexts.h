// Names the contexts of a study's videos from their titles and descriptions.
//
//   STUDY/texts/contexts.parquet        source "text": the tables of docs/data-dictionary.md
//   STUDY/texts/context_status.parquet  one row a video of the corpus, in its order
//   STUDY/texts/.work/                  while it is being made
//
// Needs the corpus alone. Texts are normalised, equal ones put together, each read once and its
// scores given to all videos that have it. The work is cut into pieces that are on disk once they
// are done, so that a killed run goes on with the next piece. Memory is that of the scorer, of a
// piece, of the keys of a million texts, and of DuckDB, whose buffers may take 128 MB and 32 more
// for each further thread; what it takes beside them to write the tables grows by about 50 MB a
// million videos (docs/benchmarks.md). Same corpus, scorer and vocabulary, same bytes, for any
// `threads` and any restarts.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"
#include "context/text_scorer.h"
#include "pipeline/study/stage_progress.h"

namespace mien {

struct TextContextsRequest {
  std::filesystem::path study;
  std::string vocabulary;  // as context_status calls it
  std::string model;       // as messages call it
  int threads = 1;
  bool redo = false;  // replace what another model or vocabulary gave
  StageReport progress;
};

struct TextContextsSummary {
  std::int64_t videos = 0;
  std::int64_t texts = 0;    // different ones that were to be read
  std::int64_t resumed = 0;  // of them, read by an earlier run
  std::int64_t context_rows = 0;
  std::int64_t above_threshold = 0;               // of the rows
  std::map<std::string, std::int64_t> reasons;    // of videos without contexts
  std::map<std::string, std::int64_t> languages;  // videos by sure language; "" unsure
  bool unchanged = false;                         // all was there already
  double seconds = 0;
};

// kNotFound: no corpus; kMismatch: contexts by another model or vocabulary are there, with the
// differences; kBusy; kIo; kCancelled.
Result<TextContextsSummary> name_text_contexts(const TextContextsRequest& request,
                                               const TextScorer& scorer,
                                               const std::atomic<bool>& stop);

}  // namespace mien
