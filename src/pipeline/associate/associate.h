// A study's tables to its maps.
//
// Reads STUDY/corpus.parquet and, from STUDY/annotations/shard-*/ (or STUDY itself, for a study
// whose tables are not cut into shards), expressions, contexts and context_status. Writes
//
//   STUDY/maps/maps.parquet                 maps_schema()
//   STUDY/maps/excluded.parquet             videos that left the analysis, by reason
//   STUDY/maps/statistics-SOURCE.sums       what maps are made from, adds up (association_file.h)
//
// Memory: that of as many videos as are read at once, and of the maps, however many there are
// (association_pieces.h, association_maps.h). What is put aside meanwhile lies beside the maps.
//
// A video is in the analysis of a source when it has a group, a country (within country), a weight
// above 0, every covariate, every score of the chosen channels and a context_status of ok; all
// others are counted by region, language and reason.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "stats/association_map.h"
#include "store/database.h"

namespace mien {

enum class ContextUse { kPresent, kScore };

struct AssociateOptions {
  std::filesystem::path study;
  std::string by = "region";            // a column of the corpus
  std::vector<std::string> covariates;  // empty: every covariate_* column
  std::string weights;                  // a column of the corpus; empty: every video weighs 1
  std::vector<std::string> channels;    // "label", ...; empty: all
  std::vector<std::string> sources;     // "visual", "text"; empty: all
  ContextUse contexts = ContextUse::kPresent;
  MapOptions map;
  // Of a whole study: so many lie in memory; where it has more, it is summed piece by piece, which
  // changes numbers by rounding (relative 1e-12).
  std::int64_t videos_at_once = 262'144;
};

struct SourceSummary {
  AssociationLayout layout;
  AssociationMap map;
  std::int64_t videos = 0;    // in the analysis
  ToldExclusions exclusions;  // as shown_exclusions() gives them
};

struct AssociateStage {
  std::string stage;
  double seconds = 0;
};

struct AssociateSummary {
  std::int64_t corpus_videos = 0;
  std::vector<SourceSummary> sources;
  std::vector<std::string> notes;  // what a reader of the numbers must know, in words
  std::vector<AssociateStage> times;
};

// Errors: kUsage (no such column, no covariate for a kind that needs one), kNotFound (a table that
// is not there), kCorrupt (a video twice, a context twice in a video, another schema), kBusy, kIo.
Result<AssociateSummary> associate(const AssociateOptions& options);

// Adds the sums of several studies, and writes maps with the options of the first one's maps.
// kMismatch says what does not agree. Two halves give the maps of the whole (relative 1e-12).
struct MergedAssociations {
  AssociateSummary summary;
  MapOptions options;
};
Result<MergedAssociations> merge_associations(const std::vector<std::filesystem::path>& studies,
                                              const std::filesystem::path& out, int threads);

}  // namespace mien
