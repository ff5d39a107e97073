// Figures of a whole video: means, coverage, what a still shows.

import { channelsOfGroup, shortName, type Maybe } from "../data";
import { h, section } from "../dom";
import { count, fixed, plural, significant, words } from "../format";
import { drawBars, type Bar } from "../charts/bars";
import { coverageShares, shareBars, shareCsv, type Share } from "../charts/coverage";
import { figure, statementOf, type FigureSpec } from "../charts/figure";
import { drawRanges } from "../charts/ranges";
import type { Track, VideoModel } from "../model";
import { fileName, sourceLine } from "../parts";

const kUnitScale = "Bars go from 0 to 1.";
const kRestOfScale = "Zero is the small tick; the line goes from the least to the greatest value of a window of this video.";

// One group's values, as bars where they share the scale of 0 to 1, else each on its own scale.
function valuesFigure(
  model: VideoModel,
  group: number,
  options: { id: string; note: string; what: string; value: (channel: number) => Maybe<number>; reason: string },
): HTMLElement | null {
  const facts = model.study.groups[group];
  const channels = channelsOfGroup(model.study, group);
  if (!facts || channels.length === 0) return null;
  const entries = channels.map((channel) => ({ channel, full: model.study.channels[channel]?.[0] ?? "", name: shortName(model.study.channels[channel]?.[0] ?? ""), value: options.value(channel) }));
  const missing = (value: Maybe<number>, text: string) => (value === null ? options.reason : text);
  const bars: Bar[] = entries.map(({ name, value }) => ({ name, value, text: missing(value, fixed(value, 2)) }));
  const ranges = entries.map(({ channel, name, value }) => {
    const [low, high] = model.extent(channel);
    return { name, value, text: missing(value, significant(value)), low, high };
  });
  const hasRange = model.video.windows.total > 1;
  const sorted = [...entries].filter((entry) => entry.value !== null).sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const spec: FigureSpec = {
    id: `${options.id}-${facts.prefix}`,
    title: facts.title,
    note: [options.note, facts.is_unit_interval ? kUnitScale : hasRange ? kRestOfScale : ""].filter((part) => part !== "").join(" "),
    statement: statementOf(facts),
    isPrior: facts.is_prior,
    source: sourceLine(model.study, `${model.video.id}${options.what}`),
    draw: (frame) => (facts.is_unit_interval ? drawBars(bars, { domain: [0, 1], isPrior: facts.is_prior }, frame) : drawRanges(ranges, hasRange, facts.is_prior, frame)),
    csv: () => ({
      header: ["video_id", "channel", "value", "reason"],
      rows: entries.map(({ full, value }) => [model.video.id, full, value, value === null ? options.reason : null]),
    }),
    label: () => `${facts.title}: ${sorted.map(({ name, value }) => `${name} ${significant(value)}`).join(", ") || "nothing was scored"}.`,
    fileName: fileName(model.video, `${options.id}-${facts.prefix}`),
  };
  return figure(spec).element;
}

export function meansSection(model: VideoModel): HTMLElement {
  const { expression } = model.video;
  const seconds = expression?.covariates.find(([name]) => name === "face_seconds")?.[1] ?? null;
  const over = seconds === null ? "the scored windows" : `${significant(seconds)} s of scored faces`;
  return section(
    "means",
    "Means over the video",
    h("p", { class: "lead" }, `Each number is a mean over ${over} of this one video, windows weighted by their length. It has no interval: a video is one case.`),
    h(
      "div",
      { class: "figures" },
      ...model.study.groups.map((_, group) =>
        valuesFigure(model, group, { id: "mean", note: "", what: ", means", value: (channel) => expression?.means[channel] ?? null, reason: "not scored" }),
      ),
    ),
  );
}

// A still has no time: the channels of each of its faces as values.
export function stillSection(model: VideoModel): HTMLElement {
  if (model.tracks.length === 0) return h("p", { class: "empty" }, "No face was found in this picture.");
  const own = h("div", { class: "figures one" });
  const show = (track: Track) => {
    const window = track.windows[0];
    own.replaceChildren(
      ...model.study.groups.flatMap((_, group) => {
        const element = valuesFigure(model, group, {
          id: "still",
          note: `Face #${track.id}.`,
          what: `, face ${track.id}`,
          value: (channel) => model.windowValue(window, channel),
          reason: track.reason === null ? "not scored" : words(track.reason),
        });
        return element ? [element] : [];
      }),
    );
  };
  const choice = h(
    "select",
    { id: "track", onchange: () => show(model.track(Number(choice.value)) ?? (model.tracks[0] as Track)) },
    ...model.tracks.map((track) => h("option", { value: track.id }, `#${track.id}${track.reason ? ` · ${words(track.reason)}` : ""}`)),
  );
  show(model.tracks[0] as Track);
  return h("div", { class: "timelines" }, h("div", { class: "timeline-tools" }, h("label", { for: "track" }, "Face"), choice), own);
}

// Why faces that were seen were not scored: frames where the study has them, else whole tracks.
function reasons(model: VideoModel): { unit: string; bars: Bar[]; rows: [string, number][] } {
  const { timeline } = model.video;
  const counts = new Map<string, number>();
  if (timeline) for (const [code, rows] of timeline.reason_rows) counts.set(code, rows);
  else for (const track of model.tracks) if (track.reason !== null) counts.set(track.reason, (counts.get(track.reason) ?? 0) + 1);
  const rows = [...counts].sort((a, b) => b[1] - a[1]);
  return { unit: timeline ? "faces on frames" : "tracks", bars: rows.map(([code, n]) => ({ name: words(code), value: n, text: count(n) })), rows };
}

export function coverageSection(model: VideoModel): HTMLElement {
  const { video, study } = model;
  const length_s = video.media.duration_s;
  const shares: Share[] = coverageShares(video.coverage);
  if (typeof length_s === "number" && length_s > 0) {
    const analysed = video.coverage.frames_analysed;
    shares.unshift({ name: "Time grid looked at", part: analysed, whole: Math.max(analysed, Math.round(length_s * study.rate_hz)) });
  }
  const source = sourceLine(study, video.id);
  const short = video.coverage.windows_short;
  const why = reasons(model);
  const most = why.rows[0]?.[1] ?? 1;
  return section(
    "coverage",
    "Coverage",
    h(
      "div",
      { class: "figures" },
      figure({
        id: "shares",
        title: "What was measured of what was there",
        note: `${model.isStill ? "A still is one frame." : `The time grid has ${study.rate_hz} points a second; a video with fewer frames than that fills a part of it.`}${short > 0 ? ` Shorter than 1 s: ${count(short)} of ${plural(video.coverage.windows, "window")}.` : ""}`,
        isPrior: false,
        source,
        draw: (frame) => drawBars(shareBars(shares), { domain: [0, 1], isPrior: false, nameRoom_px: 136 }, frame),
        csv: () => shareCsv(shares),
        label: () => shareBars(shares).map((bar) => `${bar.name}: ${bar.text}`).join("; "),
        fileName: fileName(video, "coverage"),
      }).element,
      why.rows.length > 0 &&
        figure({
          id: "reasons",
          title: "Why faces were not scored",
          note: `Counted in ${why.unit}. Such faces stay in the tables and stay out of every mean.`,
          isPrior: false,
          source,
          draw: (frame) => drawBars(why.bars, { domain: [0, most], isPrior: false }, frame),
          csv: () => ({ header: ["video_id", "reason", why.unit.replaceAll(" ", "_")], rows: why.rows.map(([code, n]) => [video.id, code, n]) }),
          label: () => why.bars.map((bar) => `${bar.name}: ${bar.text} ${why.unit}`).join("; "),
          fileName: fileName(video, "reasons"),
        }).element,
    ),
  );
}
