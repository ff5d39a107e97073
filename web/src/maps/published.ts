// Published maps beside the study's own: cells of contexts, expressions and regions that both have.

import * as Plot from "@observablehq/plot";
import { base, plotSvg } from "../charts/marks";
import { h } from "../dom";
import { count, fixed } from "../format";
import type { Frame } from "../charts/figure";
import { drawDots } from "./charts";
import { compare, facts, lettersOf, loadAllCells, meanMap, type Cells, type MapSet } from "./data";
import { buildPage, contextName, mapFigure, value3, whenLoaded, type Chosen } from "./frame";

interface Shared { own: number; other: number; name: string; region: string }

function indexOf(names: string[]): Map<string, number> {
  const map = new Map<string, number>();
  names.forEach((name, i) => { const key = lettersOf(name); map.set(key, map.has(key) ? -1 : i); });
  return map;
}

function sharedCells(own: MapSet, ownCells: Cells[], other: MapSet, otherCells: Cells[]): { points: Shared[]; contexts: number; expressions: number; regions: number } {
  const contexts = indexOf(other.contexts);
  const expressions = indexOf(other.expressions);
  const regions = indexOf(other.regions);
  const ownContexts = indexOf(own.contexts);
  const points: Shared[] = [];
  const used = { c: new Set<number>(), e: new Set<number>(), g: new Set<number>() };
  own.contexts.forEach((context, c) => {
    const c2 = contexts.get(lettersOf(context)) ?? -1;
    if (c2 < 0 || ownContexts.get(lettersOf(context)) !== c) return;
    own.expressions.forEach((expression, e) => {
      const e2 = expressions.get(lettersOf(expression)) ?? -1;
      if (e2 < 0) return;
      own.regions.forEach((region, g) => {
        const g2 = regions.get(lettersOf(region)) ?? -1;
        if (g2 < 0) return;
        const a = ownCells[g]?.estimate[c * own.expressions.length + e] ?? NaN;
        const b = otherCells[g2]?.estimate[c2 * other.expressions.length + e2] ?? NaN;
        if (a !== a || b !== b) return;
        used.c.add(c); used.e.add(e); used.g.add(g);
        points.push({ own: a, other: b, name: `${contextName(own, c)} × ${expression}`, region });
      });
    });
  });
  return { points, contexts: used.c.size, expressions: used.e.size, regions: used.g.size };
}

function correlation(points: Shared[]): number {
  const n = points.length;
  if (n < 3) return NaN;
  const ma = points.reduce((s, p) => s + p.own, 0) / n;
  const mb = points.reduce((s, p) => s + p.other, 0) / n;
  let [ab, aa, bb] = [0, 0, 0];
  for (const p of points) { ab += (p.own - ma) * (p.other - mb); aa += (p.own - ma) ** 2; bb += (p.other - mb) ** 2; }
  return ab / Math.sqrt(aa * bb);
}

function drawScatter(points: Shared[], frame: Frame): SVGSVGElement {
  const some = points.length > 4000 ? points.filter((_, i) => i % Math.ceil(points.length / 4000) === 0) : points;
  return plotSvg({ ...base({ ...frame, marginLeft: 60, marginRight: 20 }), height: 380, marginBottom: 42,
    x: { label: "this study", labelAnchor: "center", tickFormat: (v: number) => value3(v) }, y: { label: "published", tickFormat: (v: number) => value3(v) },
    marks: [Plot.ruleX([0], { stroke: frame.theme.hairline }), Plot.ruleY([0], { stroke: frame.theme.hairline }), Plot.dot(some, { x: "own", y: "other", r: 2, fill: frame.theme.accent, fillOpacity: 0.45, title: (p: Shared) => `${p.name}, ${p.region}: ${value3(p.own)} here, ${value3(p.other)} published` })] });
}

function draw({ index, set }: Chosen, into: HTMLElement): void {
  const all = facts().sets;
  if (set.is_published) {
    into.append(h("p", { class: "empty" }, "Choose the study's own maps above; the published ones stand beside them here."));
    return;
  }
  all.forEach((other, o) => {
    if (!other.is_published) return;
    const place = h("div", { class: "page-body" });
    into.append(h("h2", {}, other.title), place);
    whenLoaded(place, Promise.all([loadAllCells(index), loadAllCells(o)]), ([own, cells]) => {
      const shared = sharedCells(set, own, other, cells);
      place.append(h("p", {}, `${count(shared.contexts)} contexts, ${shared.expressions} expressions and ${shared.regions} regions have the same name in both, ${count(shared.points.length)} cells.`));
      const [a, b] = [compare().sets[index], compare().sets[o]];
      place.append(h("div", { class: "scroller" }, h("table", {}, h("thead", {}, h("tr", {}, ...["", "This study", "Published"].map((t) => h("th", { scope: "col" }, t)))), h("tbody", {},
        h("tr", {}, h("th", { scope: "row" }, "Mean correlation of two regions' maps"), h("td", {}, fixed(a?.pairwise.mean_r, 3)), h("td", {}, fixed(b?.pairwise.mean_r, 3))),
        h("tr", {}, h("th", { scope: "row" }, "Mean Spearman"), h("td", {}, fixed(a?.pairwise.mean_spearman, 3)), h("td", {}, fixed(b?.pairwise.mean_spearman, 3))),
        h("tr", {}, h("th", { scope: "row" }, "Preserved dimensions"), h("td", {}, String(a?.preserved.preserved ?? "not testable")), h("td", {}, String(b?.preserved.preserved ?? "not testable")))))));
      if (shared.points.length >= 3) {
        const regions = set.regions.map((region) => ({ name: region, value: correlation(shared.points.filter((p) => p.region === region)), lower: NaN, upper: NaN, note: "not in both" }));
        place.append(h("div", { class: "figures" },
          mapFigure(set, { id: `cells-${o}`, title: `Cells in both: r = ${fixed(correlation(shared.points), 2)}`, fileName: "published-cells", more: other.title,
            note: "Both are noisy, the published ones on purpose; kinds of association and covariates may differ.", draw: (frame) => drawScatter(shared.points, frame),
            csv: () => ({ header: ["region", "pair", "this_study", "published"], rows: shared.points.map((p) => [p.region, p.name, p.own, p.other]) }), label: () => `Scatter of ${shared.points.length} cells` }).element,
          mapFigure(set, { id: `regions-${o}`, title: "By region", fileName: "published-regions", more: other.title, note: "Correlation of the cells that both have.", draw: (frame) => drawDots(regions, frame, { label: "correlation" }),
            csv: () => ({ header: ["region", "r"], rows: regions.map((r) => [r.name, r.value]) }), label: () => regions.map((r) => `${r.name} ${fixed(r.value, 2)}`).join(", ") }).element));
      } else {
        place.append(h("p", { class: "empty" }, "Too few cells have the same names to compare them one by one."));
      }
      const means: [MapSet, Float32Array][] = [[set, meanMap(own).mean], [other, meanMap(cells).mean]];
      place.append(h("div", { class: "figures" }, ...means.map(([which, mean], k) => {
        const E = which.expressions.length;
        const leading = which.expressions.map((name, e) => {
          let best = -1;
          for (let c = 0; c < which.contexts.length; ++c) { const v = mean[c * E + e] as number; if (v === v && (best < 0 || v > (mean[best * E + e] as number))) best = c; }
          return { name: best < 0 ? name : `${name}: ${contextName(which, best)}`, value: best < 0 ? NaN : (mean[best * E + e] as number), lower: NaN, upper: NaN };
        });
        return mapFigure(which, { id: `leading-${o}-${k}`, title: `${k === 0 ? "This study" : "Published"}: each expression's leading context`, fileName: `leading-${k}`, note: "Mean over regions.", draw: (frame) => drawDots(leading, frame, {}), csv: () => ({ header: ["pair", "mean"], rows: leading.map((l) => [l.name, l.value]) }), label: () => leading.map((l) => l.name).join(", ") }).element;
      })));
    });
  });
}

export function publishedPage(page: HTMLElement): void {
  buildPage(page, "published", "Published maps", "Maps that others published beside this study's own.", draw);
}
