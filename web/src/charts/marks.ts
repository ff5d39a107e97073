// Marks that several charts share.

import * as Plot from "@observablehq/plot";
import { svg } from "../dom";
import { clock } from "../format";
import type { Frame } from "./figure";

let patterns = 0;

// A diagonal hatch as an SVG definition: "seen, not scored", without needing a colour.
export function hatch(colour: string): { id: string; mark: Plot.Markish } {
  const id = `hatch-${++patterns}`;
  return {
    id,
    mark: () =>
      svg(
        "defs",
        {},
        svg(
          "pattern",
          { id, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
          svg("line", { x1: 0, y1: 0, x2: 0, y2: 5, stroke: colour, "stroke-width": 1.6 }),
        ),
      ),
  };
}

// "Prior" across a chart, so that a copied picture says so. The same words stand, in full contrast,
// in the heading and the note.
export function watermark(frame: Frame, height: number): Plot.Markish {
  return () => {
    const group = svg("g", { class: "prior-watermark", "aria-hidden": "true", fill: frame.theme.prior, "fill-opacity": 0.16 });
    const left = frame.marginLeft;
    const width = frame.width - left - frame.marginRight;
    const size = frame.isNarrow ? 15 : 22;
    const every = 118;
    for (let y = Math.min(74, height / 2); y < height; y += every) {
      group.append(
        svg(
          "text",
          { x: left + width / 2, y, "text-anchor": "middle", "font-size": size, "font-weight": 700, "letter-spacing": "0.08em" },
          frame.isNarrow ? "PRIOR · NOT VALIDATED" : "PRIOR · VALIDATED BY NO RATING",
        ),
      );
    }
    return group;
  };
}

export function timeAxis(frame: Frame, view: [number, number]): Plot.Markish[] {
  const span = view[1] - view[0];
  const ticks = frame.isNarrow ? 4 : 8;
  const format = (t: number) => clock(t, span < ticks ? 1 : 0);
  return [
    Plot.gridX({ ticks, stroke: frame.theme.hairline, strokeOpacity: 1 }),
    Plot.axisX({ ticks, tickFormat: format, tickSize: 0, tickPadding: 6, color: frame.theme.muted, label: null }),
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
