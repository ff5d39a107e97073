// Ratings as tasks of Label Studio (JSON, as its export and import have them): a task a clip, an
// annotation a judgement.
//
// Labels are `choices` named "label" or, of an intensity scale, a `number` named as the label; free
// text is a `textarea` named "comment"; "cannot tell" is a `choices` named "cannot_tell". A
// judgement with an empty result says none; a cancelled one was skipped. The rater is
// completed_by.username, in files of Label Studio's own the email or number there; the clip is
// data.clip, else the name of data.video without folder and ending. lead_time is the response time
// in seconds.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/sqlite.h"
#include "survey/definition.h"
#include "survey/rating_import.h"
#include "survey/rating_rows.h"

namespace mien {

Status export_label_studio(SqliteDatabase& ratings, const SurveyDefinition& definition,
                           AnswerScope scope, const std::filesystem::path& path);

// kCorrupt names file, task and remedy.
Result<std::vector<ImportedAnswer>> parse_label_studio(std::string_view json,
                                                       const std::string& name);

}  // namespace mien
