// What the annotations of a study depend on besides its videos. A study holds one combination:
// another one is refused with the difference shown.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace mien {

// Raised when a column of the annotation tables changes its name, place, kind or meaning.
inline constexpr int kSchemaVersion = 3;

struct StudySettings {
  nlohmann::json options;                     // those that decide what is measured
  std::map<std::string, std::string> models;  // id -> SHA-256 of the network
  std::string model_set_hash;
  int schema_version = kSchemaVersion;
  std::uint64_t seed = 0;
  std::string program_version;  // recorded; a difference alone is no reason to refuse
};

std::string encode(const StudySettings& settings);  // JSON, ends with a line end
Result<StudySettings> decode_settings(const std::string& text);

// SHA-256 over everything but the program version.
std::string settings_hash(const StudySettings& settings);

// "face.border: 0.25 in the study, 0.3 now", one a difference, the program version left out; empty
// where the two agree.
std::vector<std::string> differences(const StudySettings& study, const StudySettings& now);

// What every Parquet file of the study says about itself: mien.table, mien.program_version,
// mien.schema_version, mien.models, mien.model_set, mien.options, mien.seed.
FileMetadata file_metadata(const StudySettings& settings, const std::string& table);

}  // namespace mien
