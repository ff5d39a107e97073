// The confound panels that need the videos of a study and not only its maps: everything is
// associated anew, with more covariates or fewer videos, and held against the maps of the same
// videos without the change.
//
//   (d) face size, pose, sharpness, brightness and skin tone as further covariates
//   (e) by chance: scores exchanged among the uploaders of a country, an uploader's as one block
//   (j) near-duplicates in and out (of each cluster its first video stays)
//   (k) the videos of one language, against as many of each region drawn from all languages
//
// Cost: (d) reads corpus, expressions and contexts once and the rest once more, as `mien associate`
// does; (e) sums 19 times. Memory as there, and the scores once more.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "pipeline/compare/study_maps.h"
#include "store/database.h"

namespace mien {

struct VideoPanel {
  std::string not_possible;  // why there is no result; empty where there is
  nlohmann::ordered_json result;
};

struct VideoPanels {
  VideoPanel masking;     // (a), made by masking_panel()
  VideoPanel appearance;  // (d)
  VideoPanel exchanged;   // (e)
  VideoPanel duplicates;  // (j)
  VideoPanel groups;      // (f), made by group_panel()
  VideoPanel language;    // (k)
};

struct VideoPanelOptions {
  std::uint64_t seed = 1;
  int threads = 1;
};

// `maps`: what a study's maps.parquet holds of one source and channel. A study whose tables are not
// there (merged maps) has no such panel, which is no error. Errors: of reading.
Result<VideoPanels> video_panels(Database& database, const std::filesystem::path& study,
                                 const StudyMaps& maps, const VideoPanelOptions& options);

}  // namespace mien
