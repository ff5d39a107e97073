// The synchronised charts of one video: who is when, faces at once, the channels of one track. All
// share one stretch of time, one cursor and the clock; a click or a drag in any of them seeks.

import * as Plot from "@observablehq/plot";
import type { Clock } from "../clock";
import { channelsOfGroup, shortName, type Maybe } from "../data";
import { h } from "../dom";
import { brief, count, clock as timeText, fixed, plural, significant, words } from "../format";
import { channelsCsv, drawChannels } from "../charts/channels";
import { drawFaces, facesCsv } from "../charts/faces";
import { figure, frameFor, statementOf, type Figure } from "../charts/figure";
import { drawLanes, kLaneHeight, kLaneTop, lanesCsv } from "../charts/lanes";
import type { Track, VideoModel } from "../model";
import { fileName, sourceLine } from "../parts";
import { screenTheme } from "../theme";

const kLanesAtFirst = 12;
const kLeastView_s = 2;
const kOthersBehind = 6; // more grey lines than that are a blur

interface Chart {
  figure: Figure;
  cursor: HTMLElement;
  hover: HTMLElement;
  readouts: { channel: number; element: HTMLElement }[];
}

export class Timelines {
  readonly element: HTMLElement;
  private view: [number, number];
  private selected: Maybe<Track>;
  private lanes: Track[];
  private readonly charts: Chart[] = [];
  private readonly trackChoice: HTMLSelectElement;
  private readonly viewText = h("output", { class: "view-text" });
  private readonly listeners: ((track: Maybe<Track>) => void)[] = [];

  constructor(
    private readonly model: VideoModel,
    private readonly clock: Clock,
  ) {
    const ordered = model.byScoredFrames();
    this.selected = ordered[0] ?? null;
    this.lanes = this.byNumber(ordered.slice(0, kLanesAtFirst));
    this.view = this.whole();
    this.trackChoice = h(
      "select",
      { id: "track", "aria-keyshortcuts": "[ ]", onchange: () => this.select(Number(this.trackChoice.value)) },
      ...ordered.map((track) => h("option", { value: track.id }, `#${track.id} · ${plural(track.frames, "frame")}${track.reason ? ` · ${words(track.reason)}` : ""}`)),
    );
    const zoomButton = (text: string, label: string, key: string, by: number) =>
      h("button", { type: "button", class: "quiet", "aria-label": label, "aria-keyshortcuts": key, onclick: () => this.zoom(by) }, text);
    const tools = h(
      "div",
      { class: "timeline-tools", role: "group", "aria-label": "Track and stretch of time" },
      ...(ordered.length > 0 ? [h("label", { for: "track" }, "Track"), this.trackChoice] : []),
      h("span", { class: "spacer" }),
      this.viewText,
      zoomButton("−", "Zoom out", "-", -1),
      zoomButton("+", "Zoom in", "+", 1),
      zoomButton("Whole video", "Show the whole video", "0", 0),
    );
    this.element = h("div", { class: "timelines" }, tools, this.lanesFigure(), this.facesFigure(), ...model.study.groups.map((_, group) => this.channelFigure(group)));
    clock.onChange(() => this.update());
    this.describeView();
  }

  onSelect(listener: (track: Maybe<Track>) => void): void {
    this.listeners.push(listener);
  }

  get track(): Maybe<Track> {
    return this.selected;
  }

  select(id: number): void {
    const track = this.model.track(id);
    if (!track || track === this.selected) return;
    this.selected = track;
    this.trackChoice.value = String(id);
    if (!this.lanes.includes(track)) this.lanes = this.byNumber([...this.lanes, track]);
    this.redraw();
    for (const listener of this.listeners) listener(track);
  }

  // The track before or after in the order of track numbers.
  step(by: number): void {
    const tracks = this.model.tracks;
    if (!this.selected || tracks.length === 0) return;
    const next = tracks[(tracks.indexOf(this.selected) + by + tracks.length) % tracks.length];
    if (next) this.select(next.id);
  }

  // 1: half as much time about the cursor, -1: twice as much, 0: the whole video.
  zoom(by: number): void {
    const [start, end] = this.whole();
    const span = by === 0 ? end - start : Math.min(end - start, Math.max(kLeastView_s, (this.view[1] - this.view[0]) * (by > 0 ? 0.5 : 2)));
    const from = Math.min(Math.max(start, this.clock.time_s - span / 2), Math.max(start, end - span));
    this.setView([from, Math.min(end, from + span)]);
  }

  private setView(view: [number, number]): void {
    if (view[0] === this.view[0] && view[1] === this.view[1]) return;
    this.view = view;
    this.describeView();
    this.redraw();
  }

  private whole(): [number, number] {
    return [0, Math.max(this.model.duration_s, this.model.video.step_s)];
  }

  private byNumber(tracks: Track[]): Track[] {
    return [...tracks].sort((a, b) => a.id - b.id);
  }

  private describeView(): void {
    this.viewText.textContent = `${timeText(this.view[0])} to ${timeText(this.view[1])}`;
  }

  private redraw(): void {
    for (const chart of this.charts) chart.figure.redraw();
  }

  private source(what: string): string {
    return sourceLine(this.model.study, `${this.model.video.id}${what}`);
  }

  private lanesFigure(): HTMLElement | false {
    const { model } = this;
    if (model.tracks.length === 0) return false;
    const group = model.study.leading_groups[0] ?? null;
    const title = group === null ? "" : (model.study.groups[group]?.title ?? "");
    const more = model.tracks.length - this.lanes.length;
    const all = h(
      "button",
      {
        type: "button",
        class: "quiet more",
        onclick: () => {
          this.lanes = model.tracks;
          all.remove();
          chart.figure.redraw();
        },
      },
      `Show all ${count(model.tracks.length)} tracks`,
    );
    const names = group === null ? "" : ` Names are leading labels (${title}), window by window, where there is room.`;
    const chart = this.add(
      figure(
        {
          id: "who",
          title: "Who is when",
          note: `A bar where a face was seen, hatched where it was not scored, with a dashed rim where its track is shorter than 1 s. Squares have the colours of the overlay's boxes.${names}`,
          statement: group === null ? undefined : statementOf(model.study.groups[group]),
          isPrior: group !== null && (model.study.groups[group]?.is_prior ?? false),
          source: this.source(""),
          draw: (frame) => drawLanes(model, this.lanes, this.selected?.id ?? -1, group, this.view, frame),
          csv: () => lanesCsv(model, group),
          label: () => `${plural(model.tracks.length, "track")} over ${timeText(model.duration_s)}. The list of tracks below has the same as text.`,
          fileName: fileName(model.video, "tracks"),
        },
        more > 0 && all,
      ),
    );
    chart.figure.plot.addEventListener("pointerup", (event) => {
      const y = event.clientY - chart.figure.plot.getBoundingClientRect().top - kLaneTop;
      const lane = this.lanes[Math.floor(y / kLaneHeight)];
      if (lane) this.select(lane.id);
    });
    return chart.figure.element;
  }

  private facesFigure(): HTMLElement {
    const { model } = this;
    const from = model.fromFrames
      ? "The line counts faces seen at once, the filled part those that were scored."
      : "Counted from where tracks begin and end, since the study has no frames table; annotate with --frames tells which of them were scored.";
    return this.add(
      figure({
        id: "faces",
        title: "Faces at once",
        note: `${from} There is no line where nothing was decoded.`,
        isPrior: false,
        source: this.source(""),
        draw: (frame) => drawFaces(model, this.view, frame),
        csv: () => facesCsv(model),
        label: () => `Faces at once over ${timeText(model.duration_s)}, at most ${count(model.faces().reduce((most, p) => Math.max(most, p.faces || 0), 0))}.`,
        fileName: fileName(model.video, "faces"),
      }),
    ).figure.element;
  }

  private channelFigure(group: number): HTMLElement | false {
    const { model } = this;
    const facts = model.study.groups[group];
    const channels = channelsOfGroup(model.study, group);
    if (!facts || channels.length === 0 || model.tracks.length === 0) return false;
    const scale = facts.is_unit_interval ? "Each row goes from 0 to 1." : "Each row has a scale of its own, written beside its name.";
    const bucket = model.video.timeline?.bucket_steps ?? 1;
    const isOnFrames = model.isOnFrames(group);
    const what = !isOnFrames
      ? "One block a window of at most 3 s."
      : bucket > 1
        ? `Each point is the mean of ${bucket} grid steps, the band about it their least and greatest value.`
        : "One point an analysed frame.";
    const chart = this.add(
      figure({
        id: `channels-${facts.prefix}`,
        title: facts.title,
        note: `${what} ${scale} Gaps: the face was not seen; hatched: seen and not scored.${isOnFrames && model.tracks.length > 1 ? " Grey: other tracks." : ""}`,
        statement: statementOf(facts),
        isPrior: facts.is_prior,
        source: this.source(this.selected ? `, track ${this.selected.id}` : ""),
        draw: (frame) => this.selected && drawChannels(model, group, { track: this.selected, others: this.others(), from_s: this.view[0], to_s: this.view[1] }, frame),
        csv: () => channelsCsv(model, group),
        label: () => this.channelsLabel(group),
        fileName: fileName(model.video, facts.prefix),
      }),
    );
    chart.figure.plot.addEventListener("mien:drawn", () => this.placeReadouts(chart, channels));
    return chart.figure.element;
  }

  private others(): Track[] {
    return this.model.byScoredFrames().filter((track) => track !== this.selected).slice(0, kOthersBehind);
  }

  private channelsLabel(group: number): string {
    const { model } = this;
    const track = this.selected;
    const facts = model.study.groups[group];
    if (!track || !facts) return "";
    const means = channelsOfGroup(model.study, group).map((channel) => {
      let sum = 0;
      let frames = 0;
      for (const window of track.windows) {
        const value = model.windowValue(window, channel);
        if (value === null) continue;
        sum += value * window.frames;
        frames += window.frames;
      }
      return { name: shortName(model.study.channels[channel]?.[0] ?? ""), mean: frames > 0 ? sum / frames : NaN };
    });
    const scored = means.filter((entry) => Number.isFinite(entry.mean)).sort((a, b) => b.mean - a.mean);
    const gaps = model.unscored(track).length;
    const top = scored.slice(0, 3).map((entry) => `${entry.name} ${significant(entry.mean)}`).join(", ");
    const greatest = scored.length > 0 ? `Greatest means: ${top}.` : "Nothing was scored.";
    return `${facts.title} of track ${track.id} from ${timeText(this.view[0])} to ${timeText(this.view[1])}. ${greatest} ${plural(gaps, "stretch", "stretches")} not scored. The CSV has every value.`;
  }

  // Cursor, pointer and keys of one figure.
  private add(own: Figure): Chart {
    const chart: Chart = {
      figure: own,
      cursor: h("div", { class: "cursor" }),
      hover: h("div", { class: "hover" }, h("span")),
      readouts: [],
    };
    const overlay = h("div", { class: "overlay", "aria-hidden": "true" }, chart.hover, chart.cursor);
    const { plot } = own;
    plot.classList.add("seekable");
    plot.addEventListener("mien:drawn", () => {
      overlay.querySelectorAll(".readout").forEach((old) => old.remove());
      chart.readouts = [];
      plot.append(overlay);
      this.updateChart(chart);
    });
    const timeAt = (event: PointerEvent): number => {
      const { marginLeft, marginRight } = frameFor(plot.clientWidth, screenTheme(), false);
      const x = event.clientX - plot.getBoundingClientRect().left - marginLeft;
      const share = x / Math.max(1, plot.clientWidth - marginLeft - marginRight);
      return this.view[0] + Math.min(1, Math.max(0, share)) * (this.view[1] - this.view[0]);
    };
    plot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      plot.setPointerCapture(event.pointerId);
      this.clock.seek(timeAt(event));
    });
    plot.addEventListener("pointermove", (event) => {
      const time_s = timeAt(event);
      if (event.buttons & 1) this.clock.seek(time_s);
      chart.hover.style.left = `${this.x(chart, time_s)}px`;
      const text = chart.hover.firstElementChild;
      if (text) text.textContent = timeText(time_s);
      chart.hover.classList.add("shown");
    });
    plot.addEventListener("pointerleave", () => chart.hover.classList.remove("shown"));
    this.charts.push(chart);
    return chart;
  }

  private x(chart: Chart, time_s: number): number {
    const width = chart.figure.plot.clientWidth;
    const { marginLeft, marginRight } = frameFor(width, screenTheme(), false);
    return marginLeft + ((time_s - this.view[0]) / (this.view[1] - this.view[0])) * (width - marginLeft - marginRight);
  }

  private placeReadouts(chart: Chart, channels: number[]): void {
    const drawn = chart.figure.plot.querySelector("svg") as (SVGSVGElement & Pick<Plot.Plot, "scale">) | null;
    const rows = drawn?.scale?.("fy");
    if (!rows) return;
    const overlay = chart.cursor.parentElement;
    for (const channel of channels) {
      const element = h("span", { class: "readout" });
      const top = Number(rows.apply(this.model.study.channels[channel]?.[0])) + (rows.bandwidth ?? 0) / 2;
      element.style.top = `${top}px`;
      overlay?.append(element);
      chart.readouts.push({ channel, element });
    }
    this.updateChart(chart);
  }

  private update(): void {
    const time_s = this.clock.time_s;
    const span = this.view[1] - this.view[0];
    const [start, end] = this.whole();
    // While zoomed in the view turns like a page when the cursor leaves it.
    if (span < end - start && (time_s < this.view[0] || time_s > this.view[1])) {
      const lead = this.clock.isPlaying ? span * 0.05 : span / 2;
      const from = Math.min(Math.max(start, time_s - lead), end - span);
      this.setView([from, from + span]);
    }
    for (const chart of this.charts) this.updateChart(chart);
  }

  private updateChart(chart: Chart): void {
    const time_s = this.clock.time_s;
    chart.cursor.style.transform = `translateX(${this.x(chart, time_s)}px)`;
    chart.cursor.hidden = time_s < this.view[0] - 0.01 || time_s > this.view[1] + 0.01;
    for (const { channel, element } of chart.readouts) {
      const reading = this.selected ? this.model.read(this.selected, channel, time_s) : { value: null, note: "" };
      const isUnit = this.model.study.groups[this.model.study.channels[channel]?.[2] ?? -1]?.is_unit_interval ?? false;
      const text = isUnit ? fixed(reading.value, 2) : brief(reading.value);
      if (element.textContent !== text) element.textContent = text;
    }
  }
}
