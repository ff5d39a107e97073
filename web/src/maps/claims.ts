// A claim is a context and an expression. It is ranked in every region, with its interval, and the
// regions that agree are counted.

import { h, section } from "../dom";
import { count, plural, words } from "../format";
import { DataTable } from "../table";
import { drawDots, type Dot } from "./charts";
import { kVerdicts, loadAllCells, loadVerdicts, meanMap, type Cells, type MapSet, type Verdicts } from "./data";
import { buildPage, contextBox, contextName, expressionBox, findContext, intervalText, lettersMatch, mapFigure, parameter, setParameter, value3, whenLoaded, withUnits, type Chosen } from "./frame";

const kPrepared: [expression: string, context: RegExp][] = [
  ["triumph", /^(sport|sports)$/i],
  ["amusement", /practical joke|prank/i],
  ["pain", /weight training|weight.?lifting/i],
  ["elation", /^toys?$/i],
];

interface Place {
  region: string;
  value: number;
  lower: number;
  upper: number;
  rankOfContext: number; // among contexts, for the expression; NaN without an estimate
  contexts: number;
  rankOfExpression: number; // among expressions, for the context
  expressions: number;
  n: number;
  reason: string;
}

function places(set: MapSet, all: Cells[], context: number, expression: number): Place[] {
  const E = set.expressions.length;
  return all.map((cells, g) => {
    const at = context * E + expression;
    const value = cells.estimate[at] as number;
    let contexts = 0;
    let above = 0;
    for (let i = expression; i < cells.estimate.length; i += E) {
      const other = cells.estimate[i] as number;
      if (other !== other) continue;
      ++contexts;
      if (other > value) ++above;
    }
    let expressions = 0;
    let aboveHere = 0;
    for (let e = 0; e < E; ++e) {
      const other = cells.estimate[context * E + e] as number;
      if (other !== other) continue;
      ++expressions;
      if (other > value) ++aboveHere;
    }
    const isThere = value === value;
    return {
      region: set.regions[g] ?? "", value, lower: cells.lower[at] as number, upper: cells.upper[at] as number,
      rankOfContext: isThere ? above + 1 : NaN, contexts, rankOfExpression: isThere ? aboveHere + 1 : NaN, expressions,
      n: cells.n_context[context] ?? -1, reason: words(set.reasons[cells.reason[at] ?? 0] ?? "") || "no estimate",
    };
  });
}

// What the comparison says of the cell over all regions.
function overRegions(verdicts: Verdicts | null, at: number): string {
  if (!verdicts) return "";
  const called = kVerdicts[verdicts.verdict[at] ?? 0] ?? kVerdicts[0];
  const mean = verdicts.mean[at] as number;
  if (mean !== mean) return ` Over all regions: ${called}.`;
  const meaning = { alike: "every region lies within the margin of the mean of the others", different: "they differ by more than their errors", undecided: "neither is shown", "not estimable": "too few regions have it" }[called];
  return ` Over all regions: ${called} (${meaning}); random-effects mean ${value3(mean)} (95% ${intervalText(verdicts.lower[at] as number, verdicts.upper[at] as number)}), I² ${Math.round(100 * (verdicts.i2[at] as number))}%.`;
}

function verdict(rows: Place[], over: string): HTMLElement {
  const estimated = rows.filter((r) => r.value === r.value);
  const positive = estimated.filter((r) => r.value > 0);
  const bounded = estimated.filter((r) => Number.isFinite(r.lower));
  const sure = bounded.filter((r) => r.lower > 0);
  const against = bounded.filter((r) => r.upper < 0);
  const topTenth = estimated.filter((r) => r.rankOfContext <= Math.max(1, r.contexts / 10));
  return h(
    "div",
    { class: "verdict", id: "verdict" },
    bounded.length > 0
      ? h("p", {}, h("strong", {}, `${sure.length} of ${estimated.length}`), " regions agree: their 95% interval lies above 0.", against.length > 0 ? ` ${plural(against.length, "region")} ${against.length === 1 ? "has" : "have"} it below 0.` : "")
      : h("p", {}, h("strong", {}, `${positive.length} of ${estimated.length}`), " regions have an association above 0; these maps have no intervals, so how sure that is cannot be said."),
    h("p", { class: "note" }, `${positive.length} of ${estimated.length} are above 0; in ${topTenth.length} the context is among the tenth that goes best with the expression.${estimated.length < rows.length ? ` ${plural(rows.length - estimated.length, "region")} without an estimate.` : ""} Regions are looked at one by one at 95%, not corrected for looking at many claims.`),
    over ? h("p", { class: "note", id: "over-regions" }, over.trim()) : null,
  );
}

interface Pair {
  context: number;
  expression: number;
  mean: number;
  regions: number;
  above: number; // regions whose interval (or, without intervals, estimate) is above 0
  worst: number; // the least favourable rank of the context
}

function allPairs(set: MapSet, all: Cells[]): Pair[] {
  const E = set.expressions.length;
  const { mean, regions } = meanMap(all);
  const hasIntervals = all.some((cells) => cells.lower.some((v) => v === v));
  const worst = new Float64Array(mean.length);
  for (const cells of all) {
    for (let e = 0; e < E; ++e) {
      const order = set.contexts.map((_, c) => c).filter((c) => cells.estimate[c * E + e] === cells.estimate[c * E + e]);
      order.sort((a, b) => (cells.estimate[b * E + e] as number) - (cells.estimate[a * E + e] as number));
      order.forEach((c, i) => (worst[c * E + e] = Math.max(worst[c * E + e] as number, i + 1)));
    }
  }
  const pairs: Pair[] = [];
  for (let i = 0; i < mean.length; ++i) {
    if (!(regions[i] as number)) continue;
    let above = 0;
    for (const cells of all) if (((hasIntervals ? cells.lower[i] : cells.estimate[i]) as number) > 0) ++above;
    pairs.push({ context: Math.floor(i / E), expression: i % E, mean: mean[i] as number, regions: regions[i] as number, above, worst: worst[i] as number });
  }
  return pairs;
}

function draw({ index, set }: Chosen, into: HTMLElement): void {
  const body = h("div", { class: "page-body" });
  into.append(body);
  whenLoaded(into, Promise.all([loadAllCells(index), loadVerdicts(index)]), ([all, verdicts]) => {
    const prepared = kPrepared.flatMap(([name, pattern]) => {
      const e = set.expressions.findIndex((x) => lettersMatch(x, name));
      const c = set.contexts.findIndex((x) => pattern.test(x));
      return e >= 0 && c >= 0 ? [{ expression: e, context: c }] : [];
    });
    const pairs = allPairs(set, all);
    const strongest = pairs.reduce<Pair | null>((best, p) => (best === null || p.above > best.above || (p.above === best.above && p.mean > best.mean) ? p : best), null);
    let context = findContext(set, parameter("context") ?? "");
    let expression = set.expressions.indexOf(parameter("expression") ?? "");
    if (context < 0) context = prepared[0]?.context ?? strongest?.context ?? 0;
    if (expression < 0) expression = (parameter("context") === null ? prepared[0]?.expression : undefined) ?? strongest?.expression ?? 0;
    const claim = h("div", { class: "page-body" });
    const show = () => {
      setParameter("context", contextName(set, context));
      setParameter("expression", set.expressions[expression] ?? null);
      const rows = places(set, all, context, expression);
      const title = `${set.expressions[expression]} × ${contextName(set, context)}`;
      const dots: Dot[] = rows.map((r) => ({ name: r.region, value: r.value, lower: r.lower, upper: r.upper, note: r.reason, title: `${r.region}: ${value3(r.value)} (${intervalText(r.lower, r.upper)}), rank ${r.rankOfContext} of ${r.contexts}` }));
      const table = new DataTable<Place>({
        caption: `${title} in every region`, noun: "regions", pageSize: 200,
        columns: [
          { title: "Region", isHeader: true, sort: (r) => r.region, cell: (r) => r.region },
          { title: "Estimate", isNumber: true, firstDescending: true, sort: (r) => (r.value === r.value ? r.value : null), cell: (r) => (r.value === r.value ? value3(r.value) : r.reason) },
          { title: "95% interval", isNumber: true, sort: (r) => (Number.isFinite(r.lower) ? r.lower : null), cell: (r) => intervalText(r.lower, r.upper) },
          { title: "Rank of the context", tip: "Among contexts with an estimate, for this expression", isNumber: true, sort: (r) => (r.rankOfContext === r.rankOfContext ? r.rankOfContext : null), cell: (r) => (r.rankOfContext === r.rankOfContext ? `${count(r.rankOfContext)} of ${count(r.contexts)}` : "–") },
          { title: "Rank of the expression", tip: "Among expressions, for this context", isNumber: true, sort: (r) => (r.rankOfExpression === r.rankOfExpression ? r.rankOfExpression : null), cell: (r) => (r.rankOfExpression === r.rankOfExpression ? `${r.rankOfExpression} of ${r.expressions}` : "–") },
          { title: "Videos with the context", isNumber: true, sort: (r) => (r.n >= 0 ? r.n : null), cell: (r) => (r.n >= 0 ? count(r.n) : "–") },
        ],
      });
      table.setRows(rows);
      claim.replaceChildren(
        verdict(rows, overRegions(verdicts, context * set.expressions.length + expression)),
        mapFigure(set, {
          id: "claim", title, fileName: "claim", more: "",
          note: `${withUnits(set)} in every region${rows.some((r) => Number.isFinite(r.lower)) ? ", with its 95% interval" : "; these maps have no intervals"}.`,
          draw: (frame) => drawDots(dots, frame, { label: withUnits(set) }),
          csv: () => ({ header: ["region", "context", "expression", "estimate", "lower", "upper", "rank_of_context", "contexts", "rank_of_expression", "expressions", "n_context", "reason"], rows: rows.map((r) => [r.region, contextName(set, context), set.expressions[expression] ?? "", r.value, r.lower, r.upper, r.rankOfContext, r.contexts, r.rankOfExpression, r.expressions, r.n >= 0 ? r.n : null, r.value === r.value ? null : r.reason]) }),
          label: () => dots.map((d) => `${d.name} ${value3(d.value)}`).join(", "),
        }).element,
        table.element,
      );
    };
    const controls = h("div", { class: "filters" });
    const rebuild = () => {
      controls.replaceChildren(
        expressionBox(set, "expression", expression, (e) => { expression = e; show(); }),
        contextBox(set, "context", "Context", context, (c) => { context = c; show(); }),
        ...(prepared.length > 0 ? [h("span", { class: "chips" }, "Prepared: ", ...prepared.map((p) => h("button", { type: "button", class: "quiet chip", onclick: () => { ({ context, expression } = p); rebuild(); show(); } }, `${set.expressions[p.expression]} × ${contextName(set, p.context)}`)))] : []),
      );
    };
    rebuild();
    const missing = kPrepared.length - prepared.length;
    const listing = new DataTable<Pair>({
      caption: "All pairs", noun: "pairs", pageSize: 25,
      onRow: (p) => { ({ context, expression } = p); rebuild(); show(); claim.scrollIntoView({ block: "start" }); },
      columns: [
        { title: "Expression", sort: (p) => set.expressions[p.expression] ?? "", cell: (p) => set.expressions[p.expression] ?? "" },
        { title: "Context", isHeader: true, sort: (p) => set.contexts[p.context] ?? "", cell: (p) => h("button", { type: "button", class: "link" }, contextName(set, p.context)) },
        { title: "Regions that agree", tip: "Interval above 0; without intervals, estimate above 0", isNumber: true, firstDescending: true, sort: (p) => p.above + p.mean / 1e3, cell: (p) => `${p.above} of ${p.regions}` },
        ...(verdicts ? [{ title: "Over regions", tip: "Alike, different or undecided, by equivalence test and heterogeneity", sort: (p: Pair) => verdicts.verdict[p.context * set.expressions.length + p.expression] ?? 0, cell: (p: Pair) => kVerdicts[verdicts.verdict[p.context * set.expressions.length + p.expression] ?? 0] ?? "" }] : []),
        { title: "Mean", isNumber: true, firstDescending: true, sort: (p) => p.mean, cell: (p) => value3(p.mean) },
        { title: "Least favourable rank", tip: "Of the context for the expression, over regions", isNumber: true, sort: (p) => p.worst, cell: (p) => count(p.worst) },
      ],
    });
    listing.setRows(pairs);
    listing.sortBy(2, true);
    const search = h("input", { type: "search", placeholder: "Search pairs", "aria-label": "Search pairs", oninput: () => {
      const wanted = search.value.trim().toLowerCase();
      listing.setRows(pairs.filter((p) => !wanted || `${set.expressions[p.expression]} ${set.contexts[p.context]}`.toLowerCase().includes(wanted)));
    } });
    body.append(
      controls,
      ...(missing > 0 ? [h("p", { class: "note" }, `${plural(missing, "prepared claim")} of the study of 2021 (triumph and sport, amusement and practical joke, pain and weight training, elation and toy) ${missing === 1 ? "has" : "have"} no such context or expression in these maps.`)] : []),
      claim,
      section("pairs", "All pairs", h("p", { class: "lead" }, "Sorted by how many regions agree, then by the mean. Click a row to see it."), h("div", { class: "filters" }, search), listing.element),
    );
    show();
  });
}

export function claimsPage(page: HTMLElement): void {
  buildPage(page, "claims", "Claims", "Does an expression go with a context, and in how many regions? Choose a pair.", draw);
}
