// The situations that a video was found to show, one list a source.

import { drawBars } from "../charts/bars";
import { figure } from "../charts/figure";
import type { ContextSource } from "../data";
import { h, section } from "../dom";
import { clock, count, fixed, words } from "../format";
import type { VideoModel } from "../model";
import { fileName, sourceLine } from "../parts";

const kTitles: Record<string, [title: string, note: string]> = {
  visual: ["From pictures, heads filled", "What a network saw after every head that was found had been filled with the colours around it."],
  visual_visible: ["From pictures, faces visible", "The same frames as they are, for comparison: a face in the picture may have made these."],
  visual_patches: ["From pictures, patches filled elsewhere", "The same frames with as much filled beside the heads, for comparison."],
  text: ["From words", "What title and description tell."],
};

function statement(source: ContextSource): string {
  const whose = source.vocabulary === "everyday" ? "Words of the vocabulary that comes with Mien, written for it and not drawn from videos." : `Words of the vocabulary ${source.vocabulary}.`;
  return source.source === "text" ? whose : `${whose} What objects speak for was judged, not measured; most situations cannot be seen by this network.`;
}

function contextFigure(model: VideoModel, source: ContextSource): HTMLElement | null {
  const [title, note] = kTitles[source.source] ?? [words(source.source), ""];
  if (source.status !== "ok") {
    const reason = source.reason === null ? source.status : words(source.reason);
    return h("div", {}, h("h3", {}, title), h("p", {}, `Not assessed: ${reason}. That nothing is listed means nothing.`));
  }
  const shown = source.best.map(([context, score, above]) => ({ name: words(context), value: score, text: `${fixed(score, 2)}${above ? ", counts as present" : ""}` }));
  return figure({
    id: `contexts-${source.source}`,
    title,
    note: `${note} The best ${count(shown.length)} of ${count(source.total)} that were kept. Bars go from 0 to 1.`,
    statement: statement(source),
    isPrior: true,
    source: sourceLine(model.study, model.video.id),
    draw: (frame) => drawBars(shown, { domain: [0, 1], isPrior: true }, frame),
    csv: () => ({
      header: ["video_id", "source", "context", "score_prob", "above_threshold"],
      rows: source.best.map(([context, score, above]) => [model.video.id, source.source, context, score, above ? "true" : "false"]),
    }),
    label: () => `${title}: ${shown.map(({ name, value }) => `${name} ${fixed(value, 2)}`).join(", ") || "nothing was named"}.`,
    fileName: fileName(model.video, `contexts-${source.source}`),
  }).element;
}

const kSamples = 6;

// Frames as the network saw them, spread evenly over the video.
function maskedSamples(model: VideoModel): HTMLElement | null {
  const { masked, media } = model.video;
  if (masked?.kind !== "video") return null;
  const duration = Number(media.duration_s ?? 0);
  const number = Math.min(kSamples, Math.max(1, Math.ceil(duration / 2)));
  const samples = Array.from({ length: number }, (_, i) => {
    const at = (duration * (i + 0.5)) / number;
    const picture = h("video", { src: `${masked.url}#t=${at.toFixed(2)}`, preload: "metadata", muted: true, playsinline: true, tabindex: "-1", "aria-label": `Frame at ${clock(at)} with heads filled` });
    return h("figure", { class: "sample" }, picture, h("figcaption", {}, clock(at)));
  });
  return h(
    "div",
    { class: "samples" },
    h("h3", {}, "What the network saw"),
    h("p", {}, "Frames with every head that was found filled with the colours around it. They are kept because the video was annotated with --overlay."),
    h("div", { class: "sample-row" }, ...samples),
  );
}

export function contextsSection(model: VideoModel): HTMLElement | null {
  const { contexts } = model.video;
  if (contexts.length === 0) return null;
  return section(
    "contexts",
    "Contexts",
    h("p", { class: "lead" }, "What situation the video shows. A context that is not listed is not absent: only few can be named."),
    maskedSamples(model),
    h("div", { class: "figures" }, ...contexts.map((source) => contextFigure(model, source))),
  );
}
