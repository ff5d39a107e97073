// Maps and their comparison -> a folder of pages that scientists explore: overview, heat maps,
// regions side by side, similarity, preserved dimensions, claims, confounds, world map, faces,
// method; and `summary.md`, a paragraph for a paper's methods section.
//
//   index.html, maps.html, ...   one page a subject, all driven by assets/study.js
//   data/facts.js                `mien.facts`: what is shown first; small
//   data/compare.js              `mien.compare`: the comparison of every set of maps
//   data/cells-S-R.js            `mien.cells["S-R"]`: set S, region R, loaded when it is looked at;
//                                arrays of little-endian float32 and int32 in base64
//   data/verdicts-S.js           `mien.verdicts["S"]`: where the regions of set S differ, likewise
//
// Pages work from file:// and offline. The same input gives the same bytes. Memory: one region's
// scripts beside the input. Errors: kNotFound (web assets missing), kIo.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "report/declaration.h"
#include "report/report_folder.h"

namespace mien {

// One region's cells, contexts x expressions, row by row. NaN: not estimated, or not known.
struct RegionCells {
  std::vector<float> estimate;
  std::vector<float> lower;
  std::vector<float> upper;
  std::vector<float> p_bh;
  std::vector<std::uint8_t> reason;     // place in MapSet::reasons; 0: the estimate is there
  std::vector<std::int32_t> n_context;  // a context; -1: held back or not known
  std::vector<std::int32_t> n_uploaders;
  std::int64_t n = -1;  // videos in the analysis; -1: not known
};

// A cell over all regions: the random-effects mean with its interval, the share of the variation
// that is between regions, and whether the regions are alike. All empty where that is not known.
inline constexpr std::array<std::string_view, 4> kVerdicts = {"not estimable", "alike", "different",
                                                              "undecided"};
struct CellVerdicts {
  std::vector<float> mean;
  std::vector<float> lower;
  std::vector<float> upper;
  std::vector<float> i2;
  std::vector<std::uint8_t> verdict;  // place in kVerdicts
};

// Maps of one source and channel.
struct MapSet {
  std::string title;  // "Visual contexts, label"
  std::string by;     // the corpus column that makes regions
  std::string source;
  std::string channel;
  std::string kind;
  std::string cluster;
  bool is_prior = false;      // no rating has validated the labels
  bool is_simulated = false;  // drawn from a model, nobody's faces
  bool is_published = false;  // maps that somebody else published
  std::string whose_labels;
  std::string reliability;
  std::vector<std::string> notes;
  std::vector<std::string> regions;
  std::vector<std::string> contexts;  // names may repeat in published maps
  std::vector<std::string> expressions;
  std::vector<std::string> reasons = {""};  // reasons[0] is "there is an estimate"
  std::vector<RegionCells> cells;           // one a region
  nlohmann::ordered_json comparison;        // of `mien compare`; null: not compared
  CellVerdicts verdicts;                    // likewise
};

struct CountryFact {
  std::string alpha2;
  std::string numeric;  // ISO 3166-1, three digits, as on the map
  std::string name;
  std::string region;        // empty: in none
  std::int64_t videos = -1;  // -1: not known
};

struct PlaceFact {
  std::string region;
  double latitude_deg = 0;
  double longitude_deg = 0;
};

struct ExcludedFact {
  std::string source, region, language, reason;
  std::int64_t videos = 0;
};

// A face to draw: action -> how far it is from the norm, in standard deviations.
struct FaceFact {
  std::string kind;  // "expression", "region", "context"
  std::string name;
  std::vector<std::pair<std::string, double>> actions;
  std::int64_t n = -1;  // videos behind it; -1: none, drawn from a prior
};

struct StudyPagesFacts {
  std::string study_name;
  std::optional<StudyDeclaration> declaration;  // nullopt: published maps alone, of others
  std::string program_version;
  std::vector<std::pair<std::string, std::string>> library_versions;
  std::string videos_page;  // "../index.html" where there are pages of videos, else empty
  std::vector<std::pair<std::string, std::string>> options;  // of all stages, as they were run
  std::vector<CountryFact> countries;
  std::vector<PlaceFact> places;
  std::vector<ExcludedFact> excluded;
  std::int64_t corpus_videos = -1;
  std::vector<FaceFact> faces;
  std::string faces_source;  // what the faces were drawn from, in a sentence
  bool faces_are_prior = true;
  nlohmann::ordered_json panels;               // of `mien compare`; null where not compared
  nlohmann::ordered_json visual_against_text;  // likewise
  std::vector<MapSet> sets;
  std::filesystem::path web_assets;
};

// Writes below `root` (a folder inside the report, or "."); publishing is the caller's.
Status write_study_pages(const ReportFolder& folder, const std::filesystem::path& root,
                         const StudyPagesFacts& facts);

// The paragraph for a methods section, Markdown.
std::string study_summary(const StudyPagesFacts& facts);

// Numbers as base64 of their little-endian bytes.
std::string base64_of(const std::vector<float>& values);
std::string base64_of(const std::vector<std::int32_t>& values);
std::string base64_of(const std::vector<std::uint8_t>& values);

}  // namespace mien
