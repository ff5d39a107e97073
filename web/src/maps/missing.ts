// Why cells have no estimate, counted by region.

import { h } from "../dom";
import { count, words } from "../format";
import type { MapSet } from "./data";

// Whether a reason means that numbers are held back, not that they could not be computed.
export function isHeldBack(reason: string): boolean {
  return reason.startsWith("suppressed");
}

export function missingTable(set: MapSet): HTMLElement {
  const used = set.reasons.map((_, r) => r).filter((r) => r > 0 && set.cells_by_reason.some((region) => (region[r] ?? 0) > 0));
  if (used.length === 0) return h("p", {}, "Every cell has an estimate.");
  return h(
    "div",
    { class: "scroller", tabindex: "0", role: "region", "aria-label": "Cells without an estimate" },
    h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Reason"), ...set.regions.map((region) => h("th", { scope: "col", class: "number" }, region)))),
      h("tbody", {}, ...used.map((r) => h("tr", {}, h("th", { scope: "row" }, `${words(set.reasons[r] ?? "")}${isHeldBack(set.reasons[r] ?? "") ? " (held back)" : ""}`), ...set.cells_by_reason.map((region) => h("td", { class: "number" }, count(region[r] ?? 0))))))),
  );
}
