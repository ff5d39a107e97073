// The two books of a study's annotations, run.json and plan.parquet: whether they hold, and how
// they are made again from the shards.
#pragma once

#include <filesystem>
#include <optional>

#include "pipeline/annotate/plan.h"
#include "pipeline/study/study_settings.h"
#include "pipeline/verify/verify_report.h"
#include "store/database.h"

namespace mien {

struct StudyBooks {
  std::optional<StudySettings> settings;  // nothing where they do not hold
  std::optional<Plan> plan;
};

// To be repaired, settings come from the metadata of a shard's tables, as long as they give the
// hash that the shards' manifests name; the plan from the manifests of all shards and the corpus's
// paths, as long as no shard is missing.
StudyBooks verify_books(Database& database, const std::filesystem::path& study,
                        VerifyFindings& findings);

}  // namespace mien
