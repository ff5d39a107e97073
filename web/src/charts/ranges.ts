// Values that share no scale: each on its own, from the least to the greatest that was measured, zero
// included, with the value as a dot and all three numbers written out. Where the video has but one
// value there is nothing to compare it with, and only names and numbers are drawn.

import * as Plot from "@observablehq/plot";
import { significant } from "../format";
import type { Frame } from "./figure";
import { addWatermark, base, cut, plotSvg } from "./marks";

export interface Ranged {
  name: string;
  value: number | null;
  text: string;
  low: number;
  high: number;
}

const kRow = 24;

export function drawRanges(rows: Ranged[], hasRange: boolean, isPrior: boolean, frame: Frame): SVGSVGElement | null {
  if (rows.length === 0) return null;
  const { theme } = frame;
  const height = 8 + rows.length * kRow;
  const left = frame.isNarrow ? 178 : 206;
  const inner = { ...frame, marginLeft: left, marginRight: frame.isNarrow ? 100 : 112 };
  const at = (row: Ranged, value: number) => (row.high > row.low ? (value - row.low) / (row.high - row.low) : 0);
  const known = hasRange ? rows.filter((row) => row.value !== null && row.high > row.low) : [];
  const chart = plotSvg({
    ...base(inner),
    height,
    marginTop: 4,
    marginBottom: 4,
    x: { domain: [0, 1], axis: null },
    y: { type: "band", domain: rows.map((row) => row.name), axis: null, padding: 0.3 },
    marks: [
      Plot.link(known, { y: "name", x1: 0, x2: 1, stroke: theme.hairline, strokeWidth: 2 }),
      Plot.tickX(known, { y: "name", x: (d: Ranged) => at(d, 0), stroke: theme.other, insetTop: 2, insetBottom: 2 }),
      Plot.link(known, { y: "name", x1: (d: Ranged) => at(d, 0), x2: (d: Ranged) => at(d, d.value ?? 0), stroke: theme.accent, strokeWidth: 2.5 }),
      Plot.dot(known, { y: "name", x: (d: Ranged) => at(d, d.value ?? 0), r: 4, fill: theme.accent, stroke: theme.paper, strokeWidth: 1 }),
      Plot.text(rows, { y: "name", frameAnchor: "left", textAnchor: "start", dx: -left + 2, text: (d: Ranged) => cut(d.name, left - 52, 6), fill: theme.ink, fontSize: 12 }),
      Plot.text(known, { y: "name", frameAnchor: "left", textAnchor: "end", dx: -8, text: (d: Ranged) => significant(d.low), fill: theme.muted, fontSize: 10 }),
      Plot.text(known, { y: "name", frameAnchor: "right", textAnchor: "start", dx: 8, text: (d: Ranged) => significant(d.high), fill: theme.muted, fontSize: 10 }),
      Plot.text(rows, {
        y: "name", frameAnchor: hasRange ? "right" : "left", textAnchor: "end", dx: hasRange ? inner.marginRight - 4 : 56, text: "text", fontSize: 12,
        fill: (d: Ranged) => (d.value === null ? theme.muted : theme.ink),
      }),
    ],
  });
  if (isPrior) addWatermark(chart, inner);
  return chart;
}
