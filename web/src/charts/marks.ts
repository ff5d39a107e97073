// Marks that several charts share.

import * as Plot from "@observablehq/plot";
import { svg } from "../dom";
import { clock } from "../format";
import { kPriorMark, type Mark } from "../statements";
import type { Frame } from "./figure";

let patterns = 0;

// A diagonal hatch: "seen, not scored", without needing a colour. Its definition is added to the
// drawn chart once; a mark would be drawn again in every row.
export function hatch(colour: string): { fill: string; addTo: (chart: SVGSVGElement) => void } {
  const id = `hatch-${++patterns}`;
  return {
    fill: `url(#${id})`,
    addTo: (chart) =>
      chart.prepend(
        svg(
          "defs",
          {},
          svg(
            "pattern",
            { id, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
            svg("line", { x1: 0, y1: 0, x2: 0, y2: 5, stroke: colour, "stroke-width": 1.6 }),
          ),
        ),
      ),
  };
}

// "Prior" across a drawn chart, so that a copied picture says so. The same words stand, in full
// contrast, in the heading and the note.
export function addWatermark(chart: SVGSVGElement, frame: Frame, mark: Mark = kPriorMark): void {
  const height = Number(chart.getAttribute("height"));
  const group = svg("g", { class: "prior-watermark", "aria-hidden": "true", fill: frame.theme.prior, "fill-opacity": 0.2, "pointer-events": "none" });
  const room = frame.width - frame.marginLeft - frame.marginRight;
  const words = room < 420 ? mark.acrossNarrow : mark.across;
  const size = Math.min(22, Math.max(11, room / (words.length * 0.8)));
  for (let y = Math.min(74, height / 2); y < height; y += 118) {
    group.append(svg("text", { x: frame.marginLeft + room / 2, y, "text-anchor": "middle", "font-size": size, "font-weight": 700, "letter-spacing": "0.06em" }, words));
  }
  chart.append(group);
  // Words and numbers stand above it, to be read.
  for (const text of chart.querySelectorAll(':scope > g[aria-label="text"]')) chart.append(text);
}

// Seconds between ticks that people read easily, so that at most `most` of them stand in `span_s`.
const kSteps_s = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000, 36000];

export function timeTicks(view: [number, number], most: number): { times: number[]; step_s: number } {
  const span_s = view[1] - view[0];
  const step_s = kSteps_s.find((step) => span_s / step <= most) ?? span_s / most;
  const times: number[] = [];
  for (let k = Math.ceil(view[0] / step_s - 1e-9); k * step_s <= view[1] + 1e-9; ++k) times.push(k * step_s);
  return { times, step_s };
}

export function timeAxis(frame: Frame, view: [number, number]): Plot.Markish[] {
  const { times, step_s } = timeTicks(view, frame.isNarrow ? 4 : 12);
  return [
    Plot.gridX(times, { stroke: frame.theme.hairline, strokeOpacity: 1 }),
    Plot.axisX(times, { tickFormat: (t: number) => clock(t, step_s < 1 ? 1 : 0), tickSize: 0, tickPadding: 10, color: frame.theme.muted, label: null }),
  ];
}

export function base(frame: Frame): Plot.PlotOptions {
  return {
    width: frame.width,
    marginLeft: frame.marginLeft,
    marginRight: frame.marginRight,
    style: {
      background: "transparent",
      color: frame.theme.ink,
      fontFamily: frame.theme.fontFamily,
      fontSize: "12px",
      overflow: "visible",
    },
  };
}

// Plot gives an SVG unless a title or legend was asked for.
export function plotSvg(options: Plot.PlotOptions): SVGSVGElement {
  return Plot.plot(options) as unknown as SVGSVGElement;
}

export function cut(text: string, room_px: number, perCharacter_px = 6.4): string {
  const most = Math.floor(room_px / perCharacter_px);
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`;
}
