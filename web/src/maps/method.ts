// Every formula, option, seed and version behind the pages.

import { definitions, h, section } from "../dom";
import { words } from "../format";
import { facts, type MapSet } from "./data";
import { buildPage, type Chosen } from "./frame";
import { shown } from "./confounds";

const kKinds: Record<string, string> = {
  correlation: "r = corr(x, y), within the region; with country indicators, within country",
  partial: "r = corr(x − P_z x, y − P_z y), P_z the projection on covariates, intercept and, within country, country indicators",
  semipartial: "r = corr(x, y − P_z y): only the expression's score y is freed of covariates",
  slope: "b = cov(x − P_z x, y − P_z y) / var(x − P_z x), in units of the score for the presence of the context",
  standardised_slope: "b / SD(y): standard deviations of the score for the presence of the context",
};

const kMethods: [title: string, formula: string, text: string][] = [
  ["Standard errors and intervals", "lower, upper = estimate ∓ t(df) · SE;   p = 2 P(T > |estimate / SE|)", "Bootstrap of whole blocks of uploaders within country (these countries as given), or jackknife over countries (countries as a sample, at least 10). p from estimate / SE with t on the clusters' degrees of freedom, adjusted over all cells of the source: Benjamini and Hochberg (1995), Benjamini and Yekutieli (2001), Holm (1979)."],
  ["Similarity of two regions", "r_gh = corr(vec A_g, vec A_h)", "Also by ranks, and with each region's cells drawn in to median ± 5 · 1.4826 MAD. Means over pairs are arithmetic; a missing cell is left out of the pairs that it touches."],
  ["Corrected for noise", "ρ_gh = r_gh / √(rel_g · rel_h),   rel_g = 1 − mean(SE²) / Var(cells)", "Interval by the delete-one-block jackknife; values above 1 are not cut. Removes sampling noise only."],
  ["Variance preserved", "mean over pairs of cov(A_g, A_h) / mean over regions of (Var(A_g) − mean SE²)", "Another quantity than mean ρ or mean ρ²; the three are never mixed."],
  ["A region against the rest", "expected = r √m / √(1 + (m − 1) r)", "What averaging m maps of mean pairwise r gives by itself; stands beside the observed value."],
  ["Per expression, per context", "tanh(mean over pairs of artanh r)", "Over contexts for an expression, over expressions for a context."],
  ["Where regions differ", "y_g = μ + u_g + e_g,   Var(u) = τ² (Paule and Mandel 1982)", "Knapp and Hartung (2003) for the mean, Cochran's Q for differences, two one-sided tests (Schuirmann 1987) against a margin for likeness. A cell is alike, different or undecided; not significant is never alike."],
  ["Preserved dimensions", "M = Σ_{g≠h} X_g′ X_h / (G (G − 1) (C − 1)),   eigenvectors of M", "Maps winsorised, columns centred, contexts that miss a region left out. Counted against the same maps with the signs of whole regions flipped, in sequence until the first component that is not larger. Beside it, one region left out: components from the others; Spearman of its scores with those of the others' mean, earlier scores regressed out; one-sided Wilcoxon over regions, Holm. Folds share regions, so its p are too small."],
  ["Rotated for reading", "varimax of w_k √λ_k over the preserved components (Kaiser 1958)", "Turns the axes within what is preserved; neither how much nor how many changes."],
  ["Generalised canonical correlations", "top eigenvectors of Σ_g X_g (X_g′X_g + λI)⁻¹ X_g′ (MAXVAR)", "Rows are contexts. In compare.json; the preserved components are what the pages show."],
  ["Pictures against words", "Mantel between the two similarity matrices; Procrustes disparity of the loadings", "Cells are compared only for contexts in both vocabularies. Permutations of regions, and of expressions."],
  ["Confounds", "mean r with and without the change, over the same cells", "Covariates added, copies left out, one language, one country left out: each associates the videos anew or takes its sums apart. They have no interval."],
  ["Near-duplicate videos", "the same title, or at least 4 of 8 frame hashes within 2 of 64 bits", "Signs of the lowest frequencies of frames that are chosen by what they show (after Zauner 2010); clusters are what such pairs connect."],
  ["Tree", "average linkage of 1 − r", "Of regions, and of contexts for the order of the heat map."],
  ["Geography", "Mantel: corr over pairs of similarity and distance; rows and columns permuted together", "Great-circle distance between region centroids, and common borders; one-sided, seeded."],
  ["Map of contexts", "t-SNE of component scores (van der Maaten and Hinton 2008)", "For the eye. Only neighbourhoods mean something."],
  ["Ranks on the claims page", "1 + number of cells above it", "Among contexts with an estimate for the expression, in the region; and among expressions for the context."],
];

function setSection(set: MapSet): HTMLElement {
  return h("div", { class: "panel" }, h("h3", {}, set.title), definitions([
    ["Association", `${words(set.kind)}: ${kKinds[set.kind] ?? "as its publishers describe it"}`],
    ["Regions are", set.is_published ? "those that were published" : set.by === "region" ? "the corpus's regions" : `the values of ${set.by}`],
    ["Standard errors", set.cluster === "country" ? "countries as a sample of countries" : set.cluster === "uploader" ? "these countries as given, uploaders resampled" : "none"],
    ["Whose labels", set.whose_labels],
    ["How reliable", set.reliability],
  ]), set.notes.length > 0 ? h("ul", { class: "caveats" }, ...set.notes.map((note) => h("li", {}, note))) : null);
}

function draw({ comparison }: Chosen, into: HTMLElement): void {
  const all = facts();
  into.append(
    section("sets", "The maps", ...all.sets.map(setSection)),
    section("methods", "Formulas", h("div", { class: "method" }, ...kMethods.flatMap(([title, formula, text]) => [h("h3", {}, title), h("p", { class: "formula" }, formula), h("p", {}, text)]))),
    section("options", "Options, seeds and versions", definitions([["Mien", all.program_version], ...all.libraries.map(([name, version]): [string, string] => [name, version])]),
      h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Options" }, h("table", {}, h("tbody", {}, ...all.options.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "wide" }, h("code", {}, value))))))),
      comparison ? h("div", {}, h("h3", {}, "Options of the comparison of these maps"), shown(comparison.options)) : null),
    h("p", {}, h("a", { href: "summary.md" }, "summary.md"), ": a paragraph for a methods section."),
  );
}

export function methodPage(page: HTMLElement): void {
  buildPage(page, "method", "Method", "What was computed, from what, and with which settings.", draw);
}
