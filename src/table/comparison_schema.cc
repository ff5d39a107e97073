// Columns of the tables of STUDY/compare.
#include "table/comparison_schema.h"

namespace mien {

namespace {

using enum ColumnType;

ColumnSpec contexts_source_column() {
  return {"source", kString, "Where the contexts come from: visual, text."};
}
ColumnSpec channel_column() {
  return {"channel", kString, "Expression channel: basic7, action, label, or one's own."};
}

}  // namespace

TableSchema compare_pairs_schema() {
  return {"compare_pairs",
          "pair of regions",
          "How alike the maps of two regions are.",
          {contexts_source_column(),
           channel_column(),
           {"region_a", kString, "One region."},
           {"region_b", kString, "The other."},
           {"r", kDouble, "Correlation of the cells that both have."},
           {"spearman", kDouble, "The same of ranks."},
           {"concordance", kDouble,
            "Lin's concordance of the cells: at most |r|, and equal to it where both maps have one "
            "mean and one spread."},
           {"r_winsorised", kDouble,
            "r after each region's cells were drawn in to median +- 5 x 1.4826 MAD."},
           {"cells", kInt64, "Cells that both regions have."},
           {"rho", kDouble,
            "r corrected for sampling noise; may exceed 1; null with reason where not estimable."},
           {"rho_se", kDouble, "Jackknife standard error of rho."},
           {"rho_lower", kDouble, "Lower end of rho's 95% interval."},
           {"rho_upper", kDouble, "Upper end of rho's 95% interval."},
           {"reason", kString, "Why rho is null; null where it is there."}}};
}

TableSchema compare_cells_schema() {
  return {
      "compare_cells",
      "context and expression",
      "Where regions differ: one cell over all regions, by random effects.",
      {contexts_source_column(),
       channel_column(),
       {"context", kString, "Id of the context."},
       {"expression", kString, "The expression, without its channel's prefix."},
       {"regions", kInt64, "Regions with an estimate and a standard error."},
       {"mean", kDouble, "Random-effects mean over regions."},
       {"lower", kDouble, "Lower end of the mean's 95% interval (Knapp-Hartung)."},
       {"upper", kDouble, "Upper end of the mean's 95% interval."},
       {"tau2", kDouble, "Variance between regions (Paule-Mandel)."},
       {"i2", kDouble, "Share of the variation that is between regions, in [0, 1]."},
       {"q", kDouble, "Cochran's Q."},
       {"q_p_bh", kDouble, "p of Q, adjusted by Benjamini-Hochberg over cells."},
       {"predicted_lower", kDouble, "Lower end of the 95% prediction interval of a new region."},
       {"predicted_upper", kDouble, "Upper end of it."},
       {"equivalence_p_bh", kDouble,
        "p of all regions lying within the margin, adjusted by Benjamini-Hochberg."},
       {"verdict", kString, "alike, different, undecided or not estimable."}}};
}

TableSchema compare_deviations_schema() {
  return {"compare_deviations",
          "region, context and expression",
          "How far a region lies from the mean of all regions in a cell.",
          {contexts_source_column(),
           channel_column(),
           {"region", kString, "The region."},
           {"context", kString, "Id of the context."},
           {"expression", kString, "The expression, without its channel's prefix."},
           {"deviation", kDouble, "Estimate minus random-effects mean."},
           {"shrunken", kDouble, "The same, shrunk by what of it is noise."},
           {"lower", kDouble, "Lower end of the shrunken deviation's 95% interval."},
           {"upper", kDouble, "Upper end of it."}}};
}

TableSchema compare_contexts_schema() {
  return {"compare_contexts",
          "context",
          "How alike regions are in a context, and where it lies on the map for the eye.",
          {contexts_source_column(),
           channel_column(),
           {"context", kString, "Id of the context."},
           {"row", kInt64, "Its row in the maps, from 1; names may repeat in published maps."},
           {"similarity", kDouble,
            "Correlation over expressions, averaged over pairs of regions after Fisher's z."},
           {"pairs", kInt64, "Pairs of regions in that average."},
           {"place_in_order", kInt64,
            "Place in an order of similar contexts, from 1; null where missing in a region."},
           {"x", kDouble,
            "Across the map for the eye; null where not embedded. Compute nothing of it."},
           {"y", kDouble, "Up the map for the eye."},
           {"colour", kString, "Mean colour of its leading components, #rrggbb."}}};
}

}  // namespace mien
