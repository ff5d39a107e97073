// The map for the eye: contexts whose expressions are alike lie together, coloured by components.

import { h, svg } from "../dom";
import type { Frame } from "../charts/figure";
import { screenTheme } from "../theme";
import { buildPage, mapFigure, notCompared, pageLink, type Chosen } from "./frame";

interface Point { row: number; context: string; x: number; y: number; colour: string }

function drawPoints(points: Point[], wanted: string, frame: Frame, onPoint?: (p: Point) => void): SVGSVGElement {
  const height = Math.min(820, Math.max(420, frame.width * 0.72));
  const xs = points.map((p) => p.x);
  const ys = points.map((p) => p.y);
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const x = (v: number) => 20 + ((v - x0) / (x1 - x0 || 1)) * (frame.width - 60);
  const y = (v: number) => height - 20 - ((v - y0) / (y1 - y0 || 1)) * (height - 40);
  const chart = svg("svg", { width: frame.width, height, viewBox: `0 0 ${frame.width} ${height}`, "font-size": 11, "font-family": frame.theme.fontFamily });
  const matches = (p: Point) => wanted !== "" && p.context.toLowerCase().includes(wanted);
  const taken: [number, number, number][] = [];
  const labels: SVGElement[] = [];
  const label = (p: Point, always: boolean) => {
    const room = p.context.length * 6;
    const isRight = x(p.x) + room + 8 > frame.width;
    const at: [number, number, number] = [isRight ? x(p.x) - room - 12 : x(p.x), y(p.y), room];
    if (!always && taken.some(([a, b, w]) => Math.abs(b - at[1]) < 13 && at[0] < a + w + 8 && a < at[0] + at[2] + 8)) return;
    taken.push(at);
    labels.push(svg("text", { x: isRight ? x(p.x) - 6 : at[0] + 6, "text-anchor": isRight ? "end" : "start", y: at[1] + 4, fill: frame.theme.ink, stroke: frame.theme.paper, "stroke-width": 3, "paint-order": "stroke", "pointer-events": "none", "font-weight": always ? 700 : 400 }, p.context));
  };
  for (const p of points) {
    const dot = svg("circle", { cx: x(p.x), cy: y(p.y), r: matches(p) ? 6 : 4, fill: p.colour, stroke: matches(p) ? frame.theme.ink : screenTheme().muted, "stroke-width": matches(p) ? 2 : 0.5, "fill-opacity": wanted === "" || matches(p) ? 1 : 0.25 }, svg("title", {}, p.context));
    if (onPoint) {
      dot.style.cursor = "pointer";
      dot.addEventListener("click", () => onPoint(p));
    }
    chart.append(dot);
  }
  points.filter(matches).slice(0, 60).forEach((p) => label(p, true));
  if (wanted === "") points.forEach((p) => label(p, false));
  chart.append(...labels);
  return chart;
}

function draw({ index, set, comparison }: Chosen, into: HTMLElement): void {
  const embedding = comparison?.embedding;
  if (!comparison) return into.append(notCompared("The map of contexts"));
  if (!embedding || embedding.points.length === 0) return into.append(h("p", { class: "empty" }, "The comparison of these maps holds no map for the eye: it needs at least two preserved dimensions."));
  let wanted = "";
  const figure = mapFigure(set, {
    id: "embedding", title: "Contexts whose expressions are alike lie together", fileName: "contexts",
    note: `${embedding.method}. A point's colour is the mean of the colours of its leading components. Distances across the map and the axes mean nothing. As many names as do not lie on each other are written.`,
    draw: (frame) => drawPoints(embedding.points, wanted, frame, frame.isPrint ? undefined : (p) => { location.href = pageLink("regions", { set: index, context: p.context }); }),
    csv: () => ({ header: ["row", "context", "x", "y", "colour"], rows: embedding.points.map((p) => [p.row, p.context, p.x, p.y, p.colour]) }),
    label: () => `Map of ${embedding.points.length} contexts`,
  });
  const search = h("input", { type: "search", placeholder: "Find contexts", "aria-label": "Find contexts", oninput: () => { wanted = search.value.trim().toLowerCase(); figure.redraw(); } });
  into.append(h("div", { class: "filters" }, search), figure.element);
}

export function contextsPage(page: HTMLElement): void {
  buildPage(page, "contexts", "Map of contexts", "All contexts at a glance. A picture to find one's way, never to compute with.", draw);
}
