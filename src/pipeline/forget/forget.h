// Removes videos, uploaders and raters from a study, for good.
//
// What goes where stands in docs/forget.md. In short: their rows leave every table (shards are
// written anew by publish_shard), their clips, features, overlays, answers and lines of logs go,
// and whatever was summed up with them (maps, comparison, report) is removed as a whole, with the
// verbs named that make it again. Rows of others stay as they are.
//
// Order: STUDY/.forget.json says what is to go and is on the disk before anything is touched; the
// names go into STUDY/forgotten.json as marks (store/forgotten.h) once nothing is left; only then
// does .forget.json go. A call that was killed is completed by the next one, whatever it asks for,
// and until then nothing else writes into the study.
//
// Errors: kNotFound names every id that the study does not know, and nothing is touched; kBusy
// where another process works on the study, its texts or its clips; kCorrupt, kIo.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/forget/trained_on.h"

namespace mien {

struct ForgetRequest {
  std::filesystem::path study;
  std::vector<std::string> videos, uploaders, raters;  // all empty: only what was left undone
  std::vector<std::filesystem::path> models;           // folders of models beside STUDY/models.json
  bool dry_run = false;                                // says what would go; touches nothing
  // Called after every step with its name; an error stops there, as a kill would. May be empty.
  std::function<Status(const char* step)> after_step;
};

struct ForgetChange {
  std::string place;  // relative to the study
  std::string what;   // "removed", "3 of 12 rows removed", ...
};

struct ForgetSummary {
  std::int64_t videos = 0, uploaders = 0, raters = 0;  // asked for, or left undone by a call before
  bool resumed = false;                                // some of it was left undone
  std::vector<ForgetChange> changes;
  std::vector<std::string> run_again;  // commands
  std::vector<AffectedModel> models;   // to be trained again
  std::vector<std::string> left;       // what Mien does not touch and the user may have to
};

Result<ForgetSummary> forget(const ForgetRequest& request);

}  // namespace mien
