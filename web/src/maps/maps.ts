// The heat map of one region: every context by every expression, searched and sorted.

import { h } from "../dom";
import { count, words } from "../format";
import { limitOf } from "./colours";
import { kVerdicts, loadAllCells, loadCells, loadVerdicts, meanMap, type Cells, type MapSet, type Verdicts } from "./data";
import { buildPage, contextName, expressionBox, intervalText, mapFigure, markOfSet, pageLink, parameter, setParameter, value3, whenLoaded, withUnits, type Chosen } from "./frame";
import { drawHeat, HeatMap, heatKey, type HeatData } from "./heatmap";
import { isHeldBack } from "./missing";

const kSorts: [id: string, words: string][] = [
  ["cluster", "similar contexts together"],
  ["size", "strongest first"],
  ["expression", "by one expression"],
  ["name", "by name"],
  ["file", "as in the maps"],
];

// Order of rows; what cannot be placed comes last.
function ordered(set: MapSet, chosen: Chosen, values: Float32Array, sort: string, expression: number): number[] {
  const all = set.contexts.map((_, i) => i);
  const E = set.expressions.length;
  const by = (key: (i: number) => number) => {
    const keys = all.map(key);
    return all.sort((a, b) => {
      const [x, y] = [keys[a] as number, keys[b] as number];
      return (x !== x ? 1 : 0) - (y !== y ? 1 : 0) || y - x || a - b;
    });
  };
  if (sort === "name") return all.sort((a, b) => (set.contexts[a] as string).localeCompare(set.contexts[b] as string, "en") || a - b);
  if (sort === "expression") return by((i) => values[i * E + expression] as number);
  if (sort === "size") {
    return by((i) => {
      let most = NaN;
      for (let e = 0; e < E; ++e) {
        const size = Math.abs(values[i * E + e] as number);
        if (size === size && !(size <= most)) most = size;
      }
      return most;
    });
  }
  const order = chosen.comparison?.similar_contexts_together;
  if (sort === "cluster" && order) {
    const place = new Map(order.map((row, i) => [row - 1, -i]));
    return by((i) => place.get(i) ?? NaN);
  }
  return all;
}

function draw(now: Chosen, into: HTMLElement): void {
  const { index, set } = now;
  const E = set.expressions.length;
  const hasOrder = !!now.comparison?.similar_contexts_together?.length;
  let region = Math.min(set.regions.length, Math.max(0, Number(parameter("region") ?? 0) || 0));
  let sort = parameter("sort") ?? "cluster";
  if (sort === "cluster" && !hasOrder) sort = "size";
  let expression = Math.max(0, set.expressions.indexOf(parameter("expression") ?? ""));
  let search = "";
  let cells: Cells | null = null;
  let verdicts: Verdicts | null = null;
  let only = "";
  let values: Float32Array = new Float32Array();
  let data: HeatData | null = null;

  const heat = new HeatMap((context, e) => {
    location.href = pageLink("claims", { set: index, context: contextName(set, context), expression: set.expressions[e] ?? "" });
  });
  const key = h("div");
  const status = h("p", { class: "note", role: "status" });
  const show = () => {
    const wanted = search.trim().toLowerCase();
    const verdictOf = (at: number) => (verdicts ? kVerdicts[verdicts.verdict[at] ?? 0] ?? kVerdicts[0] : null);
    const rows = ordered(set, now, values, sort, expression)
      .filter((i) => !only || set.expressions.some((_, e) => verdictOf(i * E + e) === only))
      .filter((i) => !wanted || (set.contexts[i] as string).toLowerCase().includes(wanted))
      .map((i) => ({ index: i, name: contextName(set, i) }));
    const reason = (row: number, e: number) => set.reasons[cells?.reason[row * E + e] ?? 0] ?? "";
    data = {
      rows,
      columns: set.expressions,
      limit: limitOf(values),
      value: (row, e) => values[row * E + e] as number,
      heldBack: (row, e) => isHeldBack(reason(row, e)),
      ...(verdicts ? { sign: (row: number, e: number) => ({ alike: "=", different: "≠" })[verdictOf(row * E + e) as string] ?? "" } : {}),
      describe: (row, e) => {
        const at = row * E + e;
        const head = `${contextName(set, row)} × ${set.expressions[e]}`;
        const value = values[at] as number;
        if (value !== value) return [head, cells ? words(reason(row, e)) || "no estimate" : "no region has an estimate"];
        const all = verdicts ? [`over all regions: ${verdictOf(at)}${verdicts.mean[at] === verdicts.mean[at] ? `, mean ${value3(verdicts.mean[at])} (95% ${intervalText(verdicts.lower[at] as number, verdicts.upper[at] as number)}), I² ${Math.round(100 * (verdicts.i2[at] as number))}%` : ""}`] : [];
        if (!cells) return [head, ...(verdicts ? all : [`${value3(value)}, mean of the regions that have the cell`])];
        const n = cells.n_context[row] ?? -1;
        const uploaders = cells.n_uploaders[row] ?? -1;
        const p = cells.p_bh[at] as number;
        return [
          head,
          `${value3(value)} (95% ${intervalText(cells.lower[at] as number, cells.upper[at] as number)})`,
          ...(n >= 0 ? [`${count(n)} videos with the context${uploaders >= 0 ? `, ${count(uploaders)} uploaders` : ""}`] : []),
          ...(p === p ? [`p = ${p < 0.001 ? "< 0.001" : p.toFixed(3)}, Benjamini-Hochberg`] : []),
          ...all,
        ];
      },
    };
    key.replaceChildren(heatKey(data.limit, verdicts !== null));
    status.textContent = `${count(rows.length)} of ${count(set.contexts.length)} contexts`;
    heat.show(data);
  };
  const load = async () => {
    verdicts = await loadVerdicts(index);
    if (region < set.regions.length) {
      cells = await loadCells(index, region);
      values = cells.estimate;
    } else {
      cells = null;
      values = verdicts ? verdicts.mean : meanMap(await loadAllCells(index)).mean;
    }
    show();
  };
  const meanName = set.has_verdicts ? "All regions (random-effects mean)" : "Mean of all regions";
  const regionName = () => set.regions[region] ?? meanName;
  const regionBox = h("select", { id: "region", onchange: () => { region = Number(regionBox.value); setParameter("region", region); void load(); } },
    ...set.regions.map((name, i) => h("option", { value: i, selected: i === region }, name)), h("option", { value: set.regions.length, selected: region === set.regions.length }, meanName));
  const verdictBox = h("select", { id: "verdict", onchange: () => { only = verdictBox.value; show(); } },
    h("option", { value: "" }, "all contexts"), ...["alike", "different", "undecided"].map((v) => h("option", { value: v }, `with a cell that is ${v}`)));
  const sortBox = h("select", { id: "sort", onchange: () => { sort = sortBox.value; setParameter("sort", sort); show(); } },
    ...kSorts.filter(([id]) => id !== "cluster" || hasOrder).map(([id, text]) => h("option", { value: id, selected: id === sort }, text)));
  const searchBox = h("input", { id: "search", type: "search", placeholder: "Search contexts", "aria-label": "Search contexts", oninput: () => { search = searchBox.value; show(); } });
  const figure = mapFigure(set, {
    id: "heat", title: "Contexts by expressions", fileName: "map",
    note: `${withUnits(set)}. Blue goes together, orange keeps apart. SVG and PNG show the rows in view, CSV all rows. A double click, or Enter, opens the cell's claim.${set.has_verdicts ? " = and ≠ say whether the regions are alike in the cell (each within the margin of the mean of the others, shown by equivalence tests) or different (by more than their errors); a missing difference is never alike." : ""}`,
    get more() { return regionName(); },
    screen: () => {
      const mark = markOfSet(set);
      if (mark) heat.element.querySelector(".heat-body")?.append(h("div", { class: "heat-mark", "aria-hidden": "true" }, ...Array.from({ length: 4 }, () => h("span", {}, mark.across))));
      return h("div", {}, key, heat.element);
    },
    draw: (frame) => (data ? drawHeat(data, heat.rowsInView(), frame) : null),
    csv: () => ({
      header: ["region", "context", "expression", "estimate", "lower", "upper", "p_bh", "n_context", "n_uploaders", "reason", "verdict_over_regions", "mean_over_regions"],
      rows: (data?.rows ?? []).flatMap(({ index: i }) => set.expressions.map((name, e): (string | number | null)[] => {
        const at = i * E + e;
        const number = (array: Float32Array | undefined) => { const v = array?.[at]; return v === undefined || v !== v ? null : Number(v.toPrecision(7)); };
        const n = (array: Int32Array | undefined) => { const v = array?.[i] ?? -1; return v < 0 ? null : v; };
        return [regionName(), contextName(set, i), name, number(values), number(cells?.lower), number(cells?.upper), number(cells?.p_bh), n(cells?.n_context), n(cells?.n_uploaders), (values[at] as number) === values[at] ? null : set.reasons[cells?.reason[at] ?? 0] ?? null, verdicts ? kVerdicts[verdicts.verdict[at] ?? 0] ?? null : null, number(verdicts?.mean)];
      })),
    }),
    label: () => `Heat map of ${regionName()}`,
  });
  into.append(
    h("div", { class: "filters" }, h("label", { for: "region" }, "Region"), regionBox, h("label", { for: "sort" }, "Order"), sortBox,
      expressionBox(set, "sort-expression", expression, (e) => { expression = e; sort = "expression"; sortBox.value = sort; setParameter("sort", sort); setParameter("expression", set.expressions[e] ?? null); show(); }), set.has_verdicts && h("span", { class: "box" }, h("label", { for: "verdict" }, "Contexts"), verdictBox), searchBox, status),
    figure.element,
  );
  whenLoaded(into, load(), () => {});
}

export function mapsPage(page: HTMLElement): void {
  buildPage(page, "maps", "Maps", "Every context by every expression in one region.", draw, [
    { title: "The heat map", keys: [["← ↑ → ↓", "move between cells"], ["PgUp PgDn", "a screen of rows"], ["Home End", "first and last row"], ["Enter", "the cell in all regions"]] },
  ]);
}
