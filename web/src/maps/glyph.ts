// A face of a few lines, moved by facial actions: what a label looks like without anyone's pixels.
// Actions are in standard deviations (or weights of a prior) and are cut at three; a neutral face
// has none. Left and right are the viewer's.

import { svg } from "../dom";

export type Actions = Record<string, number>;

export function drawFace(actions: Actions, size: number, colours: { ink: string; skin: string; muted: string }): SVGSVGElement {
  const a = (name: string) => Math.max(-3, Math.min(3, actions[name] ?? 0)) / 2;
  const up = (name: string) => Math.max(0, a(name));
  const tilt = Math.max(-14, Math.min(14, 6 * a("head_tilt_deg")));
  const turn = 4 * a("head_turn_deg");
  const lift = -3 * a("head_up_deg");
  const root = svg("svg", { width: size, height: size, viewBox: "0 0 100 100", fill: "none", stroke: colours.ink, "stroke-width": 2.2, "stroke-linecap": "round", "stroke-linejoin": "round" });
  const head = svg("g", { transform: `rotate(${tilt} 50 80)` });
  root.append(head);
  const jaw = 5 * Math.max(-0.6, a("jaw_drop")) + 4 * up("mouth_stretched");
  head.append(svg("path", { d: `M17 44C15 2 85 2 83 44C83 66 ${72 + 0.2 * jaw} ${86 + jaw} 50 ${91 + jaw}C${28 - 0.2 * jaw} ${86 + jaw} 17 66 17 44Z`, fill: colours.skin, stroke: colours.muted, "stroke-width": 1.6 }));
  const features = svg("g", { transform: `translate(${turn} ${lift})` });
  head.append(features);

  // Brows: inner and outer ends rise on their own, the middle falls; together pulls them inward.
  const inner = 6 * a("inner_brows_raised") - 5 * a("brows_lowered");
  const outer = 6 * a("outer_brows_raised") - 3.5 * a("brows_lowered");
  const near = 2.5 * a("brows_together");
  const uneven = 3 * up("brows_uneven");
  for (const side of [-1, 1]) {
    const extra = side > 0 ? uneven : 0;
    const x = (d: number) => 50 + side * d;
    features.append(svg("path", { d: `M${x(8 - near)} ${33 - inner - extra}Q${x(19)} ${28.5 - (inner + outer) / 2 - extra} ${x(30)} ${33 - outer - extra}`, "stroke-width": 3 }));
  }

  // Eyes: lids as two arcs; closed leaves one.
  const shut = Math.min(1, Math.max(0, 0.55 * a("eyes_closed")));
  const upper = Math.max(0.4, (5.4 + 2.6 * a("upper_lids_raised")) * (1 - shut));
  const lower = Math.max(0.3, (4.2 - 2 * up("lids_tight") - 1.6 * up("cheeks_raised")) * (1 - shut));
  for (const side of [-1, 1]) {
    const x = 50 + side * 18;
    features.append(svg("path", { d: `M${x - 8} 44Q${x} ${44 - 2 * upper} ${x + 8} 44Q${x} ${44 + 2 * lower} ${x - 8} 44Z`, fill: "#ffffff", "fill-opacity": 0.75, "stroke-width": 1.8 }));
    if (upper + lower > 3) features.append(svg("circle", { cx: x, cy: 43.6, r: Math.min(3.1, (upper + lower) * 0.42), fill: colours.ink, stroke: "none" }));
    const cheeks = up("cheeks_raised");
    if (cheeks > 0.2) features.append(svg("path", { d: `M${x - 7} ${54 - 1.5 * cheeks}Q${x} ${57 - 3 * cheeks} ${x + 7} ${54 - 1.5 * cheeks}`, stroke: colours.muted, "stroke-width": 1 + 0.5 * cheeks }));
  }

  // Nose: wrinkled is shorter with lines at its root; wide nostrils.
  const wrinkle = up("nose_wrinkled");
  const wings = 5 + 1.5 * a("nostrils_wide");
  features.append(svg("path", { d: `M50 ${44 + wrinkle}L${50 - wings + 1} ${60 - 2 * wrinkle}Q50 ${63 - 2 * wrinkle} ${50 + wings} ${60 - 2 * wrinkle}`, "stroke-width": 1.6 }));
  if (wrinkle > 0.2) features.append(svg("path", { d: "M46 45L48 49M54 45L52 49", "stroke-width": 1 + 0.5 * wrinkle }));

  // Mouth: corners up and down, width, gap, pressed lips, raised upper lip and chin.
  const corner = 5 * a("lip_corners_up") - 5 * a("lip_corners_down");
  const skew = 3.5 * up("lip_corners_uneven");
  const half = Math.max(6, 14 + 3 * a("lips_stretched") - 5 * up("lips_puckered") + 1.6 * up("lip_corners_up") - 1.5 * up("mouth_stretched"));
  const gap = Math.max(0, 3 * a("lips_parted") + 3.4 * a("jaw_drop") + 7 * a("mouth_stretched")) * (up("lips_pressed") > 0.7 ? 0.2 : 1);
  const lip = Math.max(0.7, 2.4 - 1.1 * a("lips_pressed") + 1.2 * up("lips_puckered"));
  const raised = 2.5 * up("upper_lip_raised");
  const y = 73 - 1.6 * up("chin_raised") + 0.3 * jaw;
  const left = { x: 50 - half, y: y - corner };
  const right = { x: 50 + half, y: y - corner - skew };
  const top = y - 0.4 * gap - raised + 0.35 * corner;
  const bottom = y + gap + 0.75 * corner * (gap > 1 ? 1 : 0.5);
  if (gap > 1) {
    features.append(svg("path", { d: `M${left.x} ${left.y}Q50 ${2 * top - (left.y + right.y) / 2} ${right.x} ${right.y}Q50 ${2 * bottom - (left.y + right.y) / 2} ${left.x} ${left.y}Z`, fill: colours.ink, "fill-opacity": 0.28, "stroke-width": lip }));
  } else {
    features.append(svg("path", { d: `M${left.x} ${left.y}Q50 ${2 * (y + 0.55 * corner - raised * 0.5) - (left.y + right.y) / 2} ${right.x} ${right.y}`, "stroke-width": lip + 0.4 }));
  }
  const dimple = up("lip_corners_dimpled");
  if (dimple > 0.2) {
    for (const end of [left, right]) features.append(svg("path", { d: `M${end.x + (end.x < 50 ? -3 : 3)} ${end.y - 3}q${end.x < 50 ? -1.5 : 1.5} 3 0 6`, "stroke-width": 1 + 0.4 * dimple }));
  }
  if (up("chin_raised") > 0.2) features.append(svg("path", { d: `M45 ${y + 8.5}Q50 ${y + 6 - up("chin_raised")} 55 ${y + 8.5}`, stroke: colours.muted, "stroke-width": 1.2 }));
  return root;
}

// "brows lowered, lip corners up": what moved most.
export function movedWords(actions: Actions, most = 4): string {
  const moved = Object.entries(actions).filter(([, v]) => Math.abs(v) >= 0.25).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, most);
  return moved.length === 0 ? "as the average face" : moved.map(([name, v]) => `${name.replace(/_deg$/, "").replaceAll("_", " ")}${v < 0 ? " (less)" : ""}`).join(", ");
}

// Faces of labels mixed by a row of a map: strongest association counts 1.
export function mixed(faces: Map<string, Actions>, weights: [expression: string, weight: number][]): Actions {
  const largest = Math.max(...weights.map(([, w]) => (Number.isFinite(w) ? Math.abs(w) : 0)));
  const out: Actions = {};
  if (!(largest > 0)) return out;
  for (const [expression, weight] of weights) {
    if (!Number.isFinite(weight)) continue;
    for (const [action, value] of Object.entries(faces.get(expression.toLowerCase()) ?? {})) out[action] = (out[action] ?? 0) + (value * weight) / largest;
  }
  return out;
}
