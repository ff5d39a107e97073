// Charts that several pages of maps share.

import * as Plot from "@observablehq/plot";
import type { Frame } from "../charts/figure";
import { base, plotSvg } from "../charts/marks";
import { svg } from "../dom";
import { diverging, isDark, wantsLightInk } from "./colours";
import { fixed } from "../format";
import { value3 } from "./frame";

export interface Dot {
  name: string;
  value: number;
  lower: number;
  upper: number;
  expected?: number; // a hollow diamond: what there would be without what is asked
  note?: string; // in place of a dot where the value is missing
  title?: string;
}

// Estimates with their intervals, one a row, on one scale.
export function drawDots(dots: Dot[], frame: Frame, options: { nameRoom?: number; domain?: [number, number]; label?: string; row?: number; tick?: (v: number) => string } = {}): SVGSVGElement | null {
  if (dots.length === 0) return null;
  const { theme } = frame;
  const longest = Math.max(...dots.map((d) => d.name.length));
  const left = options.nameRoom ?? Math.min(frame.width * 0.42, Math.max(90, 16 + longest * 6.7));
  const most = Math.floor((left - 10) / 6.3);
  const short = (name: string) => (name.length > most ? `${name.slice(0, most - 1)}…` : name);
  const domain = options.domain ?? domainOf(dots);
  const keyed = dots.map((d, i) => ({ ...d, key: String(i) }));
  const names = new Map(keyed.map((d) => [d.key, short(d.name)]));
  return plotSvg({
    ...base({ ...frame, marginLeft: left, marginRight: 16 }),
    height: 40 + dots.length * (options.row ?? 22),
    marginTop: 6,
    marginBottom: 34,
    x: { domain, label: options.label ?? null, labelAnchor: "center", ticks: frame.width < 420 ? 4 : 7, tickFormat: options.tick ?? ((v: number) => value3(v)) },
    y: { type: "band", domain: keyed.map((d) => d.key), tickFormat: (k: string) => names.get(k) ?? k, tickSize: 0, label: null },
    marks: [
      Plot.gridX({ stroke: theme.hairline, strokeOpacity: 1 }),
      Plot.ruleX([0], { stroke: theme.muted }),
      Plot.ruleY(keyed.filter((d) => Number.isFinite(d.lower) && Number.isFinite(d.upper)), { y: "key", x1: "lower", x2: "upper", stroke: theme.accent, strokeWidth: 2.2, clip: true }),
      Plot.dot(keyed.filter((d) => Number.isFinite(d.expected ?? NaN)), { y: "key", x: "expected", r: 6, symbol: "diamond", stroke: theme.ink, strokeWidth: 1.6, title: (d: Dot) => `${d.name}: expected ${value3(d.expected)}` }),
      Plot.dot(keyed.filter((d) => Number.isFinite(d.value)), { y: "key", x: "value", r: 4, fill: theme.accent, stroke: theme.paper, title: (d: Dot) => d.title ?? `${d.name}: ${value3(d.value)}` }),
      Plot.text(keyed.filter((d) => !Number.isFinite(d.value)), { y: "key", x: () => Math.max(domain[0], Math.min(domain[1], 0)), text: (d: Dot) => d.note ?? "no estimate", textAnchor: "start", dx: 6, fill: theme.muted }),
    ],
  });
}

export function domainOf(dots: Pick<Dot, "value" | "lower" | "upper">[]): [number, number] {
  const values = dots.flatMap((d) => [d.value, d.lower, d.upper]).filter((v) => Number.isFinite(v));
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const pad = (high - low || 1) * 0.04;
  return [low - (low < 0 ? pad : 0), high + (high > 0 ? pad : 0)];
}

export interface Grid {
  rows: string[];
  columns: string[];
  value: (row: number, column: number) => number | null; // null: empty
  limit: number;
  text?: (value: number) => string;
  tooltip?: (row: number, column: number) => string;
}

// A small heat map with its numbers written into the cells where there is room.
export function drawGrid(grid: Grid, frame: Frame): SVGSVGElement {
  const left = Math.min(frame.width * 0.34, 24 + 6.6 * Math.max(...grid.rows.map((r) => r.length)));
  const most = Math.floor((left - 10) / 6.3);
  const head = 18 + 4.9 * Math.max(...grid.columns.map((c) => c.length));
  const cell = (frame.width - left - 50) / grid.columns.length;
  const row = Math.max(22, Math.min(38, cell * 0.62));
  const height = head + grid.rows.length * row + 8;
  const scale = diverging(grid.limit, !frame.isPrint && isDark());
  const chart = svg("svg", { width: frame.width, height, viewBox: `0 0 ${frame.width} ${height}`, "font-size": 12, "font-family": frame.theme.fontFamily, fill: frame.theme.ink });
  grid.columns.forEach((name, c) => {
    const x = left + (c + 0.5) * cell;
    chart.append(svg("text", { x, y: head - 6, "font-size": Math.max(7, Math.min(12, cell * 0.95)), transform: `rotate(-52 ${x} ${head - 6})` }, name));
  });
  grid.rows.forEach((name, r) => {
    const y = head + r * row;
    chart.append(svg("text", { x: left - 8, y: y + row / 2 + 4, "text-anchor": "end" }, name.length > most ? `${name.slice(0, most - 1)}…` : name));
    grid.columns.forEach((_, c) => {
      const value = grid.value(r, c);
      const x = left + c * cell;
      if (value === null) return;
      if (!Number.isFinite(value)) {
        chart.append(svg("circle", { cx: x + cell / 2, cy: y + row / 2, r: 2, fill: frame.theme.gap }));
        return;
      }
      const fill = scale.of(value);
      const box = svg("rect", { x, y, width: cell - 1, height: row - 1, fill });
      if (grid.tooltip) box.append(svg("title", {}, grid.tooltip(r, c)));
      chart.append(box);
      const words = (grid.text ?? ((v: number) => fixed(v, 2)))(value);
      if (cell > words.length * 6 + 4) chart.append(svg("text", { x: x + (cell - 1) / 2, y: y + row / 2 + 4, "text-anchor": "middle", "font-size": 11, fill: wantsLightInk(fill) ? "#ffffff" : "#111111", "pointer-events": "none" }, words));
    });
  });
  return chart;
}
