// One context or one expression over all regions, as small multiples on one scale.

import * as Plot from "@observablehq/plot";
import { base, plotSvg } from "../charts/marks";
import { h } from "../dom";
import { domainOf, type Dot } from "./charts";
import { loadAllCells, meanMap, type Cells, type MapSet } from "./data";
import { buildPage, contextBox, contextName, expressionBox, findContext, mapFigure, parameter, setParameter, value3, whenLoaded, withUnits, type Chosen } from "./frame";
import { words } from "../format";
import type { Frame } from "../charts/figure";

interface Panel {
  region: string;
  dots: Dot[];
}

const kMostContexts = 18;

// Panels in rows and columns; names stand at the left of each row of panels.
function drawPanels(panels: Panel[], names: string[], frame: Frame): SVGSVGElement | null {
  if (panels.length === 0 || names.length === 0) return null;
  const { theme } = frame;
  const columns = Math.max(1, Math.min(4, panels.length, Math.floor(frame.width / 250)));
  const left = Math.min(190, 14 + 6.4 * Math.max(...names.map((n) => n.length)));
  const most = Math.floor((left - 8) / 6.2);
  const flat = panels.flatMap((panel, p) => panel.dots.map((dot) => ({ ...dot, fx: p % columns, fy: Math.floor(p / columns) })));
  const heads = panels.map((panel, p) => ({ region: panel.region, fx: p % columns, fy: Math.floor(p / columns) }));
  const rows = Math.ceil(panels.length / columns);
  const domain = domainOf(flat);
  return plotSvg({
    ...base({ ...frame, marginLeft: left, marginRight: 12 }),
    height: 30 + rows * (38 + names.length * 15),
    marginTop: 22,
    marginBottom: 30,
    fx: { axis: null, padding: 0.06, domain: Array.from({ length: columns }, (_, i) => i) },
    fy: { axis: null, padding: 0.12, domain: Array.from({ length: rows }, (_, i) => i) },
    x: { domain, ticks: 3, label: null, tickFormat: (v: number) => value3(v) },
    y: { type: "band", domain: names, tickSize: 0, label: null, tickFormat: (n: string) => (n.length > most ? `${n.slice(0, most - 1)}…` : n) },
    marks: [
      Plot.gridX({ stroke: theme.hairline, strokeOpacity: 1, ticks: 3 }),
      Plot.ruleX([0], { stroke: theme.muted }),
      Plot.ruleY(flat.filter((d) => Number.isFinite(d.lower)), { fx: "fx", fy: "fy", y: "name", x1: "lower", x2: "upper", stroke: theme.accent, strokeWidth: 1.8 }),
      Plot.dot(flat.filter((d) => Number.isFinite(d.value)), { fx: "fx", fy: "fy", y: "name", x: "value", r: 3, fill: theme.accent, title: "title" }),
      Plot.text(flat.filter((d) => !Number.isFinite(d.value)), { fx: "fx", fy: "fy", y: "name", x: 0, text: () => "×", fill: theme.muted, title: (d: Dot) => `${d.name}: ${d.note}` }),
      Plot.text(heads, { fx: "fx", fy: "fy", frameAnchor: "top-left", text: "region", dy: -15, fontWeight: "600", fill: theme.ink }),
    ],
  });
}

export function dotOf(set: MapSet, cells: Cells, context: number, expression: number, name: string, region: string): Dot {
  const at = context * set.expressions.length + expression;
  const value = cells.estimate[at] as number;
  return { name, value, lower: cells.lower[at] as number, upper: cells.upper[at] as number, note: words(set.reasons[cells.reason[at] ?? 0] ?? "") || "no estimate", title: `${region}: ${name} ${value3(value)}` };
}

function csvOf(panels: Panel[]) {
  return { header: ["region", "name", "estimate", "lower", "upper", "reason"], rows: panels.flatMap((p) => p.dots.map((d): (string | number | null)[] => [p.region, d.name, d.value, d.lower, d.upper, Number.isFinite(d.value) ? null : d.note ?? null])) };
}

function draw({ index, set }: Chosen, into: HTMLElement): void {
  const place = h("div", { class: "page-body" });
  into.append(place);
  whenLoaded(into, loadAllCells(index), (all) => {
    const mean = meanMap(all);
    const E = set.expressions.length;
    let context = findContext(set, parameter("context") ?? "");
    if (context < 0) {
      // A context with something to see: the strongest on average.
      let most = 0;
      mean.mean.forEach((v, i) => { if (Math.abs(v) > most) { most = Math.abs(v); context = Math.floor(i / E); } });
    }
    context = Math.max(0, context);
    let expression = Math.max(0, set.expressions.indexOf(parameter("expression") ?? ""));
    const ofContext = (): Panel[] => all.map((cells, g) => ({ region: set.regions[g] ?? "", dots: set.expressions.map((name, e) => dotOf(set, cells, context, e, name, set.regions[g] ?? "")) }));
    const leading = () => set.contexts.map((_, i) => i).filter((i) => Number.isFinite(mean.mean[i * E + expression])).sort((a, b) => (mean.mean[b * E + expression] as number) - (mean.mean[a * E + expression] as number)).slice(0, kMostContexts);
    const ofExpression = (): Panel[] => {
      const rows = leading();
      return all.map((cells, g) => ({ region: set.regions[g] ?? "", dots: rows.map((i) => dotOf(set, cells, i, expression, contextName(set, i), set.regions[g] ?? "")) }));
    };
    const first = mapFigure(set, {
      id: "context-panels", title: "One context in every region", fileName: "context-by-region", more: "",
      note: `${withUnits(set)} of every expression with the context; whiskers are 95% intervals, × has no estimate. One scale for all regions.`,
      draw: (frame) => drawPanels(ofContext(), set.expressions, frame),
      csv: () => csvOf(ofContext()),
      label: () => `${contextName(set, context)} in ${set.regions.length} regions`,
    });
    const second = mapFigure(set, {
      id: "expression-panels", title: "One expression in every region", fileName: "expression-by-region", more: "",
      note: `The ${kMostContexts} contexts that lead on average over regions; every region's own estimate and 95% interval.`,
      draw: (frame) => drawPanels(ofExpression(), leading().map((i) => contextName(set, i)), frame),
      csv: () => csvOf(ofExpression()),
      label: () => `${set.expressions[expression]} in ${set.regions.length} regions`,
    });
    place.append(
      h("div", { class: "filters" }, contextBox(set, "context", "Context", context, (c) => { context = c; setParameter("context", contextName(set, c)); first.redraw(); })),
      first.element,
      h("div", { class: "filters" }, expressionBox(set, "expression", expression, (e) => { expression = e; setParameter("expression", set.expressions[e] ?? null); second.redraw(); })),
      second.element,
    );
  });
}

export function regionsPage(page: HTMLElement): void {
  buildPage(page, "regions", "Side by side", "One context, or one expression, in every region at once.", draw);
}
