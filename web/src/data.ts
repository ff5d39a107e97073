// What src/report writes (see page_data.h, timeline.h and report_writer.h) and how a page finds it:
// classic scripts under data/ assign to the global `mien`. Missing values are null.

import type { Declaration } from "./declaration";

export type Maybe<T> = T | null;
export type Series = Maybe<number>[];

export interface ChannelGroup {
  prefix: string;
  title: string;
  whose_labels: string;
  reliability: string;
  is_prior: boolean;
  is_unit_interval: boolean;
}

export interface Totals extends Coverage {
  videos: number;
  by_status: Record<string, number>;
  by_reason: [status: string, reason: string, videos: number, example: string][];
  videos_with_face: number;
  videos_scored: number;
  duration_s: number;
  durations_unknown: number;
  face_seconds: number;
  leading: [channel: number, videos: number][][];
}

export interface Study {
  name: string;
  declaration: Declaration;
  program_version: string;
  model_set_hash: string;
  libraries: [name: string, version: string][];
  models: [id: string, role: string, sha256: string][];
  options: Record<string, unknown>;
  rate_hz: number;
  study_page?: string; // where the pages of maps are; empty: none
  channels: [name: string, description: string, group: number][];
  groups: ChannelGroup[];
  leading_groups: number[];
  totals: Totals;
  index_files: number;
}

export interface MediaFile {
  url: string;
  kind: "video" | "still" | "folder" | "absent";
  name: string;
}

export interface Coverage {
  frames_decoded: number;
  frames_analysed: number;
  frames_with_face: number;
  face_rows: number;
  scored_rows: number;
  tracks: number;
  tracks_scored: number;
  windows: number;
  windows_short: number;
  windows_empty: number;
}

export interface TimelineTrack {
  track: number;
  t: number[];
  reason: number[];
  breaks: number[];
  mean: Series[];
  low: Maybe<Series[]>;
  high: Maybe<Series[]>;
}

export interface Timeline {
  step_s: number;
  bucket_steps: number;
  rows: number;
  reasons: string[];
  reason_rows: [code: string, rows: number][];
  tracks: TimelineTrack[];
  faces: { t: number[]; faces: number[]; scored: number[] };
}

export interface Video {
  number: number;
  id: string;
  title: string;
  media: Record<string, Maybe<string | number | boolean>>;
  corpus: [name: string, value: Maybe<string | number | boolean>, description: string][];
  source: Maybe<MediaFile>;
  overlay: Maybe<MediaFile>;
  masked: Maybe<MediaFile>; // frames as the context networks saw them
  coverage: Coverage;
  tracks: Record<string, Maybe<string | number>[]>;
  windows: {
    total: number;
    track_id: number[];
    start_us: number[];
    end_us: number[];
    frames: number[];
    short: boolean[];
    values: Series[];
  };
  expression: Maybe<{
    covariates: [name: string, value: Maybe<number>, description: string][];
    means: Series;
  }>;
  contexts: ContextSource[];
  step_s: number;
  timeline: Maybe<Timeline>;
}

export interface ContextSource {
  source: string;
  vocabulary: string;
  status: string;
  reason: Maybe<string>;
  best: [context: string, score_prob: Maybe<number>, above_threshold: boolean][];
  total: number;
}

// [id, title, country, region, language, status, reason, duration_s, frames_analysed,
// frames_with_face, tracks, face_seconds, scored_share, leading channel, value, ...]
export type IndexRow = Maybe<string | number>[];

interface Global {
  study?: Study;
  video?: Video;
  rows?: IndexRow[];
}

const shared = ((globalThis as { mien?: Global }).mien ??= {});

export function study(): Study {
  if (!shared.study) throw new Error("data/study.js is missing or damaged; make the report again");
  return shared.study;
}

export function video(): Video {
  if (!shared.video) throw new Error("the data of this video is missing or damaged; make the report again");
  return shared.video;
}

export function indexRows(): IndexRow[] {
  return (shared.rows ??= []);
}

// Loads one more file of index rows; they are appended to indexRows().
export function loadIndexFile(number: number): Promise<void> {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = `data/index-${number}.js`;
    script.onload = () => done();
    script.onerror = () => failed(new Error(`data/index-${number}.js could not be read`));
    document.head.append(script);
  });
}

// "basic7_happy" -> "happy"; "label_" and "action_" likewise.
export function shortName(channel: string): string {
  const at = channel.indexOf("_");
  return (at < 0 ? channel : channel.slice(at + 1)).replaceAll("_", " ");
}

export function channelsOfGroup(facts: Study, group: number): number[] {
  return facts.channels.flatMap((channel, index) => (channel[2] === group ? [index] : []));
}
