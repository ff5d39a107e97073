// The overview: what the maps rest on, what was found, and what must be said beside it.

import { declarationSection } from "../declaration";
import { h, section } from "../dom";
import { count, fixed, percent, plural, words } from "../format";
import { kNotice } from "../statements";
import { drawDots } from "./charts";
import { facts, type Comparison, type Estimate, type MapSet } from "./data";
import { buildPage, mapFigure, markOfSet, pageLink, withUnits, type Chosen } from "./frame";
import { missingTable } from "./missing";

function tile(value: string, name: string, more: string): HTMLElement {
  return h("div", { class: "tile" }, h("dt", {}, name), h("dd", {}, h("span", { class: "big" }, value), h("span", { class: "more" }, more)));
}

function tiles(set: MapSet): HTMLElement {
  const all = facts();
  const cells = set.cells_by_reason.flat().reduce((a, b) => a + b, 0);
  const estimated = set.cells_by_reason.reduce((sum, region) => sum + (region[0] ?? 0), 0);
  const known = set.n.every((n) => n !== null);
  const videos = set.n.reduce<number>((sum, n) => sum + (n ?? 0), 0);
  return h(
    "dl",
    { class: "tiles" },
    all.corpus_videos !== null && !set.is_published && tile(`about ${count(all.corpus_videos)}`, "Videos in the corpus", `${plural(all.countries.filter((c) => c[4] !== 0).length, "country", "countries")}`),
    tile(known ? count(videos) : "not known", "Videos in the analysis", known && all.corpus_videos && !set.is_published ? `${percent(Math.min(videos, all.corpus_videos), all.corpus_videos)} of the corpus` : set.is_published ? "numbers were not published" : ""),
    tile(count(set.regions.length), set.by === "region" ? "Regions" : `Groups by ${set.by}`, "each with a map of its own"),
    tile(`${count(set.contexts.length)} × ${count(set.expressions.length)}`, "Contexts × expressions", `${withUnits(set)}`),
    tile(percent(estimated, cells), "Cells with an estimate", `${count(estimated)} of ${count(cells)}; the others say why not`),
  );
}

function interval(e: Estimate, digits = 2): string {
  return e.lower === null || e.upper === null ? fixed(e.estimate, digits) : `${fixed(e.estimate, digits)} (95% ${fixed(e.lower, digits)} to ${fixed(e.upper, digits)})`;
}

function found(comparison: Comparison): HTMLElement {
  const { pairwise, noise_corrected: noise, region_vs_rest_summary: rest, preserved, heterogeneity } = comparison;
  const row = (name: string, value: string, how: string) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "number" }, value), h("td", {}, how));
  const cells = heterogeneity.estimable ? heterogeneity.alike + heterogeneity.different + heterogeneity.undecided + heterogeneity.not_estimable : 0;
  return h(
    "div",
    { class: "scroller", tabindex: "0", role: "region", "aria-label": "What was found" },
    h("table", {}, h("thead", {}, h("tr", {}, ...["", "Value", "What it is"].map((t) => h("th", { scope: "col" }, t)))),
      h("tbody", {},
        row("Two regions' maps, raw", `${fixed(pairwise.mean_r, 3)} (${fixed(pairwise.min, 3)} to ${fixed(pairwise.max, 3)})`, "mean correlation over all pairs of regions, least and greatest pair; lowered by sampling noise"),
        row("By ranks; winsorised", `${fixed(pairwise.mean_spearman, 3)}; ${fixed(pairwise.mean_r_winsorised, 3)}`, "the same, not led by a few large cells"),
        noise.estimable ? row("Corrected for noise", interval(noise.mean_rho), "sampling noise taken out; errors that the networks make everywhere remain and raise it") : row("Corrected for noise", "not estimable", noise.reason),
        noise.estimable ? row("Variance preserved", interval(noise.variance_preserved), noise.variance_preserved_estimator) : false,
        row("A region against the mean of the others", fixed(rest.mean, 3), `averaging alone gives ${fixed(rest.expected_from_averaging, 3)}: only a difference from that says anything`),
        row("Preserved dimensions", preserved.preserved === null ? "not testable" : `${preserved.preserved} of at most ${preserved.ceiling}`, preserved.not_testable ?? "larger than when the signs of whole regions are flipped, in sequence until the first that is not; the number of labels sets the ceiling"),
        heterogeneity.estimable ? row("Cells alike, different, undecided", [heterogeneity.alike, heterogeneity.different, heterogeneity.undecided].map(count).join(", "), `of ${count(cells)} cells over all regions; alike: every region within ${heterogeneity.margin} of the mean of the others, shown by equivalence tests, never by a missing difference`) : row("Cells alike, different, undecided", "not estimable", heterogeneity.reason))),
  );
}

function caveats(set: MapSet): HTMLElement {
  const mark = markOfSet(set);
  const said = [
    mark ? `${mark.words} The figures show that the path works, not what people do.` : null,
    kNotice,
    `Whose labels: ${set.whose_labels} ${set.reliability} Their culture, language and word list are part of every number.`,
    "Online videos are not populations, and a country is where a video was uploaded, not who is in it.",
    "Alike is not strong: single associations are small even where regions agree. Conventions that spread over the world are a rival explanation of agreement.",
    "Errors that the networks make in every region make regions look more alike than they are; no correction here removes them.",
    "Results are for groups. Cells with too few videos or uploaders are held back.",
    ...set.notes.map(words),
  ];
  return section("caveats", "Read this first", h("ul", { class: "caveats" }, ...said.filter((s): s is string => s !== null).map((s) => h("li", {}, s))));
}

function excluded(set: MapSet): HTMLElement | null {
  const rows = facts().excluded.filter((row) => row[0] === set.source);
  if (rows.length === 0 || set.is_published) return null;
  const sums = new Map<string, number>();
  for (const [, , , reason, videos] of rows) sums.set(reason, (sums.get(reason) ?? 0) + videos);
  return section("excluded", "Videos that are not in the analysis",
    h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Videos that are not in the analysis" },
      h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Reason"), h("th", { scope: "col", class: "number" }, "Videos"))),
        h("tbody", {}, ...[...sums].sort((a, b) => b[1] - a[1]).map(([reason, videos]) => h("tr", {}, h("th", { scope: "row" }, words(reason)), h("td", { class: "number" }, count(videos))))))));
}

function draw({ index, set, comparison }: Chosen, into: HTMLElement): void {
  const { declaration } = facts();
  into.append(tiles(set), ...(declaration ? [declarationSection(declaration)] : []), caveats(set));
  into.append(section("found", "What was found", comparison ? found(comparison) : h("p", { class: "empty" }, "The regions have not been compared. Run ", h("code", {}, "mien compare --study STUDY"), " and make the report again.")));
  const figures = h("div", { class: "figures" });
  figures.append(
    mapFigure(set, {
      id: "coverage", title: "Cells with an estimate, by region", fileName: "coverage",
      note: `Share of the ${count(set.contexts.length * set.expressions.length)} cells; ${set.n.some((n) => n !== null) ? "with the videos in the analysis." : "numbers of videos are not known."}`,
      draw: (frame) => drawDots(set.regions.map((name, g) => {
        const cells = set.cells_by_reason[g] ?? [];
        const n = set.n[g] ?? null;
        return { name: n !== null ? `${name} · ${count(n)}` : name, value: (cells[0] ?? 0) / Math.max(1, cells.reduce((a, b) => a + b, 0)), lower: NaN, upper: NaN };
      }), frame, { domain: [0, 1], label: "share of cells", tick: (v) => `${Math.round(100 * v)}%` }),
      csv: () => ({ header: ["region", "videos", "cells_estimated", "cells"], rows: set.regions.map((name, g) => [name, set.n[g] ?? null, set.cells_by_reason[g]?.[0] ?? 0, (set.cells_by_reason[g] ?? []).reduce((a, b) => a + b, 0)]) }),
      label: () => `Share of cells with an estimate in ${set.regions.length} regions`,
    }).element,
  );
  if (comparison) {
    const similar = Object.entries(comparison.per_expression).sort((a, b) => (b[1] ?? -2) - (a[1] ?? -2));
    figures.append(
      mapFigure(set, {
        id: "per-expression", title: "How alike regions are, by expression", fileName: "per-expression",
        note: "Correlation of two regions over contexts, averaged over pairs after Fisher's z. Not corrected for noise: a rarer expression looks less alike.",
        draw: (frame) => drawDots(similar.map(([name, value]) => ({ name, value: value ?? NaN, lower: NaN, upper: NaN })), frame, { label: "mean correlation", tick: (v) => fixed(v, 1) }),
        csv: () => ({ header: ["expression", "similarity"], rows: similar.map(([name, value]) => [name, value]) }),
        label: () => similar.map(([name, value]) => `${name} ${fixed(value, 2)}`).join(", "),
      }).element,
    );
  }
  into.append(section("coverage-section", "Coverage and likeness", figures));
  into.append(section("missing", "Cells without an estimate", missingTable(set)));
  const left = excluded(set);
  if (left) into.append(left);
  into.append(h("p", {}, h("a", { href: pageLink("method", { set: index }) }, "Formulas, options, seeds and versions"), " · ", h("a", { href: "summary.md" }, "summary.md"), " for a methods section"));
}

export function overviewPage(page: HTMLElement): void {
  buildPage(page, "index", "Overview", "How facial expressions, as labelled, go with what happens around them, region by region, and how alike the regions are.", draw);
}
