// What a researcher sees of a running study, and does to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/sqlite.h"
#include "survey/clip_list.h"
#include "survey/definition.h"

namespace mien {

struct RaterSummary {
  std::string id, group, state;  // active, stopped, imported
  std::int64_t answers = 0;      // rated or none, catches and repeats included
  std::int64_t skipped = 0, cannot_tell = 0;
  std::int64_t catches = 0, catches_failed = 0;
  std::int64_t repeats = 0, repeats_equal = 0;  // clips judged twice, and alike
  double median_response_ms = 0;                // NaN: none told
  bool speeder = false;                         // the median is below the study's speeder_s
  std::string excluded;                         // the reason; empty: not excluded
  std::int64_t sessions_done = 0;
  double pay_due = 0, paid = 0;  // paid: of the study's currency
};

struct GroupSummary {
  std::string name;
  std::int64_t raters = 0, ratings = 0, target = 0;  // target 0: the groups share one
};

struct ClipSummary {
  std::string clip;
  std::vector<std::int64_t> ratings;  // by group of the definition, then imported ones
};

struct StudyProgress {
  bool paused = false;
  std::int64_t ratings = 0, target = 0;
  std::vector<GroupSummary> groups;
  std::vector<ClipSummary> clips;  // without catch clips
  std::vector<RaterSummary> raters;
};

// Ratings that count are first judgements, rated or none, of raters who are not excluded.
Result<StudyProgress> study_progress(SqliteDatabase& ratings, const SurveyDefinition& definition,
                                     const ClipList& clips);

// With a reason, which is kept; nothing is deleted. kNotFound: no such rater; kUsage: no reason, or
// nothing to lift.
Status exclude_rater(SqliteDatabase& ratings, std::string_view rater, std::string_view reason,
                     std::int64_t now);
Status include_rater(SqliteDatabase& ratings, std::string_view rater, std::string_view reason,
                     std::int64_t now);
Status set_paused(SqliteDatabase& ratings, bool paused, std::int64_t now);
Status add_payment(SqliteDatabase& ratings, std::string_view rater, double amount,
                   std::string_view currency, std::string_view note, std::int64_t now);

}  // namespace mien
