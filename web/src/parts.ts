// Pieces that both pages show: the notice, whose labels they are, versions, status badges.

import type { Study, Video } from "./data";
import { shortName } from "./data";
import { definitions, h, section } from "./dom";
import { priorBadge } from "./charts/figure";
import { kNotice } from "./statements";

const kStatus: Record<string, [icon: string, word: string]> = {
  ok: ["✓", "ok"],
  partial: ["◐", "partial"],
  failed: ["✕", "failed"],
};

export function statusBadge(status: string): HTMLElement {
  const [icon, word] = kStatus[status] ?? ["?", status];
  return h("span", { class: `badge status-${status}` }, h("span", { class: "icon", "aria-hidden": "true" }, icon), word);
}

export function notice(): HTMLElement {
  return h("p", { class: "notice" }, kNotice);
}

export function groupTitle(facts: Study, group: number): string {
  return facts.groups[group]?.title ?? "";
}

export function whoseLabels(facts: Study): HTMLElement {
  const cards = facts.groups.map((group, g) => {
    const channels = facts.channels.filter((channel) => channel[2] === g);
    return h(
      "article",
      { class: group.is_prior ? "card is-prior" : "card" },
      h("div", { class: "card-head" }, h("h3", {}, group.title), group.is_prior && priorBadge()),
      definitions([
        ["Whose labels", group.whose_labels],
        ["How reliable", group.reliability],
      ]),
      h(
        "details",
        {},
        h("summary", {}, `${channels.length} channels`),
        h("dl", { class: "channel-list" }, ...channels.flatMap(([name, description]) => [h("dt", {}, shortName(name), " ", h("code", {}, name)), h("dd", {}, description)])),
      ),
    );
  });
  return section(
    "labels",
    "Whose labels these are",
    h(
      "p",
      { class: "lead" },
      `${kNotice} The culture, language and word list of whoever labelled a model's training pictures are part of the model. Results are for groups, not for judging a person.`,
    ),
    h("div", { class: "cards" }, ...cards),
  );
}

// {"media": {"rate_hz": 6}} -> [["media.rate_hz", "6"]]
function flatten(value: unknown, path = ""): [string, string][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) => flatten(inner, path ? `${path}.${key}` : key));
  }
  return [[path, typeof value === "string" ? value : JSON.stringify(value)]];
}

export function versions(facts: Study): HTMLElement {
  const hash = (value: string) => h("code", { class: "hash", title: value }, value);
  return section(
    "versions",
    "Versions and options",
    definitions([
      ["Mien", facts.program_version],
      ["Model set", hash(facts.model_set_hash)],
      ...facts.libraries.map(([name, version]): [string, string] => [name, version]),
    ]),
    h(
      "details",
      {},
      h("summary", {}, `${facts.models.length} models`),
      h(
        "div",
        { class: "scroller", tabindex: "0", role: "region", "aria-label": "Models" },
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Model"), h("th", { scope: "col" }, "Used for"), h("th", { scope: "col" }, "SHA-256 of the weights"))),
          h("tbody", {}, ...facts.models.map(([id, role, sha256]) => h("tr", {}, h("th", { scope: "row" }, id), h("td", {}, role), h("td", {}, hash(sha256))))),
        ),
      ),
    ),
    h(
      "details",
      {},
      h("summary", {}, "Options of the run"),
      h("dl", { class: "options" }, ...flatten(facts.options).flatMap(([key, value]) => [h("dt", {}, h("code", {}, key)), h("dd", {}, value)])),
    ),
  );
}

export function sourceLine(facts: Study, what: string): string {
  return `${what} · Mien ${facts.program_version} · model set ${facts.model_set_hash.slice(0, 12)}`;
}

// "group/party.mp4", "faces" -> "party-faces": a name that every file system takes.
export function fileName(of: Video, what: string): string {
  const stem = of.id.split("/").at(-1)?.replace(/\.[^.]*$/, "") ?? "";
  const safe = stem.replace(/[^A-Za-z0-9_-]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 60);
  return `${safe || `video-${of.number}`}-${what}`;
}

// For tables with leading labels: whose they are and how far to trust them, in a paragraph.
export function labelStatement(facts: Study): HTMLElement {
  return h(
    "ul",
    { class: "statement" },
    ...facts.leading_groups.flatMap((g) => {
      const group = facts.groups[g];
      return group ? [h("li", {}, h("strong", {}, group.title), group.is_prior ? " " : null, group.is_prior ? priorBadge() : null, ` ${group.whose_labels} ${group.reliability}`)] : [];
    }),
  );
}
