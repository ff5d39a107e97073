// The page of one video: picture and moment at the left, synchronised charts at the right, then
// means, coverage, tracks, facts.

import { Clock } from "../clock";
import { study, video, type Study, type Video } from "../data";
import { definitions, h, section } from "../dom";
import { count, duration, kMissing, significant, words } from "../format";
import { kKeyHelp, listenToKeys } from "../keys";
import { VideoModel } from "../model";
import { labelStatement, statusBadge, versions, whoseLabels } from "../parts";
import { Player } from "../player";
import { buildShell } from "../shell";
import { contextsSection } from "./contexts";
import { Now } from "./now";
import { Timelines } from "./timelines";
import { coverageSection, meansSection, stillSection } from "./summaries";
import { trackTable, windowTable } from "./tracks";

function trouble(own: Video): HTMLElement | null {
  const status = String(own.media.status);
  if (status === "ok") return null;
  const reason = own.media.reason === null ? "" : words(String(own.media.reason));
  const stands = status === "partial" ? "Only a part was measured; what is shown stands for that part." : "Nothing could be measured.";
  return h(
    "div",
    { class: `alert ${status}`, role: "note", "aria-label": "What went wrong" },
    h("p", {}, statusBadge(status), " ", h("strong", {}, reason), ` ${stands}`),
    own.media.message !== null && h("p", { class: "message" }, String(own.media.message)),
  );
}

function neighbours(own: Video, facts: Study): HTMLElement {
  const link = (number: number, text: string, rel: string, key: string) =>
    number >= 1 && number <= facts.totals.videos
      ? h("a", { class: "button", href: `${number}.html`, rel, "aria-keyshortcuts": key }, text)
      : h("span", { class: "button off" }, text);
  return h(
    "nav",
    { class: "neighbours", "aria-label": "Other videos" },
    link(own.number - 1, "← Previous", "prev", "p"),
    h("span", {}, `${count(own.number)} of ${count(facts.totals.videos)}`),
    link(own.number + 1, "Next →", "next", "n"),
  );
}

const kMediaNames: [column: string, term: string, unit: string][] = [
  ["width_px", "Width", "px"],
  ["height_px", "Height", "px"],
  ["rotation_deg", "Rotation applied", "°"],
  ["frames_decoded", "Frames decoded", ""],
  ["frames_analysed", "Frames analysed", ""],
  ["tracks", "Face tracks", ""],
];

function facts(own: Video): HTMLElement {
  const media = kMediaNames.map(([column, term, unit]): [string, string] => {
    const value = own.media[column];
    return [term, typeof value === "number" ? `${count(value)}${unit ? ` ${unit}` : ""}` : kMissing];
  });
  const variable = own.media.variable_rate;
  const covariates = own.expression?.covariates ?? [];
  return section(
    "facts",
    "About this video",
    h("h3", {}, "The file"),
    definitions([
      ["Id", own.id],
      ["Duration", duration(own.media.duration_s as number | null)],
      ...media,
      ["Times between frames", variable === null || variable === undefined ? kMissing : variable ? "vary" : "equal"],
    ]),
    own.corpus.length > 0 && h("h3", {}, "From the corpus list"),
    own.corpus.length > 0 && definitions(own.corpus.map(([name, value]): [string, string] => [words(name), String(value)])),
    covariates.length > 0 && h("h3", {}, "Measured of its scored faces"),
    covariates.length > 0 && definitions(covariates.map(([name, value, description]) => [words(name), h("span", { title: description }, significant(value))])),
  );
}

export function buildVideoPage(page: HTMLElement): void {
  const own = video();
  const all = study();
  const model = new VideoModel(own, all);
  buildShell(page, all, [{ text: all.name, href: "../index.html" }, { text: own.title }], [{ title: "This video", keys: kKeyHelp }]);
  const clock = new Clock(model.isStill ? 0 : model.duration_s);
  const player = new Player(own, clock);
  const failed = own.media.status === "failed";
  const head = h(
    "div",
    { class: "page-head" },
    h("div", {}, h("h1", {}, own.title), h("p", { class: "lead" }, statusBadge(String(own.media.status)), own.title === own.id ? null : h("code", {}, own.id))),
    neighbours(own, all),
  );
  const tail = [whoseLabels(all), versions(all)];
  if (failed) {
    page.replaceChildren(head, trouble(own) ?? "", facts(own), ...tail);
    listenToKeys(actions(clock, player, null, own, all));
    return;
  }
  const timelines = model.isStill ? null : new Timelines(model, clock);
  const now = timelines && new Now(model, clock, () => timelines.track);
  const side = h("div", { class: "side" }, player.element, now?.element);
  const windows = windowTable(model, timelines?.track ?? model.byScoredFrames()[0] ?? null, (time_s) => clock.seek(time_s));
  timelines?.onSelect((track) => {
    now?.update();
    windows.show(track);
  });
  const contexts = contextsSection(model);
  const tracks = trackTable(model, (id) => {
    timelines?.select(id);
    windows.show(model.track(id) ?? null);
    const track = model.track(id);
    if (track) clock.seek(track.first_s);
  });
  page.replaceChildren(
    head,
    trouble(own) ?? "",
    h("section", { class: "watch", "aria-labelledby": "watch-title" }, h("h2", { id: "watch-title", class: "unseen" }, model.isStill ? "Picture and faces" : "Video and timelines"), side, timelines?.element ?? stillSection(model)),
    ...(own.expression && !model.isStill && model.tracks.length > 0 ? [meansSection(model)] : []),
    ...(contexts ? [contexts] : []),
    coverageSection(model),
    ...(model.tracks.length > 0 ? [section("tracks", "Tracks and windows", tracks, windows.element, labelStatement(all))] : []),
    facts(own),
    ...tail,
  );
  listenToKeys(actions(clock, player, timelines, own, all));
}

function actions(clock: Clock, player: Player, timelines: Timelines | null, own: Video, all: Study) {
  const step_s = own.step_s;
  return {
    toggle: () => clock.duration_s > 0 && clock.toggle(),
    step: (by: number) => clock.seek(clock.time_s + by * step_s),
    skip: (seconds: number) => clock.seek(clock.time_s + seconds),
    edge: (end: boolean) => clock.seek(end ? clock.duration_s : 0),
    track: (by: number) => timelines?.step(by),
    zoom: (by: number) => timelines?.zoom(by),
    picture: () => player.togglePicture(),
    video: (by: number) => {
      const number = own.number + by;
      if (number >= 1 && number <= all.totals.videos) location.href = `${number}.html`;
    },
  };
}
