// What stands around every page of maps: navigation, the choice of maps, the notice, and figures
// that carry the mark of their maps.

import { figure, markBadge, type Figure, type FigureSpec, type Frame } from "../charts/figure";
import { addWatermark } from "../charts/marks";
import { h } from "../dom";
import { buildShell, type HelpKeys } from "../shell";
import { kPriorMark, kSimulatedMark, type Mark } from "../statements";
import { compare, facts, type Comparison, type MapSet } from "./data";

// What a page shows is in its address, so that a link shows the same.
export function parameter(name: string): string | null {
  return new URLSearchParams(location.hash.slice(1)).get(name);
}

export function setParameter(name: string, value: string | number | null): void {
  const all = new URLSearchParams(location.hash.slice(1));
  if (value === null) all.delete(name);
  else all.set(name, String(value));
  history.replaceState(null, "", `#${all}`);
  for (const link of document.querySelectorAll<HTMLAnchorElement>(".pages a")) keepSet(link);
}

function keepSet(link: HTMLAnchorElement): void {
  const set = parameter("set");
  link.href = `${link.dataset.file}.html${set ? `#set=${set}` : ""}`;
}

export function pageLink(file: string, parameters: Record<string, string | number>): string {
  return `${file}.html#${new URLSearchParams(Object.entries(parameters).map(([k, v]): [string, string] => [k, String(v)]))}`;
}

export interface Chosen {
  index: number;
  set: MapSet;
  comparison: Comparison | null;
}

export function chosen(): Chosen {
  const all = facts().sets;
  const asked = Number(parameter("set") ?? 0);
  const index = Number.isInteger(asked) && asked >= 0 && asked < all.length ? asked : 0;
  const set = all[index];
  if (!set) throw new Error("the report holds no maps");
  return { index, set, comparison: compare().sets[index] ?? null };
}

export function markOfSet(set: MapSet): Mark | null {
  return set.is_simulated ? kSimulatedMark : set.is_prior ? kPriorMark : null;
}

export function validityOf(set: MapSet): string {
  return set.is_published ? "published maps; noise was added to them for privacy" : "labels as their makers validated them; see the method page";
}

export function sourceOf(set: MapSet, more = ""): string {
  return `${facts().name} · ${set.title} · ${set.kind}${more ? ` · ${more}` : ""} · Mien ${facts().program_version}`;
}

export type MapFigure = Omit<FigureSpec, "isPrior" | "mark" | "source" | "statement" | "validity"> & { more?: string; marginsForMark?: number };

// A figure of a set's numbers: marked, and with whose labels they are in every export.
export function mapFigure(set: MapSet, spec: MapFigure, ...extra: (Node | false)[]): Figure {
  const mark = markOfSet(set);
  return figure(
    {
      ...spec,
      isPrior: false,
      mark,
      validity: validityOf(set),
      source: sourceOf(set, spec.more),
      statement: `Whose labels: ${set.whose_labels} ${set.reliability}`,
      draw: (frame: Frame) => {
        const chart = spec.draw(frame);
        if (chart && mark) addWatermark(chart, { ...frame, marginLeft: 20, marginRight: 20 }, mark);
        return chart;
      },
    },
    ...extra,
  );
}

// Draws the page again when another set of maps is chosen.
export function buildPage(page: HTMLElement, file: string, title: string, lead: string, draw: (chosen: Chosen, into: HTMLElement) => void, help: HelpKeys[] = []): void {
  const all = facts();
  buildShell(page, { program_version: all.program_version }, [{ text: all.name, href: "index.html" }, { text: title }], help);
  const links = all.pages.map(([name, words]) => {
    const link = h("a", { href: `${name}.html`, "data-file": name, "aria-current": name === file ? "page" : null }, words);
    keepSet(link);
    return h("li", {}, link);
  });
  const navigation = h("nav", { class: "pages", "aria-label": "Pages of the study" }, h("ul", {}, ...links, all.videos_page ? h("li", {}, h("a", { href: all.videos_page }, "Videos")) : null));
  document.querySelector("header.top")?.after(navigation);
  const body = h("div", { class: "page-body" });
  const badge = h("span", {});
  const choice = h(
    "select",
    { id: "set", onchange: () => { setParameter("set", choice.value); redraw(); } },
    ...all.sets.map((set, i) => h("option", { value: i }, `${set.title}${set.is_simulated ? " (simulated)" : set.is_prior ? " (prior)" : ""}`)),
  );
  const redraw = () => {
    const now = chosen();
    choice.value = String(now.index);
    const mark = markOfSet(now.set);
    badge.replaceChildren(...(mark ? [markBadge(mark), ` ${mark.words}`] : []));
    body.replaceChildren();
    draw(now, body);
  };
  page.replaceChildren(
    h("div", { class: "page-head" }, h("h1", {}, file === "index" ? all.name : title)),
    h("p", { class: "lead" }, lead),
    h("p", { class: "choose" }, h("label", { for: "set" }, "Maps "), choice, " ", badge),
    body,
  );
  redraw();
  addEventListener("hashchange", redraw);
}

// Shows `make`'s result when it is there, and what is wrong where it is not.
export function whenLoaded<T>(into: HTMLElement, loading: Promise<T>, make: (value: T) => void): void {
  const wait = h("p", { class: "empty", role: "status" }, "Reading the maps…");
  into.append(wait);
  loading.then(
    (value) => {
      wait.remove();
      make(value);
      document.body.dataset.loaded = "true";
    },
    (error: unknown) => {
      wait.className = "alert failed";
      wait.textContent = error instanceof Error ? error.message : String(error);
    },
  );
}

export function notCompared(what: string): HTMLElement {
  return h("p", { class: "empty" }, `${what} comes from the comparison of regions, and these maps have not been compared. Run `, h("code", {}, "mien compare --study STUDY"), ", then ", h("code", {}, "mien report"), " again.");
}

// A box to type a context's name into, with its names offered.
export function contextBox(set: MapSet, id: string, label: string, value: number, onChange: (context: number) => void): HTMLElement {
  const list = h("datalist", { id: `${id}-list` }, ...set.contexts.map((name, i) => h("option", { value: contextName(set, i) }, name === contextName(set, i) ? "" : name)));
  const input = h("input", {
    id, type: "search", list: `${id}-list`, value: contextName(set, value), autocomplete: "off", spellcheck: "false",
    onchange: () => {
      const found = findContext(set, input.value);
      input.setAttribute("aria-invalid", String(found < 0));
      if (found >= 0) onChange(found);
    },
  });
  return h("span", { class: "box" }, h("label", { for: id }, label), input, list);
}

// Names may repeat in published maps; then the row tells them apart.
const repeated = new WeakMap<MapSet, Set<string>>();
export function contextName(set: MapSet, context: number): string {
  let names = repeated.get(set);
  if (!names) {
    const seen = new Set<string>();
    names = new Set(set.contexts.filter((name) => seen.size === seen.add(name).size));
    repeated.set(set, names);
  }
  const name = set.contexts[context] ?? "";
  return names.has(name) ? `${name} (row ${context + 1})` : name;
}

export function findContext(set: MapSet, text: string): number {
  const wanted = text.trim().toLowerCase();
  let found = set.contexts.findIndex((_, i) => contextName(set, i).toLowerCase() === wanted);
  if (found < 0) found = set.contexts.findIndex((name) => name.toLowerCase() === wanted);
  if (found < 0 && wanted) found = set.contexts.findIndex((name) => name.toLowerCase().includes(wanted));
  return found;
}

export function expressionBox(set: MapSet, id: string, value: number, onChange: (expression: number) => void): HTMLElement {
  const select = h("select", { id, onchange: () => onChange(Number(select.value)) }, ...set.expressions.map((name, i) => h("option", { value: i, selected: i === value }, name)));
  return h("span", { class: "box" }, h("label", { for: id }, "Expression"), select);
}

export function withUnits(set: MapSet): string {
  if (set.kind === "slope") return "Slope, score units";
  if (set.kind === "standardised_slope") return "Slope, standard deviations";
  return { partial: "Partial correlation", semipartial: "Semi-partial correlation", correlation: "Correlation" }[set.kind] ?? set.kind;
}

export function intervalText(lower: number, upper: number): string {
  return Number.isFinite(lower) && Number.isFinite(upper) ? `${value3(lower)} to ${value3(upper)}` : "no interval";
}

// Cells are small: three decimals, or two significant digits below.
export function value3(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const text = Math.abs(value) < 0.0095 && value !== 0 ? value.toPrecision(2) : value.toFixed(3);
  return (Number(text) === 0 ? "0" : /e/.test(text) ? value.toExponential(1) : text).replace("-", "−");
}

export function lettersMatch(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.toLowerCase();
}
