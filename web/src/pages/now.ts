// The moment under the cursor in words: which face, scored or why not, the leading labels. Spoken to
// a screen reader once the time has stood still, never while it runs.

import type { Clock } from "../clock";
import { channelsOfGroup, shortName, type Maybe } from "../data";
import { h } from "../dom";
import { clock as timeText, fixed, words } from "../format";
import type { Track, VideoModel } from "../model";
import { priorBadge } from "../charts/figure";
import { trackColour } from "../theme";

const kStill_ms = 500;
const kRows = 3;

interface GroupRows {
  group: number;
  rows: { name: HTMLElement; bar: HTMLElement; value: HTMLElement }[];
}

export class Now {
  readonly element: HTMLElement;
  private readonly heading = h("p", { class: "now-head" });
  private readonly spoken = h("p", { class: "unseen", role: "status" });
  private readonly groups: GroupRows[] = [];
  private timer = 0;
  private head = "";

  constructor(
    private readonly model: VideoModel,
    private readonly clock: Clock,
    private readonly track: () => Maybe<Track>,
  ) {
    const blocks = model.study.leading_groups.map((group) => {
      const rows = Array.from({ length: kRows }, () => ({ name: h("span", { class: "now-name" }), bar: h("span", { class: "now-fill" }), value: h("span", { class: "now-value" }) }));
      this.groups.push({ group, rows });
      const facts = model.study.groups[group];
      return h(
        "div",
        { class: "now-group" },
        h("p", { class: "now-title" }, facts?.title ?? "", " ", facts?.is_prior ? priorBadge() : null),
        ...rows.map((row) => h("div", { class: "now-row" }, row.name, h("span", { class: "now-bar" }, row.bar), row.value)),
      );
    });
    const shown = model.tracks.length > 0 ? blocks : [];
    this.element = h("section", { class: "now", "aria-label": "At this moment" }, h("div", { "aria-hidden": "true" }, this.heading, ...shown), this.spoken);
    clock.onChange(() => this.update());
    this.update();
  }

  update(): void {
    const track = this.track();
    if (!track) {
      if (this.head !== "none") this.heading.replaceChildren("No face was found in this video.");
      this.head = "none";
      return;
    }
    const time_s = this.clock.time_s;
    const absence = this.model.absence(track, time_s);
    const state = absence === null ? "scored" : absence === "not seen" ? "not seen at this moment" : `seen, not scored: ${words(absence)}`;
    const key = `${track.id}|${state}`;
    if (key !== this.head) {
      this.head = key;
      const swatch = h("span", { class: "swatch" });
      swatch.style.background = trackColour(track.id);
      this.heading.replaceChildren(swatch, h("strong", {}, `Track #${track.id}`), ` ${state}`);
    }
    for (const { group, rows } of this.groups) {
      const top = this.greatest(track, group, time_s);
      rows.forEach((row, i) => {
        const entry = top[i];
        row.name.textContent = entry ? entry.name : "–";
        row.value.textContent = entry ? fixed(entry.value, 2) : "–";
        row.bar.style.width = `${100 * Math.min(1, Math.max(0, entry?.value ?? 0))}%`;
      });
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.speak(track, time_s, state), kStill_ms);
  }

  private greatest(track: Track, group: number, time_s: number): { name: string; value: number }[] {
    return channelsOfGroup(this.model.study, group)
      .flatMap((channel) => {
        const { value } = this.model.read(track, channel, time_s);
        return value === null ? [] : [{ name: shortName(this.model.study.channels[channel]?.[0] ?? ""), value }];
      })
      .sort((a, b) => b.value - a.value)
      .slice(0, kRows);
  }

  private speak(track: Track, time_s: number, state: string): void {
    if (this.clock.isPlaying || Math.abs(this.clock.time_s - time_s) > 0.01) return;
    const parts = this.groups.flatMap(({ group }) => {
      const [first] = this.greatest(track, group, time_s);
      const facts = this.model.study.groups[group];
      return first ? [`${facts?.title}${facts?.is_prior ? ", a prior" : ""}: ${first.name} ${fixed(first.value, 2)}`] : [];
    });
    this.spoken.textContent = [timeText(time_s), `track ${track.id} ${state}`, ...parts].join("; ");
  }
}
