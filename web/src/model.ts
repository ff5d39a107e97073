// One video's data, arranged for drawing: what a track's channel was at a time, where it is missing
// and why. Two sources: frames (every analysed frame, or buckets of them) and, without a frames
// table, windows.

import { channelsOfGroup, type Maybe, type Study, type TimelineTrack, type Video } from "./data";

export interface Window {
  index: number;
  start_s: number;
  end_s: number;
  frames: number;
  isShort: boolean;
}

export interface Track {
  id: number;
  first_s: number;
  last_s: number;
  frames: number;
  scoredFrames: number;
  reason: Maybe<string>;
  windows: Window[];
  series: Maybe<TimelineTrack>;
  isShort: boolean;
}

export interface Point {
  t: number;
  value: number; // NaN: missing
  low: number;
  high: number;
}

export interface Reading {
  value: Maybe<number>;
  note: string; // why there is no value
}

export interface Gap {
  from_s: number;
  to_s: number;
  reason: string;
}

export class VideoModel {
  readonly tracks: Track[] = [];
  readonly duration_s: number;
  readonly fromFrames: boolean;
  private readonly onFrames: boolean[];
  readonly pointStep_s: number;
  readonly isStill: boolean;

  constructor(
    readonly video: Video,
    readonly study: Study,
  ) {
    const { tracks, windows, timeline } = video;
    const column = (name: string) => tracks[name] ?? [];
    const ids = column("track_id") as number[];
    const windowsOf = new Map<number, Window[]>();
    windows.track_id.forEach((track, i) => {
      const list = windowsOf.get(track) ?? [];
      list.push({
        index: i,
        start_s: (windows.start_us[i] ?? 0) / 1e6,
        end_s: (windows.end_us[i] ?? 0) / 1e6,
        frames: windows.frames[i] ?? 0,
        isShort: windows.short[i] ?? false,
      });
      windowsOf.set(track, list);
    });
    ids.forEach((id, i) => {
      const own = windowsOf.get(id) ?? [];
      this.tracks.push({
        id,
        first_s: Number(column("first_us")[i] ?? 0) / 1e6,
        last_s: Number(column("last_us")[i] ?? 0) / 1e6,
        frames: Number(column("frames")[i] ?? 0),
        scoredFrames: own.reduce((sum, window) => sum + window.frames, 0),
        reason: (column("reason")[i] as Maybe<string>) ?? null,
        windows: own,
        series: timeline?.tracks.find((series) => series.track === id) ?? null,
        isShort: own.some((window) => window.isShort),
      });
    });
    this.fromFrames = timeline !== null;
    const isThere = (values: readonly Maybe<number>[] | undefined) => values?.some((value) => value !== null) ?? false;
    const hasFrames = study.channels.map((_, channel) => timeline?.tracks.some((series) => isThere(series.mean[channel])) ?? false);
    const hasWindows = study.channels.map((_, channel) => isThere(windows.values[channel]));
    this.onFrames = study.groups.map((_, group) => {
      const own = channelsOfGroup(study, group);
      return timeline !== null && (own.some((channel) => hasFrames[channel]) || !own.some((channel) => hasWindows[channel]));
    });
    this.isStill = video.media.status !== "failed" && video.media.duration_s === null && video.coverage.frames_analysed <= 1;
    this.pointStep_s = video.step_s * (timeline?.bucket_steps ?? 1);
    const ends = [0, ...this.tracks.map((t) => t.last_s), ...windows.end_us.map((us) => us / 1e6)];
    const last = ends.reduce((a, b) => Math.max(a, b), 0);
    this.duration_s = Math.max(Number(video.media.duration_s ?? 0), last);
  }

  // Whether a group's values stand on frames: where not, windows have them. A head that was trained on ratings
  // scores whole windows, so that its columns of frames are empty.
  isOnFrames(group: number): boolean {
    return this.onFrames[group] ?? false;
  }

  track(id: number): Track | undefined {
    return this.tracks.find((track) => track.id === id);
  }

  // Tracks with most scored frames first: what a reader wants to see of a crowd.
  byScoredFrames(): Track[] {
    return [...this.tracks].sort((a, b) => b.scoredFrames - a.scoredFrames || b.frames - a.frames || a.id - b.id);
  }

  // Points of one channel within [from, to], a missing one in every break.
  points(track: Track, channel: number, from_s: number, to_s: number): Point[] {
    const series = track.series;
    if (!series) return [];
    const mean = series.mean[channel] ?? [];
    const low = series.low?.[channel];
    const high = series.high?.[channel];
    const breaks = new Set(series.breaks);
    const out: Point[] = [];
    for (let i = 0; i < series.t.length; ++i) {
      const t = series.t[i] as number;
      if (t < from_s - this.pointStep_s || t > to_s + this.pointStep_s) continue;
      if (breaks.has(i)) out.push({ t, value: NaN, low: NaN, high: NaN });
      const value = mean[i] ?? NaN;
      out.push({ t, value, low: low?.[i] ?? value, high: high?.[i] ?? value });
    }
    return out;
  }

  // Stretches where the face was seen and not scored.
  unscored(track: Track): Gap[] {
    if (!track.series) {
      return track.windows
        .filter((window) => window.frames === 0)
        .map((window) => ({ from_s: window.start_s, to_s: window.end_s, reason: track.reason ?? "not scored" }));
    }
    const { t, reason, breaks } = track.series;
    const reasons = this.video.timeline?.reasons ?? [];
    const half = this.pointStep_s / 2;
    const broken = new Set(breaks);
    const gaps: Gap[] = [];
    let open: Maybe<Gap> = null;
    t.forEach((time, i) => {
      const code = (reason[i] ?? -1) >= 0 ? (reasons[reason[i] as number] ?? "not scored") : null;
      if (open && (broken.has(i) || code !== open.reason)) open = null;
      if (code === null) return;
      if (!open) gaps.push((open = { from_s: time - half, to_s: time + half, reason: code }));
      open.to_s = time + half;
    });
    return gaps;
  }

  // Stretches where the face was seen at all.
  seen(track: Track): { from_s: number; to_s: number }[] {
    if (!track.series) return [{ from_s: track.first_s, to_s: Math.max(track.last_s, track.first_s + this.video.step_s) }];
    const { t, breaks } = track.series;
    const starts = [0, ...breaks];
    return starts
      .filter((start) => start < t.length)
      .map((start, k) => ({
        from_s: (t[start] as number) - this.pointStep_s / 2,
        to_s: (t[(starts[k + 1] ?? t.length) - 1] as number) + this.pointStep_s / 2,
      }));
  }

  private pointAt(series: TimelineTrack, time_s: number): number {
    let low = 0;
    let high = series.t.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((series.t[middle] as number) < time_s) low = middle + 1;
      else high = middle;
    }
    const before = low - 1;
    if (before >= 0 && time_s - (series.t[before] as number) <= (series.t[low] as number) - time_s) low = before;
    const near = Math.abs((series.t[low] ?? Infinity) - time_s) <= this.pointStep_s * 0.75;
    return near ? low : -1;
  }

  // Why the track has no values at a time, or null where it is scored.
  absence(track: Track, time_s: number): Maybe<string> {
    if (track.series) {
      const point = this.pointAt(track.series, time_s);
      if (point < 0) return "not seen";
      const reason = track.series.reason[point] ?? -1;
      return reason < 0 ? null : (this.video.timeline?.reasons[reason] ?? "not scored");
    }
    const window = this.windowAt(track, time_s);
    if (!window) return "not seen";
    return window.frames > 0 ? null : (track.reason ?? "not scored");
  }

  windowAt(track: Track, time_s: number): Window | undefined {
    return track.windows.find((window) => time_s >= window.start_s && time_s < window.end_s);
  }

  read(track: Track, channel: number, time_s: number): Reading {
    const absence = this.absence(track, time_s);
    if (absence !== null) return { value: null, note: absence };
    const value = track.series && this.isOnFrames(this.study.channels[channel]?.[2] ?? -1)
      ? track.series.mean[channel]?.[this.pointAt(track.series, time_s)]
      : this.windowValue(this.windowAt(track, time_s), channel);
    return value === null || value === undefined ? { value: null, note: "missing" } : { value, note: "" };
  }

  windowValue(window: Window | undefined, channel: number): Maybe<number> {
    return window ? (this.video.windows.values[channel]?.[window.index] ?? null) : null;
  }

  // The scale a channel's row is drawn on: [0, 1] for probabilities, else what this video has of it,
  // zero included.
  domain(channel: number): [number, number] {
    const [low, high] = this.extent(channel);
    return high > low ? [low, high] : [0, 1];
  }

  extent(channel: number): [number, number] {
    const group = this.study.groups[this.study.channels[channel]?.[2] ?? -1];
    let low = 0;
    let high = group?.is_unit_interval ? 1 : 0;
    const take = (value: Maybe<number> | undefined) => {
      if (value === null || value === undefined) return;
      low = Math.min(low, value);
      high = Math.max(high, value);
    };
    for (const series of this.video.timeline?.tracks ?? []) {
      (series.low ?? series.mean)[channel]?.forEach(take);
      (series.high ?? series.mean)[channel]?.forEach(take);
    }
    if (!this.isOnFrames(this.study.channels[channel]?.[2] ?? -1)) this.video.windows.values[channel]?.forEach(take);
    return [low, high];
  }

  // The channel of `group` with the greatest value, as `value` tells it.
  leading(group: number, value: (channel: number) => Maybe<number>): Maybe<{ channel: number; value: number }> {
    let best: Maybe<{ channel: number; value: number }> = null;
    this.study.channels.forEach((spec, channel) => {
      if (spec[2] !== group) return;
      const own = value(channel);
      if (own !== null && (best === null || own > best.value)) best = { channel, value: own };
    });
    return best;
  }

  // Faces at once over time: counted on frames, or from the tracks' extents where frames are absent.
  faces(): { t: number; faces: number; scored: Maybe<number> }[] {
    const step = this.pointStep_s;
    const timeline = this.video.timeline;
    const out: { t: number; faces: number; scored: Maybe<number> }[] = [];
    if (timeline) {
      // Between two frames with a face that lie further apart than a step there was none, provided
      // that the video was decoded there.
      const isWhole = this.video.media.status === "ok";
      const { t, faces, scored } = timeline.faces;
      const none = (from_s: number, to_s: number) => {
        const n = isWhole ? 0 : NaN;
        out.push({ t: from_s, faces: n, scored: n }, { t: to_s, faces: n, scored: n });
      };
      let until = 0;
      t.forEach((time, i) => {
        if (time - step / 2 - until > step * 0.75) none(until, time - step / 2);
        out.push({ t: Math.max(0, time - step / 2), faces: faces[i] ?? NaN, scored: scored[i] ?? NaN });
        until = time + step / 2;
      });
      if (isWhole && this.duration_s > until) none(until, this.duration_s);
      else out.push({ t: until, faces: faces.at(-1) ?? NaN, scored: scored.at(-1) ?? NaN });
      return out;
    }
    const edges = this.tracks.flatMap((track) => [
      { t: track.first_s, by: 1 },
      { t: track.last_s + this.video.step_s, by: -1 },
    ]);
    edges.sort((a, b) => a.t - b.t);
    let now = 0;
    out.push({ t: 0, faces: 0, scored: null });
    for (const edge of edges) out.push({ t: edge.t, faces: (now += edge.by), scored: null });
    if (this.video.media.status === "ok") out.push({ t: this.duration_s, faces: now, scored: null });
    return out;
  }
}
