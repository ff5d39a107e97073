// How much of what was there was measured: one bar a share, with both numbers written out.

import type { Coverage } from "../data";
import { count, percent } from "../format";
import type { Bar } from "./bars";
import type { Csv } from "./figure";

export interface Share {
  name: string;
  part: number;
  whole: number;
}

// What a video and a whole study have in common.
export function coverageShares(c: Coverage): Share[] {
  return [
    { name: "Frames with a face", part: c.frames_with_face, whole: c.frames_analysed },
    { name: "Faces scored", part: c.scored_rows, whole: c.face_rows },
    { name: "Tracks scored", part: c.tracks_scored, whole: c.tracks },
    { name: "Windows scored", part: c.windows - c.windows_empty, whole: c.windows },
  ];
}

export function shareBars(shares: Share[]): Bar[] {
  return shares.map(({ name, part, whole }) => ({
    name,
    value: whole > 0 ? part / whole : null,
    text: whole > 0 ? `${percent(part, whole)}  ${count(part)} of ${count(whole)}` : "none",
  }));
}

export function shareCsv(shares: Share[]): Csv {
  return {
    header: ["what", "part", "whole", "share"],
    rows: shares.map(({ name, part, whole }) => [name, part, whole, whole > 0 ? part / whole : null]),
  };
}
