// Who is when: a lane a track. A bar where the face was seen, hatched where it was not scored, dashed
// where the track is short; runs of windows with the same leading label carry its name.

import * as Plot from "@observablehq/plot";
import { shortName, type Maybe } from "../data";
import type { Track, VideoModel } from "../model";
import { words } from "../format";
import { trackColour } from "../theme";
import type { Csv, Frame } from "./figure";
import { base, cut, hatch, plotSvg, timeAxis } from "./marks";

export const kLaneHeight = 30;
export const kLaneTop = 4;
const kBottom = 26;
const kNamed_px = 38; // a shorter run has no room for a name

interface Run {
  track: number;
  x1: number;
  x2: number;
  label: string;
}

// Consecutive windows with the same leading label of `group`.
export function runs(model: VideoModel, track: Track, group: number): Run[] {
  const out: Run[] = [];
  for (const window of track.windows) {
    if (window.frames === 0) continue;
    const leading = model.leading(group, (channel) => model.windowValue(window, channel));
    if (!leading) continue;
    const label = shortName(model.study.channels[leading.channel]?.[0] ?? "");
    const last = out.at(-1);
    if (last && last.label === label && Math.abs(last.x2 - window.start_s) < 1e-3) last.x2 = window.end_s;
    else out.push({ track: track.id, x1: window.start_s, x2: window.end_s, label });
  }
  return out;
}

export function drawLanes(
  model: VideoModel,
  tracks: Track[],
  selected: number,
  group: Maybe<number>,
  view: [number, number],
  frame: Frame,
): SVGSVGElement | null {
  if (tracks.length === 0) return null;
  const { theme } = frame;
  const inView = <T extends { x1: number; x2: number }>(list: T[]): T[] =>
    list
      .filter((d) => d.x2 > view[0] && d.x1 < view[1])
      .map((d) => ({ ...d, x1: Math.max(d.x1, view[0]), x2: Math.min(d.x2, view[1]) }));
  const seen = inView(tracks.flatMap((track) => model.seen(track).map((s) => ({ track: track.id, isShort: track.isShort, x1: s.from_s, x2: s.to_s }))));
  const unscored = inView(tracks.flatMap((track) => model.unscored(track).map((g) => ({ track: track.id, reason: g.reason, x1: g.from_s, x2: g.to_s }))));
  const named = group === null ? [] : inView(tracks.flatMap((track) => runs(model, track, group)));
  const pixels = (frame.width - frame.marginLeft - frame.marginRight) / (view[1] - view[0]);
  const room = (d: Run) => (d.x2 - d.x1) * pixels - 8;
  const pattern = hatch(theme.muted);
  const isSelected = (d: { track: number }) => d.track === selected;
  const band = { y: "track", insetTop: 4, insetBottom: 4 } as const;
  const chart = plotSvg({
    ...base(frame),
    height: kLaneTop + kBottom + tracks.length * kLaneHeight,
    marginTop: kLaneTop,
    marginBottom: kBottom,
    x: { domain: view, axis: null },
    y: { type: "band", domain: tracks.map((track) => track.id), axis: null, padding: 0 },
    marks: [
      ...timeAxis(frame, view),
      Plot.dot(tracks, { y: "id", frameAnchor: "left", dx: -frame.marginLeft + 8, r: 4.5, symbol: "square", fill: (d: Track) => trackColour(d.id), stroke: theme.ink, strokeWidth: 0.75 }),
      ...[tracks.filter((track) => track.id !== selected), tracks.filter((track) => track.id === selected)].map((some, i) =>
        Plot.text(some, {
          y: "id", frameAnchor: "left", textAnchor: "start", dx: -frame.marginLeft + 20, fontSize: 12, fill: theme.ink, fontWeight: i === 1 ? 700 : 400,
          text: (d: Track) => `#${d.id}${d.isShort ? (frame.isNarrow ? " short" : " short, under 1 s") : d.reason ? " not scored" : ""}`,
        }),
      ),
      Plot.barX(seen, {
        ...band, x1: "x1", x2: "x2",
        fill: (d) => (isSelected(d) ? theme.accentFill : theme.paper),
        stroke: (d) => (isSelected(d) ? theme.accent : theme.muted),
        strokeWidth: 1,
      }),
      Plot.barX(seen.filter((d) => d.isShort), { ...band, x1: "x1", x2: "x2", fill: "none", stroke: theme.paper, strokeWidth: 1.4, strokeDasharray: "3,3", className: "short" }),
      Plot.barX(unscored, { ...band, x1: "x1", x2: "x2", fill: pattern.fill, className: "unscored", title: (d: { reason: string }) => words(d.reason) }),
      Plot.ruleX(named.filter((d) => d.x1 > view[0] && room(d) > kNamed_px), { x: "x1", y: "track", stroke: theme.paper, strokeWidth: 1.5, insetTop: 5, insetBottom: 5 }),
      Plot.text(named.filter((d) => room(d) > kNamed_px), {
        x: "x1", y: "track", dx: 5, textAnchor: "start", fontSize: 11, fill: theme.ink,
        text: (d: Run) => (room(d) >= d.label.length * 6.2 ? d.label : cut(d.label, room(d), 6.8)),
      }),
    ],
  });
  pattern.addTo(chart);
  return chart;
}

export function lanesCsv(model: VideoModel, group: Maybe<number>): Csv {
  const rows: Csv["rows"] = [];
  for (const track of model.tracks) {
    for (const seen of model.seen(track)) rows.push([model.video.id, track.id, "seen", seen.from_s, seen.to_s, null]);
    for (const gap of model.unscored(track)) rows.push([model.video.id, track.id, "not scored", gap.from_s, gap.to_s, gap.reason]);
    if (group === null) continue;
    for (const run of runs(model, track, group)) rows.push([model.video.id, track.id, "leading label", run.x1, run.x2, run.label]);
  }
  return { header: ["video_id", "track_id", "what", "start_s", "end_s", "text"], rows };
}
