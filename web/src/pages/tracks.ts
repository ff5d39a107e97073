// The tracks and windows of one video as tables: what the charts show, for reading and for whoever
// does not see them.

import type { Maybe } from "../data";
import { shortName } from "../data";
import { h } from "../dom";
import { clock as timeText, count, fixed, kMissing, significant, words } from "../format";
import type { Track, VideoModel, Window } from "../model";
import { DataTable, type Column } from "../table";
import { trackColour } from "../theme";

function leadingColumns<Row>(model: VideoModel, value: (row: Row, channel: number) => Maybe<number>): Column<Row>[] {
  return model.study.leading_groups.map((group) => {
    const facts = model.study.groups[group];
    const leading = (row: Row) => model.leading(group, (channel) => value(row, channel));
    const name = (row: Row) => {
      const found = leading(row);
      return found ? shortName(model.study.channels[found.channel]?.[0] ?? "") : null;
    };
    return {
      title: `${facts?.title ?? ""}${facts?.is_prior ? ", prior" : ""}`,
      tip: `${facts?.whose_labels ?? ""} ${facts?.reliability ?? ""}`,
      sort: name,
      cell: (row) => {
        const found = leading(row);
        return found ? `${name(row)} ${fixed(found.value, 2)}` : kMissing;
      },
    };
  });
}

// The mean over a track's windows, each weighted by its scored frames.
function trackMean(model: VideoModel, track: Track, channel: number): Maybe<number> {
  let sum = 0;
  let frames = 0;
  for (const window of track.windows) {
    const value = model.windowValue(window, channel);
    if (value === null) continue;
    sum += value * window.frames;
    frames += window.frames;
  }
  return frames > 0 ? sum / frames : null;
}

export function trackTable(model: VideoModel, onChoose: (id: number) => void): HTMLElement {
  const column = (track: Track, name: string) => model.video.tracks[name]?.[model.tracks.indexOf(track)] ?? null;
  const number = (name: string, title: string, digits: number, tip: string): Column<Track> => ({
    title,
    tip,
    isNumber: true,
    sort: (track) => column(track, name) as Maybe<number>,
    cell: (track) => fixed(column(track, name) as Maybe<number>, digits),
  });
  const columns: Column<Track>[] = [
    {
      title: "Track",
      isHeader: true,
      sort: (track) => track.id,
      cell: (track) => {
        const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
        swatch.style.background = trackColour(track.id);
        return h("button", { type: "button", class: "link", title: "Show this track", onclick: () => onChoose(track.id) }, swatch, `#${track.id}`);
      },
    },
    { title: "From", isNumber: true, sort: (track) => track.first_s, cell: (track) => timeText(track.first_s) },
    { title: "To", isNumber: true, sort: (track) => track.last_s, cell: (track) => timeText(track.last_s) },
    { title: "Frames", isNumber: true, firstDescending: true, sort: (track) => track.frames, cell: (track) => count(track.frames) },
    { title: "State", sort: (track) => track.reason ?? "", cell: (track) => (track.reason ? `not scored: ${words(track.reason)}` : track.isShort ? "short" : "scored") },
    ...leadingColumns<Track>(model, (track, channel) => trackMean(model, track, channel)),
    number("box_h_px", "Height, px", 0, "Mean height of the detector's box"),
    number("yaw_deg", "Yaw, °", 1, "Mean; positive towards the person's own left"),
    number("pitch_deg", "Pitch, °", 1, "Mean; positive looking up"),
    number("quality", "Quality", 2, "Fitness for expression measurement, 0 to 1"),
  ];
  const table = new DataTable<Track>({ caption: "Tracks; leading labels are means over a track", noun: "tracks", columns, pageSize: 25 });
  table.setRows(model.tracks);
  return h("div", {}, h("h3", {}, "Tracks"), table.element);
}

export function windowTable(model: VideoModel, first: Maybe<Track>, seek: (time_s: number) => void): { element: HTMLElement; show: (track: Maybe<Track>) => void } {
  const columns: Column<Window>[] = [
    {
      title: "From",
      isNumber: true,
      isHeader: true,
      sort: (window) => window.start_s,
      cell: (window) => h("button", { type: "button", class: "link", title: "Go to this moment", onclick: () => seek(window.start_s) }, timeText(window.start_s)),
    },
    { title: "To", isNumber: true, sort: (window) => window.end_s, cell: (window) => timeText(window.end_s) },
    { title: "Scored frames", isNumber: true, sort: (window) => window.frames, cell: (window) => count(window.frames) },
    { title: "Length", isNumber: true, sort: (window) => window.end_s - window.start_s, cell: (window) => `${significant(window.end_s - window.start_s)} s${window.isShort ? ", short" : ""}` },
    ...leadingColumns<Window>(model, (window, channel) => model.windowValue(window, channel)),
  ];
  const table = new DataTable<Window>({ caption: "Windows of the chosen track", noun: "windows", columns, pageSize: 10 });
  const heading = h("h3", {});
  const cut = model.video.windows.total > model.video.windows.track_id.length;
  const show = (track: Maybe<Track>) => {
    heading.textContent = track ? `Windows of track #${track.id}` : "Windows";
    table.setRows(track?.windows ?? []);
  };
  show(first);
  const note = cut && h("p", { class: "note" }, `The page holds ${count(model.video.windows.track_id.length)} of ${count(model.video.windows.total)} windows; the windows table of the study has all.`);
  return { element: h("div", {}, heading, note, table.element), show };
}
