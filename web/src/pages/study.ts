// The index: what was measured, what failed and why, which labels lead, and the list of videos.

import { study, shortName, type Study } from "../data";
import { declarationSection } from "../declaration";
import { h, section } from "../dom";
import { count, duration, percent, plural, words } from "../format";
import { drawBars } from "../charts/bars";
import { coverageShares, shareBars, shareCsv, type Share } from "../charts/coverage";
import { figure, statementOf } from "../charts/figure";
import { sourceLine, statusBadge, versions, whoseLabels } from "../parts";
import { buildShell } from "../shell";
import { kListKeys, VideoList } from "./video_list";

function tiles(facts: Study): HTMLElement {
  const t = facts.totals;
  const tile = (value: string, name: string, more: string) => h("div", { class: "tile" }, h("dt", {}, name), h("dd", {}, h("span", { class: "big" }, value), h("span", { class: "more" }, more)));
  const states = ["ok", "partial", "failed"].map((s) => `${count(t.by_status[s] ?? 0)} ${s}`).join(" · ");
  return h(
    "dl",
    { class: "tiles" },
    tile(count(t.videos), "Videos", states),
    tile(duration(t.duration_s), "Length", t.durations_unknown > 0 ? `${plural(t.durations_unknown, "video")} of unknown length or still` : "of all videos"),
    tile(count(t.frames_analysed), "Frames analysed", `of ${count(t.frames_decoded)} decoded, at most ${facts.rate_hz} a second`),
    tile(count(t.tracks), "Face tracks", `in ${plural(t.videos_with_face, "video")}`),
    tile(duration(t.face_seconds), "Scored face time", `in ${plural(t.videos_scored, "video")}`),
  );
}

function troubles(facts: Study, show: (status: string, reason: string) => void): HTMLElement | null {
  const reasons = [...facts.totals.by_reason].sort((a, b) => b[2] - a[2]);
  if (reasons.length === 0) return null;
  return section(
    "troubles",
    "What failed and why",
    h(
      "div",
      { class: "scroller", tabindex: "0", role: "region", "aria-label": "What failed and why" },
      h(
        "table",
        { class: "troubles" },
        h("thead", {}, h("tr", {}, ...["Status", "Reason", "Videos", "For example"].map((title) => h("th", { scope: "col", class: title === "Videos" ? "number" : null }, title)))),
        h(
          "tbody",
          {},
          ...reasons.map(([status, reason, videos, example]) =>
            h(
              "tr",
              {},
              h("td", {}, statusBadge(status)),
              h("th", { scope: "row" }, words(reason) || "unknown"),
              h("td", { class: "number" }, h("button", { type: "button", class: "link", "aria-label": `Show ${plural(videos, "video")}: ${status}, ${words(reason)}`, onclick: () => show(status, reason) }, count(videos))),
              h("td", { class: "message" }, example),
            ),
          ),
        ),
      ),
    ),
  );
}

function coverage(facts: Study): HTMLElement {
  const t = facts.totals;
  const shares: Share[] = [
    { name: "Videos ok", part: t.by_status.ok ?? 0, whole: t.videos },
    { name: "Videos with a face", part: t.videos_with_face, whole: t.videos },
    { name: "Videos scored", part: t.videos_scored, whole: t.videos },
    ...coverageShares(t),
  ];
  const scored = percent(t.scored_rows, t.face_rows);
  return figure({
    id: "coverage",
    title: "Coverage",
    note: `What was measured of what was there. Faces too small, blurred or turned away are seen and not scored: ${t.face_rows > 0 ? `${scored} of the faces on frames were scored` : "no face was seen"}.${t.windows_short > 0 ? ` Shorter than 1 s: ${count(t.windows_short)} of ${plural(t.windows, "window")}.` : ""}`,
    isPrior: false,
    source: sourceLine(facts, facts.name),
    draw: (frame) => drawBars(shareBars(shares), { domain: [0, 1], isPrior: false, nameRoom_px: 136 }, frame),
    csv: () => shareCsv(shares),
    label: () => shareBars(shares).map((bar) => `${bar.name}: ${bar.text}`).join("; "),
    fileName: "coverage",
  }).element;
}

function leadingFigures(facts: Study): HTMLElement[] {
  return facts.leading_groups.flatMap((g, k) => {
    const group = facts.groups[g];
    const counts = [...(facts.totals.leading[k] ?? [])].sort((a, b) => b[1] - a[1]);
    if (!group || counts.length === 0) return [];
    const bars = counts.map(([channel, videos]) => ({ name: shortName(facts.channels[channel]?.[0] ?? ""), value: videos, text: count(videos) }));
    const most = counts[0]?.[1] ?? 1;
    return [
      figure({
        id: `leading-${group.prefix}`,
        title: `Leading label: ${group.title}`,
        note: `Videos by the label with the greatest mean score; a label can lead by a hair.`,
        statement: statementOf(group),
        isPrior: group.is_prior,
        source: sourceLine(facts, facts.name),
        draw: (frame) => drawBars(bars, { domain: [0, most], isPrior: group.is_prior }, frame),
        csv: () => ({ header: ["channel", "videos"], rows: counts.map(([channel, videos]) => [facts.channels[channel]?.[0] ?? "", videos]) }),
        label: () => bars.map((bar) => `${bar.name}: ${plural(bar.value, "video")}`).join("; "),
        fileName: `leading-${group.prefix}`,
      }).element,
    ];
  });
}

export function buildStudyPage(page: HTMLElement): void {
  const facts = study();
  buildShell(page, facts, [{ text: facts.name }], [{ title: "The list of videos", keys: kListKeys }]);
  const list = new VideoList(facts);
  page.replaceChildren(
    h("div", { class: "page-head" }, h("h1", {}, facts.name), facts.study_page ? h("a", { class: "button", href: facts.study_page }, "Maps and comparison") : null),
    tiles(facts),
    declarationSection(facts.declaration),
    troubles(facts, (status, reason) => list.showOnly(status, reason)) ?? "",
    list.element,
    section("measured", "What was measured", h("div", { class: "figures" }, coverage(facts), ...leadingFigures(facts))),
    whoseLabels(facts),
    versions(facts),
  );
  list.start();
}
