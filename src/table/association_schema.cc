// The tables of the study: contexts of videos, and maps of associations.
#include "table/schema.h"

namespace mien {

namespace {

using enum ColumnType;

ColumnSpec source_column() {
  return {
      "source", kString,
      "What named the contexts: visual (pictures with their faces filled), text (words), or the "
      "name "
      "that `mien contexts import` was given; for "
      "comparison visual_visible (faces left visible) and visual_patches (other parts filled)."};
}

ColumnSpec video_column() {
  return {"video_id", kString, "The corpus's id of the video."};
}

}  // namespace

TableSchema contexts_schema() {
  return {"contexts",
          "video and context",
          "Contexts named in a video. A context without a row is absent only where the video's "
          "context_status is ok.",
          {video_column(),
           source_column(),
           {"context", kString, "Id of the context in the source's vocabulary."},
           {"score_prob", kDouble,
            "Score in [0, 1]; every score of at least 0.01, and the video's 5 best in any case."},
           {"above_threshold", kBool, "Whether the context counts as present."}}};
}

TableSchema context_status_schema() {
  return {
      "context_status",
      "video and source",
      "Whether contexts could be named at all; where not, absence means nothing.",
      {video_column(),
       source_column(),
       {"vocabulary", kString, "Name of the vocabulary that was offered."},
       {"status", kString, "ok, or why there are no contexts to read: failed, skipped."},
       {"reason", kString,
        "Reason code where status is not ok, else null. Of pictures: mostly_filled (skipped: heads "
        "cover more than half of every frame), else that of the video. Of words: no_text, "
        "no_words, not_text, language_unknown_to_model, script_unknown_to_model, "
        "no_words_known_to_model. Of imported contexts: not_annotated (skipped: no row), bad_row."},
       {"language", kString, "Language of the words, ISO 639; null for pictures."},
       {"language_prob", kDouble, "How sure the language is, in [0, 1]; null for pictures."},
       {"none_prob", kDouble, "Probability that no context of the vocabulary fits; may be null."}}};
}

TableSchema maps_schema() {
  return {
      "maps",
      "region, context and expression",
      "How an expression goes with a context in a region, with its uncertainty. A label is what "
      "raters would call a face, never what a person feels.",
      {{"by", kString, "The corpus column that divides the videos, region by default."},
       {"region", kString, "The value of that column."},
       source_column(),
       {"context", kString, "Id of the context."},
       {"channel", kString, "Expression channel: basic7, action, label, or one's own."},
       {"expression", kString, "The expression, without its channel's prefix."},
       {"kind", kString,
        "correlation, partial, semipartial, slope (score units for the context's presence or for "
        "a score of 1) or standardised_slope (in standard deviations of the score); "
        "semipartial_private and correlation_private are differentially private."},
       {"estimate", kDouble, "The association; null where suppressed or not estimable."},
       {"se", kDouble, "Standard error by the cluster method; null with reason."},
       {"lower", kDouble, "Lower end of the 95% interval, estimate - t * se."},
       {"upper", kDouble, "Upper end of the 95% interval, estimate + t * se."},
       {"df", kDouble, "Degrees of freedom of t; may be fractional."},
       {"p", kDouble, "Two-sided p of estimate / se."},
       {"p_bh", kDouble, "p adjusted by Benjamini-Hochberg over the source's cells."},
       {"p_holm", kDouble, "p adjusted by Holm over the source's cells."},
       {"smd", kDouble,
        "Standardised mean difference of the score, videos with the context minus those without, "
        "no covariates."},
       {"superiority", kDouble,
        "Probability that a video with the context scores above one without, from means and "
        "spreads as "
        "of normal scores; no covariates."},
       {"n", kInt64,
        "Videos of the region in the analysis; null where they, or their uploaders, are too few or "
        "would give away another region's."},
       {"n_context", kInt64, "Of them, videos with the context; null where suppressed."},
       {"n_uploaders", kInt64,
        "Distinct uploaders of those, exact below 256, else estimated (relative standard error "
        "6%); "
        "null where suppressed."},
       {"cluster", kString,
        "uploader: these countries as given; country: countries as a sample of countries."},
       {"suppressed", kBool, "Whether too few videos or uploaders stand behind the cell."},
       {"reason", kString, "Why estimate, or else se, is null; null where both are there."},
       {"p_by", kDouble, "p adjusted by Benjamini-Yekutieli over the source's cells."},
       {"estimate_pooled", kDouble, "The same kind without country indicators."},
       {"estimate_between", kDouble,
        "The same kind over the means of the region's countries; null with fewer than 3 countries "
        "beyond the covariates."}}};
}

}  // namespace mien
