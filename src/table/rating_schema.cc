#include "table/rating_schema.h"

namespace mien {

using enum ColumnType;

TableSchema ratings_schema() {
  return {
      "ratings",
      "answer and label that was offered",
      "What `mien rate export` writes and `mien rate import` and `mien rate reliability` read. An "
      "answer that the rater revised is not there.",
      {{"rater", kString, "The rater's pseudonym."},
       {"clip", kString, "The clip's id, or a video_id in ratings made elsewhere."},
       {"label", kString, "The label's id."},
       {"value", kDouble,
        "Choice: 1 chosen, 0 offered and not chosen. Intensity: 0 (not at all) to the number of "
        "steps. Null with a reason."},
       {"reason", kString,
        "Why there is no value: cannot_tell, skipped, not_rated; null where there is one."},
       {"order", kInt64, "The place of the clip among those the rater was shown, from 0."},
       {"response_ms", kInt64,
        "From the clip's first picture to the answer, as the rater's page measured it; null where "
        "not told."},
       {"viewed_fully", kBool, "Whether the clip ran to its end at least once; null: not told."},
       {"group", kString, "The rater's group."},
       {"repeat", kInt64, "0 for the rater's first judgement of the clip, 1 for the second."},
       {"label_position", kInt64,
        "Where the label stood on the rater's page, from 0; null where not told."},
       {"viewed_ms", kInt64, "How long the clip ran until the answer; null: not told."},
       {"kind", kString, "new, repeat, or catch (a clip whose label is agreed beforehand)."},
       {"excluded", kBool, "Whether the rater is excluded."},
       {"comment", kString, "The rater's own words; null: none."},
       {"answered_ms", kInt64, "When the answer arrived, milliseconds since 1970; null: not told."},
       {"answer", kString, "The answer's id."},
       {"simulated", kBool, "Whether the study is marked as simulated: no people rated."},
       {"view", kString,
        "What the rater saw: face (the followed head alone) or scene; null where clips.json does "
        "not tell."},
       {"pair", kString,
        "The moment that the clips of two views share; null where clips.json does not tell."}}};
}

}  // namespace mien
