// Dimensions that the regions share: which hold in regions that were left out, what expressions
// make them, and which contexts lead.

import { h, section } from "../dom";
import { fixed } from "../format";
import { DataTable } from "../table";
import { drawDots, drawGrid } from "./charts";
import { loadAllCells, meanMap, type Component, type MapSet } from "./data";
import { buildPage, contextName, mapFigure, notCompared, parameter, setParameter, whenLoaded, type Chosen } from "./frame";

// Scores of contexts on a component: the mean map, columns centred, times the weights. Contexts
// that lack a region or an expression have none.
function scoresOf(set: MapSet, mean: Float32Array, complete: boolean[], component: Component): { context: number; score: number }[] {
  const E = set.expressions.length;
  const used = set.expressions.map((name, e) => ({ e, weight: component.weights[name] })).filter((u): u is { e: number; weight: number } => u.weight !== undefined);
  const rows = set.contexts.map((_, i) => i).filter((i) => complete[i]);
  const centre = used.map(({ e }) => rows.reduce((sum, i) => sum + (mean[i * E + e] as number), 0) / Math.max(1, rows.length));
  return rows.map((i) => ({ context: i, score: used.reduce((sum, { e, weight }, k) => sum + weight * ((mean[i * E + e] as number) - (centre[k] as number)), 0) }));
}

function draw({ index, set, comparison }: Chosen, into: HTMLElement): void {
  if (!comparison) {
    into.append(notCompared("What is preserved"));
    return;
  }
  const { preserved } = comparison;
  const components = preserved.components;
  const isPreserved = (c: Component) => preserved.preserved !== null && c.index <= preserved.preserved;
  const expressions = set.expressions.filter((name) => components.some((c) => name in c.weights));
  const ordered = new DataTable<Component>({
    caption: "Components", noun: "components", pageSize: 64,
    onRow: (c) => choose(c.index),
    columns: [
      { title: "Component", isHeader: true, sort: (c) => c.index, cell: (c) => h("button", { type: "button", class: "link" }, String(c.index)) },
      { title: "Preserved covariance", isNumber: true, sort: (c) => c.eigenvalue, cell: (c) => (c.eigenvalue === null ? "–" : c.eigenvalue.toExponential(2).replace("-", "−")) },
      { title: "Held-out regions above 0", isNumber: true, sort: (c) => c.heldout_positive_regions, cell: (c) => `${c.heldout_positive_regions} of ${set.regions.length}` },
      { title: "Mean partial Spearman", isNumber: true, firstDescending: true, sort: (c) => c.mean_partial_spearman, cell: (c) => fixed(c.mean_partial_spearman, 3) },
      { title: "p, Holm", isNumber: true, sort: (c) => c.p_adjusted, cell: (c) => fixed(c.p_adjusted, 4) },
      { title: "p, sign flips", isNumber: true, sort: (c) => c.p_sign_flip ?? null, cell: (c) => fixed(c.p_sign_flip ?? null, 4) },
      { title: "Preserved", sort: (c) => (isPreserved(c) ? 1 : 0), cell: (c) => (isPreserved(c) ? "preserved" : "") },
    ],
  });
  ordered.setRows(components);
  const limit = Math.max(...components.flatMap((c) => Object.values(c.weights).map(Math.abs)), 1e-9);
  const rowName = (c: Component) => `${c.index}${isPreserved(c) ? " ●" : ""}`;
  const weights = mapFigure(set, {
    id: "loadings", title: "Which expressions make a dimension", fileName: "loadings",
    note: "Weights of unit length; ● is preserved. The sign of a whole dimension means nothing.",
    draw: (frame) => drawGrid({ rows: components.map(rowName), columns: expressions, limit, value: (r, c) => components[r]?.weights[expressions[c] ?? ""] ?? NaN }, frame),
    csv: () => ({ header: ["component", ...expressions], rows: components.map((c) => [c.index, ...expressions.map((e) => c.weights[e] ?? null)]) }),
    label: () => `Weights of ${components.length} components`,
  });
  const factors = preserved.varimax ?? [];
  const largest = Math.max(...factors.flatMap((f) => Object.values(f).map(Math.abs)), 1e-9);
  const strength = (f: Record<string, number>) => Object.values(f).reduce((sum, v) => sum + v * v, 0);
  // A factor is called by the expressions that load at least half as much as its strongest one.
  const calledBy = (f: Record<string, number>) => {
    const all = Object.entries(f).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    const most = Math.abs(all[0]?.[1] ?? 0);
    return all.filter(([, v]) => Math.abs(v) >= most / 2).slice(0, 3).map(([name, v]) => `${v < 0 ? "−" : ""}${name}`).join(", ");
  };
  const rotated = factors.map((f, i) => ({ f, name: `R${i + 1} ${calledBy(f)}` })).sort((a, b) => strength(b.f) - strength(a.f));
  const varimax = mapFigure(set, {
    id: "varimax", title: "The preserved dimensions, rotated for reading", fileName: "varimax",
    note: "Varimax of the preserved components' loadings (weights times the root of the preserved covariance), each called by the expressions that lead it. Rotation changes neither what is preserved nor how much, only where the axes lie; R numbers are not the components' numbers. Loadings below a tenth of the largest are coloured and not written.",
    draw: (frame) => drawGrid({ rows: rotated.map((r) => r.name), columns: expressions, limit: largest, value: (r, c) => rotated[r]?.f[expressions[c] ?? ""] ?? NaN, text: (v) => (Math.abs(v) < largest / 10 ? "" : v.toPrecision(1).replace("-", "−")) }, frame),
    csv: () => ({ header: ["dimension", ...expressions], rows: rotated.map((r) => [r.name, ...expressions.map((e) => r.f[e] ?? null)]) }),
    label: () => rotated.map((r) => r.name).join("; "),
  });
  let chosen = Math.min(components.length, Math.max(1, Number(parameter("component") ?? 1) || 1));
  const detail = h("div", { class: "page-body" });
  const select = h("select", { id: "component", onchange: () => choose(Number(select.value)) }, ...components.map((c) => h("option", { value: c.index }, `Component ${c.index}`)));
  let showDetail = () => {};
  const choose = (component: number) => { chosen = component; setParameter("component", component); select.value = String(component); showDetail(); };
  into.append(
    h("p", {}, preserved.preserved === null ? `Not testable: ${preserved.not_testable}` : h("span", { class: "verdict" }, h("strong", {}, `${preserved.preserved} of ${components.length}`), ` components are preserved; ${preserved.ceiling} is the most that ${expressions.length} expressions allow.`)),
    h("p", { class: "note" }, `${preserved.method}. ${preserved.contexts} contexts; ${preserved.dropped_contexts.length} lack an estimate in some region and are left out${preserved.dropped_expressions.length > 0 ? `; left out expressions: ${preserved.dropped_expressions.join(", ")}` : ""}.`),
    ordered.element,
    weights.element,
    rotated.length > 0 ? varimax.element : h("p", { class: "note" }, "No dimension is preserved, so there is nothing to rotate."),
    section("one", "One dimension", h("div", { class: "filters" }, h("label", { for: "component" }, "Dimension"), select), detail),
  );
  whenLoaded(into, loadAllCells(index), (all) => {
    const { mean } = meanMap(all);
    const E = set.expressions.length;
    const complete = set.contexts.map((_, i) => all.every((cells) => expressions.every((name) => { const v = cells.estimate[i * E + set.expressions.indexOf(name)] as number; return v === v; })));
    showDetail = () => {
      const component = components.find((c) => c.index === chosen);
      if (!component) return;
      const scores = scoresOf(set, mean, complete, component).sort((a, b) => b.score - a.score);
      const ends = scores.length > 24 ? [...scores.slice(0, 12), ...scores.slice(-12)] : scores;
      const held = set.regions.map((name) => ({ name, value: component.heldout_spearman[name] ?? NaN, lower: NaN, upper: NaN }));
      detail.replaceChildren(h("div", { class: "figures" },
        mapFigure(set, {
          id: "leading", title: `Dimension ${chosen}: contexts at its two ends`, fileName: `dimension-${chosen}-contexts`,
          note: "Scores of the mean map over regions.",
          draw: (frame) => drawDots(ends.map((s) => ({ name: contextName(set, s.context), value: s.score, lower: NaN, upper: NaN })), frame, { label: "score", row: 18 }),
          csv: () => ({ header: ["component", "context", "score"], rows: scores.map((s) => [chosen, contextName(set, s.context), s.score]) }),
          label: () => ends.map((s) => contextName(set, s.context)).join(", "),
        }).element,
        h("div", { class: "page-body" },
          mapFigure(set, {
            id: "held-out", title: `Dimension ${chosen} in regions left out`, fileName: `dimension-${chosen}-held-out`,
            note: "Partial Spearman between the left-out region's scores and those of the others' mean; the dimension came from the others.",
            draw: (frame) => drawDots(held, frame, { label: "partial Spearman", tick: (v) => fixed(v, 1) }),
            csv: () => ({ header: ["component", "region", "partial_spearman"], rows: held.map((d) => [chosen, d.name, d.value]) }),
            label: () => held.map((d) => `${d.name} ${fixed(d.value, 2)}`).join(", "),
          }).element,
          mapFigure(set, {
            id: "weights", title: `Dimension ${chosen}: weights`, fileName: `dimension-${chosen}-weights`,
            note: "The same as in the table above, sorted.",
            draw: (frame) => drawDots(Object.entries(component.weights).sort((a, b) => b[1] - a[1]).map(([name, value]) => ({ name, value, lower: NaN, upper: NaN })), frame, { label: "weight" }),
            csv: () => ({ header: ["component", "expression", "weight"], rows: Object.entries(component.weights).map(([name, value]) => [chosen, name, value]) }),
            label: () => `Weights of dimension ${chosen}`,
          }).element)));
    };
    choose(chosen);
  });
}

export function preservedPage(page: HTMLElement): void {
  buildPage(page, "preserved", "Preserved dimensions", "What the regions' maps have in common, tested in regions that were left out.", draw);
}
