// Contexts that people or another program gave videos, from a table, as one more source of a study.
//
//   STUDY/coded/SOURCE/contexts.parquet        the tables of docs/data-dictionary.md
//   STUDY/coded/SOURCE/context_status.parquet  one row a video of the corpus, in its order
//
// The table's columns: video_id, context; where there are any, begin_s and end_s, score in [0, 1]
// and weight above 0. A context's score in a video is the mean of its rows' scores (1 where none is
// told), weighted by weight times length (1 where not told). A row without a context says that the
// video was looked at. docs/contexts.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

struct CodedContextsRequest {
  std::filesystem::path study;
  std::filesystem::path file;
  std::string source;                          // what the study calls it
  std::map<std::string, std::string> columns;  // "context" -> the file's name for it
  double threshold_prob = 0.5;                 // contexts of at least this score are present
  bool complete = false;                       // videos without a row have no context
  bool redo = false;                           // replace the source where it is another file's
};

struct CodedContextsSummary {
  std::int64_t rows = 0;
  std::int64_t videos = 0;            // of the corpus
  std::int64_t ok = 0;                // whose contexts are known
  std::int64_t not_annotated = 0;     // without a row
  std::int64_t contexts = 0;          // different ones
  std::int64_t context_rows = 0;      // of the table that is written
  std::int64_t above_threshold = 0;   // of these
  std::int64_t unknown_rows = 0;      // of videos that the corpus lacks; left out
  std::int64_t bad_rows = 0;          // left out; their videos count as failed
  std::vector<std::string> problems;  // of the first 100 of these, with line and remedy
};

// Memory: the file, the corpus's ids and 32 bytes a row. The same file, corpus and options give the
// same bytes. Nothing of the source is changed unless all of it was read. Errors: kUsage (a name
// that cannot be a source's, a column that is not there), kNotFound (no corpus, no file), kCorrupt
// (not the table it should be, with line), kMismatch (the source is there from another file or with
// other options), kBusy, kIo.
Result<CodedContextsSummary> import_coded_contexts(const CodedContextsRequest& request);

}  // namespace mien
