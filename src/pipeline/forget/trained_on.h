// Which videos, uploaders and raters a model was trained on, so that it can be told which models
// still hold what a study has forgotten.
//
//   OUT/trained_on.json   {"version": 1, "salt": ..., "videos": [marks],
//                         "uploaders": [marks], "raters": [marks]}, marks as in store/forgotten.h
//   STUDY/models.json     {"version": 1, "models": ["/where/OUT", ...]}: where models trained on
//                         the study were put
//
// The file is for whoever keeps the study; a model can be given away without it.
#pragma once

#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

struct TrainedOn {
  std::set<std::string> videos, uploaders, raters;  // ids and names as they are
};

// Writes both files; the same training gives the same bytes.
Status record_training(const std::filesystem::path& study, const std::filesystem::path& out,
                       const TrainedOn& sources);

// Of what is forgotten, in words of the study. Marks alone: what was forgotten before.
struct ForgottenIds {
  std::set<std::string> videos, uploaders, raters;  // as they are
  std::set<std::string, std::less<>> video_marks, uploader_marks,
      rater_marks;  // of the study's salt
};

struct AffectedModel {
  std::filesystem::path folder;
  std::string why;       // "trained on 2 forgotten videos", "cannot be told: ..."
  bool is_known = true;  // false: it could not be told
};

// The models of STUDY/models.json and those named, that were trained on something forgotten, or of
// which that cannot be told because their folder or their record is gone.
Result<std::vector<AffectedModel>> affected_models(const std::filesystem::path& study,
                                                   std::span<const std::filesystem::path> named,
                                                   const ForgottenIds& forgotten);

}  // namespace mien
