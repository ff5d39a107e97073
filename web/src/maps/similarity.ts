// How alike the regions' maps are: matrix with tree, against distance, one region against the rest.

import * as Plot from "@observablehq/plot";
import { base, plotSvg } from "../charts/marks";
import { h, section, svg } from "../dom";
import { fixed } from "../format";
import { DataTable } from "../table";
import type { Frame } from "../charts/figure";
import { drawDots, drawGrid } from "./charts";
import { distance_km, facts, lettersOf, type Comparison, type MapSet } from "./data";
import { buildPage, mapFigure, notCompared, type Chosen } from "./frame";

interface Pair {
  a: string;
  b: string;
  value: number;
  lower: number;
  upper: number;
  reason: string;
}

type Measure = "r" | "spearman" | "r_winsorised" | "concordance" | "rho";
const kMeasures: Record<Measure, string> = { r: "correlation of cells", spearman: "Spearman", r_winsorised: "winsorised correlation", concordance: "concordance: alike in size too", rho: "corrected for sampling noise" };

function pairsOf(comparison: Comparison, measure: Measure): Pair[] {
  const noise = comparison.noise_corrected;
  if (measure === "rho") {
    return noise.estimable ? noise.regions.map((p) => ({ a: p.a, b: p.b, value: p.estimate ?? NaN, lower: p.lower ?? NaN, upper: p.upper ?? NaN, reason: p.reason ?? "" })) : [];
  }
  return comparison.pairwise.regions.map((p) => ({ a: p.a, b: p.b, value: p[measure] ?? NaN, lower: NaN, upper: NaN, reason: "" }));
}

// The tree beside the matrix: leaves at the matrix's rows, joined at their height.
function addTree(chart: SVGSVGElement, comparison: Comparison, set: MapSet, frame: Frame, x: number, width: number, y: (leaf: number) => number): void {
  const tree = comparison.tree;
  if (!tree) return;
  const place = new Map(tree.order.map((name, i) => [name, i]));
  const highest = Math.max(...tree.merges.map((m) => m.height), 1e-9);
  const at: { y: number; h: number }[] = set.regions.map((name) => ({ y: y(place.get(name) ?? 0), h: 0 }));
  for (const merge of tree.merges) {
    const a = at[merge.a];
    const b = at[merge.b];
    if (!a || !b) return;
    const to = x + (width * merge.height) / highest;
    chart.append(svg("path", { d: `M${x + (width * a.h) / highest} ${a.y}H${to}V${b.y}H${x + (width * b.h) / highest}`, fill: "none", stroke: frame.theme.muted, "stroke-width": 1.4 }));
    at.push({ y: (a.y + b.y) / 2, h: merge.height });
  }
}

function drawMatrix(comparison: Comparison, set: MapSet, pairs: Pair[], frame: Frame): SVGSVGElement {
  const order = comparison.tree?.order ?? set.regions;
  const value = new Map(pairs.flatMap((p) => [[`${p.a}\n${p.b}`, p], [`${p.b}\n${p.a}`, p]] as [string, Pair][]));
  const treeRoom = comparison.tree ? Math.min(150, frame.width * 0.16) : 0;
  const chart = drawGrid(
    {
      rows: order, columns: order, limit: 1,
      value: (r, c) => (r === c ? null : value.get(`${order[r]}\n${order[c]}`)?.value ?? NaN),
      tooltip: (r, c) => { const p = value.get(`${order[r]}\n${order[c]}`); return p ? `${p.a} and ${p.b}: ${fixed(p.value, 3)}${Number.isFinite(p.lower) ? ` (${fixed(p.lower, 2)} to ${fixed(p.upper, 2)})` : ""}${p.reason ? ` ${p.reason}` : ""}` : ""; },
    },
    { ...frame, width: frame.width - treeRoom },
  );
  chart.setAttribute("width", String(frame.width));
  chart.setAttribute("viewBox", `0 0 ${frame.width} ${chart.getAttribute("height")}`);
  const head = 18 + 4.9 * Math.max(...order.map((c) => c.length));
  const height = Number(chart.getAttribute("height"));
  const row = (height - head - 8) / order.length;
  addTree(chart, comparison, set, frame, frame.width - treeRoom - 44, treeRoom + 30, (leaf) => head + (leaf + 0.5) * row);
  return chart;
}

function drawDistance(pairs: (Pair & { km: number })[], frame: Frame): SVGSVGElement {
  const { theme } = frame;
  // Names of the most and the least alike, as far as they do not lie on each other.
  const far = [...pairs].sort((a, b) => b.value - a.value);
  const most = Math.max(...pairs.map((p) => p.km));
  const span = (far[0]?.value ?? 1) - (far.at(-1)?.value ?? 0) || 1;
  const named: (Pair & { km: number })[] = [];
  for (const p of [...far.slice(0, 5), ...far.slice(-4).reverse()]) {
    if (named.every((q) => Math.abs(q.value - p.value) > 0.06 * span || Math.abs(q.km - p.km) > 0.75 * most)) named.push(p);
  }
  const text = (points: (Pair & { km: number })[], textAnchor: "start" | "end") =>
    Plot.text(frame.isNarrow ? [] : points, { x: "km", y: "value", text: (p: Pair) => `${p.a} – ${p.b}`, dx: textAnchor === "start" ? 8 : -8, fontSize: 10, fill: theme.ink, stroke: theme.paper, strokeWidth: 3, textAnchor });
  return plotSvg({
    ...base({ ...frame, marginLeft: 56, marginRight: 24 }),
    height: 380, marginBottom: 42, marginTop: 16,
    x: { label: "distance between region centroids, km", labelAnchor: "center", zero: true, tickFormat: (v: number) => String(v) },
    y: { label: "similarity", grid: false },
    marks: [
      Plot.gridY({ stroke: theme.hairline, strokeOpacity: 1 }),
      Plot.ruleX(pairs.filter((p) => Number.isFinite(p.lower)), { x: "km", y1: "lower", y2: "upper", stroke: theme.accentFill, strokeWidth: 1.4 }),
      Plot.dot(pairs.filter((p) => Number.isFinite(p.value)), { x: "km", y: "value", r: 4, fill: theme.accent, fillOpacity: 0.75, stroke: theme.paper, title: (p: Pair & { km: number }) => `${p.a} and ${p.b}: ${fixed(p.value, 3)}, ${Math.round(p.km)} km` }),
      text(named.filter((p) => p.km < most / 2), "start"),
      text(named.filter((p) => p.km >= most / 2), "end"),
    ],
  });
}

function draw({ set, comparison }: Chosen, into: HTMLElement): void {
  if (!comparison) {
    into.append(notCompared("Similarity"));
    return;
  }
  const noise = comparison.noise_corrected;
  let measure: Measure = noise.estimable ? "rho" : "r";
  const choice = h("select", { id: "measure", onchange: () => { measure = choice.value as Measure; redraw(); } },
    ...(Object.entries(kMeasures) as [Measure, string][]).filter(([id]) => id !== "rho" || noise.estimable).map(([id, text]) => h("option", { value: id, selected: id === measure }, text)));
  const places = new Map(facts().places.map(([name, lat, lon]) => [lettersOf(name), [lat, lon] as [number, number]]));
  const withDistance = () => pairsOf(comparison, measure).flatMap((p) => {
    const [a, b] = [places.get(lettersOf(p.a)), places.get(lettersOf(p.b))];
    return a && b ? [{ ...p, km: distance_km(a, b) }] : [];
  });
  const matrix = mapFigure(set, {
    id: "matrix", title: "Similarity of every two regions", fileName: "similarity",
    note: `In the order of the tree (${comparison.tree?.method ?? "no tree: some pair has no similarity"}).`,
    draw: (frame) => drawMatrix(comparison, set, pairsOf(comparison, measure), frame),
    csv: () => ({ header: ["region_a", "region_b", "measure", "value", "lower", "upper", "reason"], rows: pairsOf(comparison, measure).map((p) => [p.a, p.b, measure, p.value, p.lower, p.upper, p.reason || null]) }),
    label: () => `Matrix of ${set.regions.length} regions, ${kMeasures[measure]}`,
  });
  const geography = comparison.geography;
  const scatter = mapFigure(set, {
    id: "distance", title: "Similarity against distance", fileName: "distance",
    note: geography.possible ? `Mantel permutation, ${geography.distance.permutations} permutations: correlation of similarity with distance ${fixed(geography.distance.observed, 2)}, one-sided p = ${fixed(geography.distance.p, 4)}; with a common border ${fixed(geography.adjacency.observed, 2)}, p = ${fixed(geography.adjacency.p, 4)} (${geography.similarity} similarity). Pairs share regions, so points are not independent.` : geography.reason,
    draw: (frame) => { const pairs = withDistance(); return pairs.length > 0 ? drawDistance(pairs, frame) : null; },
    csv: () => ({ header: ["region_a", "region_b", "distance_km", "measure", "value"], rows: withDistance().map((p) => [p.a, p.b, Math.round(p.km), measure, p.value]) }),
    label: () => `Similarity of ${withDistance().length} pairs of regions against their distance`,
  });
  const rest = set.regions.map((name) => ({ name, value: comparison.region_vs_rest[name] ?? NaN, expected: comparison.region_vs_rest_expected[name] ?? NaN }));
  const against = mapFigure(set, {
    id: "rest", title: "A region against the mean of the others", fileName: "region-against-rest",
    note: `Averaging many maps raises this by itself: the diamond is what a region's own mean similarity leads one to expect. Mean ${fixed(comparison.region_vs_rest_summary.mean, 3)}, expected ${fixed(comparison.region_vs_rest_summary.expected_from_averaging, 3)}.`,
    draw: (frame) => drawDots(rest.map((r) => ({ name: r.name, value: r.value, lower: NaN, upper: NaN, expected: r.expected, title: `${r.name}: ${fixed(r.value, 3)}, expected ${fixed(r.expected, 3)}` })), frame, { label: "correlation", tick: (v) => fixed(v, 1) }),
    csv: () => ({ header: ["region", "r_with_rest", "expected_from_averaging"], rows: rest.map((r) => [r.name, r.value, r.expected]) }),
    label: () => rest.map((r) => `${r.name} ${fixed(r.value, 2)}`).join(", "),
  });
  const redraw = () => { matrix.redraw(); scatter.redraw(); };
  const contexts = new DataTable<Comparison["per_context"][number]>({
    caption: "Similarity by context", noun: "contexts", pageSize: 20,
    columns: [
      { title: "Context", isHeader: true, sort: (r) => r.context, cell: (r) => r.context },
      { title: "Similarity", tip: "Correlation over expressions, averaged over pairs of regions after Fisher's z", isNumber: true, firstDescending: true, sort: (r) => r.similarity, cell: (r) => fixed(r.similarity, 3) },
      { title: "Pairs of regions", isNumber: true, sort: (r) => r.pairs, cell: (r) => String(r.pairs) },
    ],
  });
  contexts.setRows(comparison.per_context);
  contexts.sortBy(1, true);
  into.append(h("div", { class: "filters" }, h("label", { for: "measure" }, "Measure"), choice), matrix.element, h("div", { class: "figures" }, scatter.element, against.element), section("by-context", "By context", contexts.element));
}

export function similarityPage(page: HTMLElement): void {
  buildPage(page, "similarity", "Similarity", "How alike the maps of two regions are, and whether near ones are more alike.", draw);
}
