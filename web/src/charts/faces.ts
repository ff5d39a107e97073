// Faces at once over time: seen as an outline, scored as a fill. Where the video could not be decoded
// there is a gap, not a zero.

import * as Plot from "@observablehq/plot";
import type { VideoModel } from "../model";
import type { Csv, Frame } from "./figure";
import { base, plotSvg, timeAxis } from "./marks";

export const kFacesTop = 8;
const kHeight = 96;

export function drawFaces(model: VideoModel, view: [number, number], frame: Frame): SVGSVGElement {
  const { theme } = frame;
  const points = model.faces();
  const most = points.reduce((m, p) => Math.max(m, Number.isNaN(p.faces) ? 0 : p.faces), 1);
  const margin = view[1] - view[0];
  const drawn = points.filter((p) => p.t >= view[0] - margin && p.t <= view[1] + margin);
  const scored = drawn.map((p) => ({ t: p.t, y: p.scored ?? NaN }));
  const tick = most <= 4 ? 1 : most <= 10 ? 2 : Math.ceil(most / 4);
  const ticks = Array.from({ length: Math.floor(most / tick) + 1 }, (_, i) => i * tick);
  return plotSvg({
    ...base(frame),
    height: kHeight,
    marginTop: kFacesTop,
    marginBottom: 26,
    x: { domain: view, axis: null },
    y: { domain: [0, most], axis: null },
    marks: [
      ...timeAxis(frame, view),
      Plot.axisY(ticks, { tickFormat: (n: number) => String(n), tickSize: 0, tickPadding: 6, color: theme.muted, label: null }),
      Plot.ruleY([0], { stroke: theme.other, strokeWidth: 0.75 }),
      Plot.areaY(scored, { x: "t", y: "y", curve: "step-after", fill: theme.accentFill, clip: true }),
      Plot.lineY(drawn, { x: "t", y: "faces", curve: "step-after", stroke: theme.accent, strokeWidth: 1.3, clip: true, className: "series" }),
    ],
  });
}

export function facesCsv(model: VideoModel): Csv {
  return {
    header: ["video_id", "from_s", "faces", "scored"],
    rows: model.faces().map((p) => [model.video.id, p.t, p.faces, p.scored]),
  };
}
