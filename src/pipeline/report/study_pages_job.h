// The explorable pages of a study's maps, from its files; or of published maps alone.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/study_pages.h"
#include "store/database.h"

namespace mien {

struct StudyPagesRequest {
  std::filesystem::path study;      // empty: published maps alone
  std::filesystem::path published;  // folder of published maps to show beside, or empty
  std::vector<int> experiments;     // of the published maps; empty: those that the folder has
  std::filesystem::path data;       // countries.csv, regions.csv, region_centroids.csv, prototype16
  std::filesystem::path web_assets;
  std::filesystem::path declared_in;  // study.toml (study_declaration.h); need not be there
  std::string videos_page;  // where the pages of the videos are, seen from these; empty: none
};

// Whether there are maps to show.
bool has_maps(const std::filesystem::path& study);

// Reads everything that pages show. What is not there (a comparison, a corpus, actions) is left out
// and said so. Errors: of reading.
Result<StudyPagesFacts> study_pages_facts(Database& database, const StudyPagesRequest& request);

// `place`/index.html and what belongs to it; a folder that was there is replaced once the new one
// is whole.
Result<std::filesystem::path> write_study_folder(const std::filesystem::path& place,
                                                 const StudyPagesFacts& facts);

}  // namespace mien
