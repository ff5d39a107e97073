// What else could make maps look alike: every panel, with its result or the reason why there is none.

import { h, section } from "../dom";
import { words } from "../format";
import { compare, type Json, type Panel } from "./data";
import { buildPage, value3, type Chosen } from "./frame";

// The questions, for maps that no comparison has looked at.
const kQuestions: [id: string, question: string][] = [
  ["a", "Do faces in the frame make the context? Frames with faces visible, masked, and with equal patches masked elsewhere."],
  ["b", "Do contexts named as expressions carry it? With and without them."],
  ["c", "Do words and pictures agree?"],
  ["d", "Face size, pose, sharpness, brightness, skin tone, speaking."],
  ["e", "How alike would maps be by chance?"],
  ["f", "Scores and errors per group of people."],
  ["g", "Does one country carry its region? Leave one country out."],
  ["h", "Do other raters, or descriptions of actions, agree?"],
  ["i", "Does the crop of the face show the context?"],
  ["j", "Near-duplicate videos across regions, in and out."],
  ["k", "One language across regions."],
];

function leaf(value: Json): string {
  if (value === null) return "–";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : value3(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

const kFirstRows = 10;
const kMostRows = 400;
const kFolded = 99; // depth within rows that are folded away

// JSON as definitions, tables and lists, whatever a panel holds.
export function shown(value: Json, depth = 0): HTMLElement {
  if (value === null || typeof value !== "object") return h("span", {}, leaf(value));
  if (Array.isArray(value)) {
    const rows = value.filter((row): row is { [key: string]: Json } => row !== null && typeof row === "object" && !Array.isArray(row));
    if (depth < kFolded && rows.length === value.length && rows.length > kFirstRows + 4) {
      return h("div", {}, shown(value.slice(0, kFirstRows), depth), h("details", {}, h("summary", {}, `the other ${rows.length - kFirstRows} rows`), shown(value.slice(kFirstRows, kMostRows), kFolded)), rows.length > kMostRows && h("p", { class: "note" }, `${rows.length - kMostRows} more are in compare.json`));
    }
    if (rows.length === value.length && rows.length > 0) {
      const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
      return h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Rows" },
        h("table", { class: "nested" }, h("thead", {}, h("tr", {}, ...columns.map((c) => h("th", { scope: "col", class: typeof rows[0]?.[c] === "number" ? "number" : null }, words(c))))),
          h("tbody", {}, ...rows.map((row) => h("tr", {}, ...columns.map((c) => h("td", { class: typeof row[c] === "number" ? "number" : null }, shown(row[c] ?? null, depth + 1))))))));
    }
    return h("span", {}, value.slice(0, 60).map((v) => (v !== null && typeof v === "object" ? JSON.stringify(v) : leaf(v))).join(", ") + (value.length > 60 ? ` … ${value.length} in all` : "") || "none");
  }
  const entries = Object.entries(value);
  const simple = entries.length > 6 && entries.every(([, v]) => v === null || typeof v !== "object");
  if (simple) return shown(entries.map(([name, v]) => ({ name, value: v })), depth);
  return h("dl", { class: depth === 0 ? "facts" : "facts nested" }, ...entries.map(([name, v]) => h("div", {}, h("dt", {}, words(name)), h("dd", {}, shown(v, depth + 1)))));
}

// Countries without which their region's map changes most come first.
function ordered(id: string, result: Json): Json {
  if (id !== "g" || !Array.isArray(result)) return result;
  const r = (row: Json) => (row !== null && typeof row === "object" && !Array.isArray(row) && typeof row.r_with_the_whole_region === "number" ? row.r_with_the_whole_region : 2);
  return [...result].sort((a, b) => r(a) - r(b));
}

function panel(id: string, entry: Panel): HTMLElement {
  return h("article", { class: entry.possible ? "panel" : "panel off", id: `panel-${id}` }, h("h3", {}, `(${id}) ${entry.title}`),
    entry.possible ? shown(ordered(id, entry.result)) : h("p", { class: "note" }, `Not possible here: ${entry.reason ?? "no reason was written"}`));
}

function draw({ set, comparison }: Chosen, into: HTMLElement): void {
  const own = compare();
  const panels = set.is_published ? comparison?.panels : own.panels;
  const text = (set.is_published ? comparison?.visual_against_text : own.visual_against_text) ?? null;
  const entries = Object.entries(panels ?? {});
  if (entries.length > 0) {
    const done = entries.filter(([, p]) => p.possible).length;
    into.append(h("p", {}, `${done} of ${entries.length} panels could be computed from what lies here.`), h("div", {}, ...entries.map(([id, entry]) => panel(id, entry))));
  } else {
    into.append(h("p", { class: "note" }, "No panel was computed for these maps. These are the questions that stay open:"),
      h("div", {}, ...kQuestions.map(([id, question]) => h("article", { class: "panel off" }, h("h3", {}, `(${id}) ${question}`), h("p", { class: "note" }, "Not computed.")))));
  }
  if (text !== null && typeof text === "object") into.append(section("text", "Contexts of pictures against contexts of words", h("div", { class: "panel" }, shown(text))));
}

export function confoundsPage(page: HTMLElement): void {
  buildPage(page, "confounds", "Confounds", "Regions may look alike for other reasons than people's faces. What was checked, and what could not be.", draw);
}
