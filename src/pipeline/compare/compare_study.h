// A study's maps compared, source by source and channel by channel, and what that gives as files:
//
//   STUDY/compare/compare.json          everything, as `mien compare --json` prints it
//   STUDY/compare/pairs.parquet         compare_pairs_schema()
//   STUDY/compare/cells.parquet         compare_cells_schema(), where there are standard errors
//   STUDY/compare/deviations.parquet    compare_deviations_schema(), likewise
//   STUDY/compare/contexts.parquet      compare_contexts_schema()
//
// The same maps, options and seed give the same bytes.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pipeline/compare/compare.h"
#include "pipeline/compare/source_comparison.h"
#include "pipeline/compare/study_maps.h"
#include "pipeline/panels/confound_panels.h"
#include "store/database.h"

namespace mien {

struct StudyComparison {
  std::vector<StudyMaps> heads;   // of `parts`, without the maps themselves
  std::vector<Comparison> parts;  // one a source and channel
  std::vector<std::vector<double>> split_half_reliability;  // a part; empty: not known
  std::vector<std::size_t> channel;  // parts of the channel in front, label where there is one
  SourceComparison visual_against_text;
  std::vector<ConfoundPanel> panels;
};

// Reads the maps and, where the study holds them, the statistics behind. Errors: of reading.
Result<StudyComparison> compare_study(Database& database, const std::filesystem::path& study,
                                      const CompareOptions& options);

Status write_comparison(Database& database, const std::filesystem::path& study,
                        const StudyComparison& comparison);

// {"comparisons": [{"source", "channel", ...as of one comparison}], "visual_against_text",
// "panels"}.
nlohmann::ordered_json to_json(const StudyComparison& comparison);
std::string to_text(const StudyComparison& comparison);

// Both experiments of the published maps side by side: the one asked for, with the other for
// "text against visual" where the folder holds it.
struct PublishedComparison {
  Comparison main;
  SourceComparison visual_against_text;
  std::vector<ConfoundPanel> panels;
};
Result<PublishedComparison> compare_published_with_panels(const std::filesystem::path& folder,
                                                          int experiment,
                                                          const CompareOptions& options);
nlohmann::ordered_json to_json(const PublishedComparison& comparison);
std::string to_text(const PublishedComparison& comparison);

}  // namespace mien
