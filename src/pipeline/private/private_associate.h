// Differentially private maps of a study: docs/private-maps.md.
//
// Reads what `mien associate` reads. Writes, a folder a release,
//   STUDY/private/release-0001/maps/maps.parquet   maps_schema()
// and nothing else of the study: no exact count, nobody's number, no list of what was left out. Its
// metadata names the guarantee; kind is "semipartial_private" or "correlation_private".
//
// A video counts where it has an uploader, a declared region (and country), every declared score in
// [0, 1], every declared covariate and a context_status of ok; of an uploader those count that come
// first by the MD5 of their id, of a video those contexts that come first by the MD5 of id and
// name. Both depend on the uploader's own videos alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/private/private_declaration.h"
#include "stats/association_estimator.h"
#include "stats/private_map.h"
#include "store/database.h"

namespace mien {

struct PrivateRequest {
  std::filesystem::path study;
  std::filesystem::path declaration;
  std::string by = "region";
  AssociationKind kind = AssociationKind::kSemipartial;  // or kCorrelation
  Within within = Within::kCountry;                      // or kNone; kCorrelation: not looked at
  double epsilon = 0;
  double delta = 0;  // 0: the declared budget's
  std::uint32_t most_videos = 1;
  std::uint32_t most_contexts = 10;
  double clip = 0;  // 0: square root of the number of expressions
  double minimum = 10;
  int threads = 1;
};

struct PrivateSourceSummary {
  std::string source;
  std::size_t cells = 0;
  std::size_t estimates = 0;  // by noisy counts
  double mean_se = 0;
};

struct PrivateSummary {
  std::size_t release = 0;
  std::filesystem::path folder;
  double epsilon = 0, delta = 0, rho = 0;
  double spent_epsilon = 0;  // by all releases
  DeclaredBudget budget;
  std::vector<PrivateSourceSummary> sources;
};

// The design that a declaration makes, without the videos.
PrivateDesign private_design(const PrivateRequest& request, const PrivateDeclaration& declaration);

// Errors: kUsage (declaration, budget, a column that is not there), kNotFound, kCorrupt, kBusy,
// kIo.
Result<PrivateSummary> associate_privately(const PrivateRequest& request);

// The videos of one source that count, by uploader.
Result<PrivateVideos> read_private_videos(Database& database, const PrivateRequest& request,
                                          const PrivateDeclaration& declaration,
                                          const PrivateDesign& design, const std::string& source);

// What to say of maps whose metadata says that they are private; nullopt where it does not.
std::optional<std::string> private_note(const FileMetadata& metadata);

}  // namespace mien
