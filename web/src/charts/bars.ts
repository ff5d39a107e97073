// Named bars with their numbers written out: means of a video, counts of an index.

import * as Plot from "@observablehq/plot";
import type { Frame } from "./figure";
import { addWatermark, base, cut, plotSvg } from "./marks";

export interface Bar {
  name: string;
  value: number | null;
  text: string;
}

const kRow = 24;

export interface BarOptions {
  domain: [number, number];
  isPrior: boolean;
  nameRoom_px?: number; // for the names at the left
}

export function drawBars(bars: Bar[], options: BarOptions, frame: Frame): SVGSVGElement | null {
  if (bars.length === 0) return null;
  const { theme } = frame;
  const names = bars.map((bar) => bar.name);
  const height = 8 + bars.length * kRow;
  const left = options.nameRoom_px ?? (frame.isNarrow ? 112 : 136);
  const inner = { ...frame, marginLeft: left, marginRight: Math.min(frame.width * 0.5, 14 + 6.6 * Math.max(...bars.map((bar) => bar.text.length))) };
  const chart = plotSvg({
    ...base(inner),
    height,
    marginTop: 4,
    marginBottom: 4,
    x: { domain: options.domain, axis: null },
    y: { type: "band", domain: names, axis: null, padding: 0.3 },
    marks: [
      Plot.ruleX([0], { stroke: theme.other }),
      Plot.barX(bars.filter((bar) => bar.value !== null), { y: "name", x1: 0, x2: "value", fill: theme.accentFill, stroke: theme.accent, strokeWidth: 0.75 }),
      Plot.text(bars, { y: "name", frameAnchor: "left", textAnchor: "start", dx: -left + 2, text: (d: Bar) => cut(d.name, left - 8), fill: theme.ink, fontSize: 12 }),
      Plot.text(bars, {
        y: "name", x: (d: Bar) => Math.max(0, d.value ?? 0), textAnchor: "start", dx: 6, text: "text",
        fill: (d: Bar) => (d.value === null ? theme.muted : theme.ink), fontSize: 12,
      }),
    ],
  });
  if (options.isPrior) addWatermark(chart, inner);
  return chart;
}
