// Faces as drawings, so that people see what a label looks like without anyone's pixels.

import { h, section, svg } from "../dom";
import type { Frame } from "../charts/figure";
import { figure } from "../charts/figure";
import { kPriorMark, kSimulatedMark, type Mark } from "../statements";
import { addWatermark } from "../charts/marks";
import { facts, loadAllCells, type Face, type MapSet } from "./data";
import { buildPage, contextBox, contextName, findContext, lettersMatch, markOfSet, parameter, setParameter, sourceOf, value3, whenLoaded, type Chosen } from "./frame";
import { drawFace, mixed, movedWords, type Actions } from "./glyph";
import { count } from "../format";

// Faces of a prior mixed by simulated maps: both must be said.
const kSimulatedPrior: Mark = {
  badge: "Simulated, drawn from a prior",
  words: `${kSimulatedMark.words} ${kPriorMark.words}`,
  across: "SIMULATED · DRAWN FROM A PRIOR",
  acrossNarrow: "SIMULATED · PRIOR",
  validity: `${kSimulatedMark.validity}; ${kPriorMark.validity}`,
};

interface Drawn {
  name: string;
  actions: Actions;
  more: string;
}

// Faces in a grid with their names and what moved; as one drawing, for screen and exports.
function drawFaces(drawn: Drawn[], frame: Frame): SVGSVGElement | null {
  if (drawn.length === 0) return null;
  const columns = Math.max(1, Math.floor(frame.width / 150));
  const width = frame.width / columns;
  const size = Math.min(120, width - 20);
  const row = size + 58;
  const height = Math.ceil(drawn.length / columns) * row;
  const chart = svg("svg", { width: frame.width, height, viewBox: `0 0 ${frame.width} ${height}`, "font-family": frame.theme.fontFamily });
  drawn.forEach((face, i) => {
    const x = (i % columns) * width;
    const y = Math.floor(i / columns) * row;
    const glyph = drawFace(face.actions, size, { ink: frame.theme.ink, skin: frame.theme.accentFill, muted: frame.theme.muted });
    glyph.setAttribute("x", String(x + (width - size) / 2));
    glyph.setAttribute("y", String(y + 2));
    glyph.append(svg("title", {}, `${face.name}: ${movedWords(face.actions, 8)}`));
    chart.append(glyph, svg("text", { x: x + width / 2, y: y + size + 18, "text-anchor": "middle", "font-size": Math.min(13, (1.6 * width) / Math.max(1, face.name.length)), "font-weight": 600, fill: frame.theme.ink }, face.name));
    const lines = wrap(face.more, Math.floor(width / 6));
    lines.slice(0, 2).forEach((line, k) => chart.append(svg("text", { x: x + width / 2, y: y + size + 32 + k * 12, "text-anchor": "middle", "font-size": 10, fill: frame.theme.muted }, line)));
  });
  return chart;
}

function wrap(text: string, length: number): string[] {
  const out = [""];
  for (const word of text.split(" ")) {
    const line = out.at(-1) as string;
    if (line && line.length + word.length + 1 > length) out.push(word);
    else out[out.length - 1] = line ? `${line} ${word}` : word;
  }
  return out;
}

function faceFigure(set: MapSet, id: string, title: string, note: string, isPrior: boolean, faces: () => Drawn[]) {
  const mark = isPrior && set.is_simulated && id === "context-faces" ? kSimulatedPrior : isPrior ? kPriorMark : markOfSet(set);
  return figure({
    id, title, note, isPrior: false, mark, fileName: id, source: sourceOf(set), validity: "means of facial actions, formulas over landmarks",
    draw: (frame) => {
      const chart = drawFaces(faces(), frame);
      if (chart && mark) addWatermark(chart, { ...frame, marginLeft: 20, marginRight: 20 }, mark);
      return chart;
    },
    csv: () => ({ header: ["name", "action", "value_sd"], rows: faces().flatMap((f) => Object.entries(f.actions).map(([action, value]): (string | number)[] => [f.name, action, value])) }),
    label: () => faces().map((f) => `${f.name}: ${movedWords(f.actions, 3)}`).join("; "),
  });
}

const drawnOf = (face: Face): Drawn => ({ name: face.name, actions: face.actions, more: face.n === null ? movedWords(face.actions, 3) : `${movedWords(face.actions, 2)}; ${count(face.n)} videos` });
// Means of many videos are near the norm: enlarged so that they can be seen. A weight of 1 of a prior
// is drawn as two standard deviations.
const kOfMeans = 3;
const kOfWeights = 2;
const enlarged = (face: Face, by: number): Face => ({ ...face, name: face.name, actions: Object.fromEntries(Object.entries(face.actions).map(([name, v]) => [name, v * by])) });

function draw({ index, set }: Chosen, into: HTMLElement): void {
  const all = facts();
  const scaled = all.faces.map((f) => enlarged(f, all.faces_are_prior ? kOfWeights : kOfMeans));
  const ofExpressions = scaled.filter((f) => f.kind === "expression").map(drawnOf);
  const inSet = ofExpressions.filter((f) => set.expressions.some((name) => lettersMatch(name, f.name)));
  const shown = inSet.length > 0 ? inSet : ofExpressions;
  into.append(faceFigure(set, "faces", "Expressions", `${all.faces_source} Left and right are the viewer's.`, all.faces_are_prior, () => shown).element);
  const regions = scaled.filter((f) => f.kind === "region").map(drawnOf);
  if (regions.length > 0) into.append(faceFigure(set, "region-faces", "Regions", "Mean facial actions of each region's videos against all videos', enlarged. Cameras, poses and light differ between regions, too.", all.faces_are_prior, () => regions).element);
  const faces = new Map(scaled.filter((f) => f.kind === "expression").map((f) => [f.name.toLowerCase(), f.actions]));
  const usable = set.expressions.filter((name) => faces.has(name.toLowerCase()));
  if (usable.length === 0) {
    into.append(h("p", { class: "empty" }, "Contexts cannot be drawn: no face is known for the expressions of these maps."));
    return;
  }
  const place = h("div", { class: "page-body" });
  into.append(section("of-context", "A context in every region", h("p", { class: "lead" }, "The labels' faces mixed by how they go with the context: the strongest counts 1. A drawing of the map's row, not of anybody."), place));
  whenLoaded(place, loadAllCells(index), (cells) => {
    const E = set.expressions.length;
    let context = findContext(set, parameter("context") ?? "");
    if (context < 0) {
      let most = 0;
      cells[0]?.estimate.forEach((v, i) => { if (v > most) { most = v; context = Math.floor(i / E); } });
    }
    context = Math.max(0, context);
    const drawn = (): Drawn[] => cells.flatMap((c, g) => {
      const weights = set.expressions.map((name, e): [string, number] => [name, c.estimate[context * E + e] as number]);
      const lead = weights.filter(([, w]) => w > 0).sort((a, b) => b[1] - a[1])[0];
      return lead ? [{ name: set.regions[g] ?? "", actions: mixed(faces, weights), more: `${lead[0]} ${value3(lead[1])}` }] : [];
    });
    const of = faceFigure(set, "context-faces", "One context in every region", "Below each face: the expression that goes with the context best. Regions without any positive estimate are left out.", all.faces_are_prior, drawn);
    place.append(h("div", { class: "filters" }, contextBox(set, "context", "Context", context, (c) => { context = c; setParameter("context", contextName(set, c)); of.redraw(); })), of.element);
  });
}

export function facesPage(page: HTMLElement): void {
  buildPage(page, "faces", "Faces", "What labels look like: drawings moved by facial actions, no one's picture.", draw);
}
