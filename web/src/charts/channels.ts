// The channels of one group for one track: a slim row each, named at its left, so that no reader has
// to match colours. Other tracks stand behind in grey. Missing is a gap; seen and not scored is
// hatched; a bucket's least and greatest value are a band about its mean.

import * as Plot from "@observablehq/plot";
import { channelsOfGroup, shortName } from "../data";
import { brief } from "../format";
import type { Track, VideoModel } from "../model";
import type { Csv, Frame } from "./figure";
import { addWatermark, base, cut, hatch, plotSvg, timeAxis } from "./marks";

export interface ChannelView {
  track: Track;
  others: Track[];
  from_s: number;
  to_s: number;
}

interface Drawn {
  row: string;
  t: number;
  y: number;
  low: number;
  high: number;
  track: number;
}

interface Block {
  row: string;
  x1: number;
  x2: number;
  y: number;
}

export const kTop = 6;
export const kBottom = 26;

export function rowHeight(isUnit: boolean, frame: Frame): number {
  return frame.isNarrow ? 32 : isUnit ? 28 : 26;
}

export function drawChannels(model: VideoModel, group: number, view: ChannelView, frame: Frame): SVGSVGElement | null {
  const channels = channelsOfGroup(model.study, group);
  const facts = model.study.groups[group];
  if (channels.length === 0 || !facts) return null;
  const { theme } = frame;
  const names = channels.map((channel) => model.study.channels[channel]?.[0] ?? "");
  const domains = channels.map((channel) => model.domain(channel));
  const scaled = (k: number, value: number) => {
    const [low, high] = domains[k] as [number, number];
    return (value - low) / (high - low);
  };
  const own: Drawn[] = [];
  const behind: Drawn[] = [];
  const blocks: Block[] = [];
  channels.forEach((channel, k) => {
    const row = names[k] as string;
    const into = (list: Drawn[], track: Track) => {
      for (const point of model.points(track, channel, view.from_s, view.to_s)) {
        list.push({ row, t: point.t, y: scaled(k, point.value), low: scaled(k, point.low), high: scaled(k, point.high), track: track.id });
      }
    };
    if (model.isOnFrames(group)) {
      into(own, view.track);
      for (const other of view.others) into(behind, other);
      return;
    }
    for (const window of view.track.windows) {
      const value = model.windowValue(window, channel);
      if (value === null || window.end_s < view.from_s || window.start_s > view.to_s) continue;
      blocks.push({ row, x1: Math.max(window.start_s, view.from_s), x2: Math.min(window.end_s, view.to_s), y: scaled(k, value) });
    }
  });
  const zero = channels.map((_, k) => ({ row: names[k], y: scaled(k, 0) }));
  const zeroOf = new Map(zero.map((z) => [z.row, z.y]));
  const unscored = model
    .unscored(view.track)
    .filter((gap) => gap.to_s > view.from_s && gap.from_s < view.to_s)
    .flatMap((gap) => names.map((row) => ({ row, x1: Math.max(gap.from_s, view.from_s), x2: Math.min(gap.to_s, view.to_s) })));
  const pattern = hatch(theme.gap);
  const height = kTop + kBottom + channels.length * rowHeight(facts.is_unit_interval, frame);
  const dash = view.track.isShort ? "3,2" : undefined;
  const room = frame.marginLeft - 10;
  const range = (channel: number) => {
    const [low, high] = model.extent(channel);
    if (facts.is_unit_interval && low === 0 && high === 1) return "";
    return low === high ? `always ${brief(low)}` : `${brief(low)} to ${brief(high)}`;
  };
  const labels = channels.map((channel, k) => ({ row: names[k], name: shortName(names[k] as string), range: range(channel) }));
  const hasRange = labels.some((label) => label.range !== "");
  const rangeBelow = frame.isNarrow && hasRange;
  const labelRoom = room - (hasRange && !rangeBelow ? 92 : 0);
  const chart = plotSvg({
    ...base(frame),
    height,
    marginTop: kTop,
    marginBottom: kBottom,
    x: { domain: [view.from_s, view.to_s], axis: null },
    y: { domain: [0, 1], axis: null, clamp: true },
    fy: { domain: names, axis: null, padding: 0.16 },
    marks: [
      ...timeAxis(frame, [view.from_s, view.to_s]),
      Plot.rect(unscored, { fy: "row", x1: "x1", x2: "x2", y1: () => 0, y2: () => 1, fill: pattern.fill, className: "unscored" }),
      Plot.ruleY(zero, { fy: "row", y: "y", stroke: theme.other, strokeWidth: 0.75 }),
      Plot.lineY(behind, { fy: "row", x: "t", y: "y", z: "track", stroke: theme.other, strokeWidth: 0.9, strokeLinecap: "round" }),
      model.video.timeline?.bucket_steps === 1
        ? Plot.areaY(own, { fy: "row", x: "t", y1: (d: Drawn) => (Number.isNaN(d.y) ? NaN : (zeroOf.get(d.row) ?? 0)), y2: "y", fill: theme.accentFill })
        : Plot.areaY(own, { fy: "row", x: "t", y1: "low", y2: "high", fill: theme.accentFill }),
      Plot.lineY(own, { fy: "row", x: "t", y: "y", stroke: theme.accent, strokeWidth: 1.4, strokeLinecap: "round", strokeLinejoin: "round", strokeDasharray: dash, className: "series" }),
      Plot.rect(blocks, { fy: "row", x1: "x1", x2: "x2", y1: (d: Block) => zeroOf.get(d.row) ?? 0, y2: "y", fill: theme.accentFill, inset: 0 }),
      Plot.link(blocks, { fy: "row", x1: "x1", x2: "x2", y1: "y", y2: "y", stroke: theme.accent, strokeWidth: 1.6, strokeDasharray: dash, className: "series" }),
      Plot.text(labels, {
        fy: "row", frameAnchor: "left", textAnchor: "start", dx: -frame.marginLeft + 2, dy: rangeBelow ? -6 : 0,
        text: (d: { name: string }) => cut(d.name, labelRoom, 5.9), fill: theme.ink, fontSize: 12,
      }),
      Plot.text(labels, {
        fy: "row", frameAnchor: "left", textAnchor: rangeBelow ? "start" : "end", dx: rangeBelow ? -frame.marginLeft + 2 : -8,
        dy: rangeBelow ? 8 : 0, text: "range", fill: theme.muted, fontSize: 10,
      }),
    ],
  });
  pattern.addTo(chart);
  if (facts.is_prior) addWatermark(chart, frame);
  return chart;
}

// Long form: one row a track, time and channel, all tracks and the whole video. Missing is empty,
// and its reason stands beside it.
export function channelsCsv(model: VideoModel, group: number): Csv {
  const channels = channelsOfGroup(model.study, group);
  const name = (channel: number) => model.study.channels[channel]?.[0] ?? "";
  if (!model.isOnFrames(group)) {
    const header = ["video_id", "track_id", "start_s", "end_s", "frames", "short", "channel", "value", "reason"];
    const rows = model.tracks.flatMap((track) =>
      track.windows.flatMap((window) =>
        channels.map((channel) => {
          const value = model.windowValue(window, channel);
          const reason = value === null ? (track.reason ?? "missing") : null;
          return [model.video.id, track.id, window.start_s, window.end_s, window.frames, String(window.isShort), name(channel), value, reason];
        }),
      ),
    );
    return { header, rows };
  }
  const reasons = model.video.timeline?.reasons ?? [];
  const rows: Csv["rows"] = [];
  for (const { id, series } of model.tracks) {
    series?.t.forEach((t, i) => {
      for (const channel of channels) {
        const value = series.mean[channel]?.[i] ?? null;
        const reason = value === null ? (reasons[series.reason[i] ?? -1] ?? "missing") : null;
        rows.push([model.video.id, id, t, name(channel), value, series.low?.[channel]?.[i] ?? value, series.high?.[channel]?.[i] ?? value, reason]);
      }
    });
  }
  return { header: ["video_id", "track_id", "time_s", "channel", "mean", "low", "high", "reason"], rows };
}
