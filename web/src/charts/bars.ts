// Named bars with their numbers written out: means of a video, counts of an index.

import * as Plot from "@observablehq/plot";
import type { Frame } from "./figure";
import { base, cut, plotSvg, watermark } from "./marks";

export interface Bar {
  name: string;
  value: number | null;
  text: string;
}

const kRow = 24;

export function drawBars(bars: Bar[], domain: [number, number], isPrior: boolean, frame: Frame): SVGSVGElement | null {
  if (bars.length === 0) return null;
  const { theme } = frame;
  const names = bars.map((bar) => bar.name);
  const height = 8 + bars.length * kRow;
  const left = frame.isNarrow ? 112 : 128;
  const inner = { ...frame, marginLeft: left, marginRight: 64 };
  return plotSvg({
    ...base(inner),
    height,
    marginTop: 4,
    marginBottom: 4,
    x: { domain, axis: null },
    y: { type: "band", domain: names, axis: null, padding: 0.3 },
    marks: [
      Plot.ruleX([0], { stroke: theme.other }),
      Plot.barX(bars.filter((bar) => bar.value !== null), { y: "name", x1: 0, x2: "value", fill: theme.accentFill, stroke: theme.accent, strokeWidth: 0.75 }),
      Plot.text(bars, { y: "name", frameAnchor: "left", textAnchor: "start", dx: -left + 2, text: (d: Bar) => cut(d.name, left - 8), fill: theme.ink, fontSize: 12 }),
      Plot.text(bars, {
        y: "name", x: (d: Bar) => d.value ?? 0, textAnchor: "start", dx: 6, text: "text",
        fill: (d: Bar) => (d.value === null ? theme.muted : theme.ink), fontSize: 12,
      }),
      ...(isPrior ? [watermark(inner, height)] : []),
    ],
  });
}
