// The video beside the charts: the overlay where there is one, else the source, else a clock without
// a picture that says why.

import type { MediaFile, Video } from "./data";
import type { Clock } from "./clock";
import { h } from "./dom";
import { clock as timeText, words } from "./format";

interface Choice {
  label: string;
  file: MediaFile;
}

function unavailable(text: string): HTMLElement {
  return h("div", { class: "no-picture", role: "note" }, h("p", {}, text));
}

function reasonWithoutPicture(video: Video): string {
  const status = String(video.media.status);
  if (status === "failed") return `No picture: ${words(String(video.media.reason ?? "the video failed"))}.`;
  if (!video.source) return "No picture: the report was made without the video's place.";
  if (video.source.kind === "folder") return "The source is a folder of pictures, which the page cannot play. Run annotate with --overlay to see it here.";
  if (video.source.kind === "absent") return `The source (${video.source.name}) was not found when the report was made. The charts below stand on the tables alone.`;
  return "The browser cannot play this file. Run annotate with --overlay to get an MP4 that it can.";
}

export class Player {
  readonly element: HTMLElement;
  private readonly pictures: HTMLButtonElement[] = [];
  private readonly stage = h("div", { class: "stage" });
  private readonly playButton: HTMLButtonElement;
  private readonly scrubber: HTMLInputElement;
  private readonly readout = h("output", { class: "time", "aria-hidden": "true" });

  constructor(
    private readonly video: Video,
    private readonly clock: Clock,
  ) {
    const choices: Choice[] = [];
    if (video.overlay?.kind === "video") choices.push({ label: "Overlay", file: video.overlay });
    if (video.media.status !== "failed" && video.source && (video.source.kind === "video" || video.source.kind === "still")) choices.push({ label: "Source", file: video.source });
    if (video.masked?.kind === "video") choices.push({ label: "Heads filled", file: video.masked });
    this.playButton = h("button", { type: "button", class: "play", "aria-keyshortcuts": "Space", onclick: () => clock.toggle() });
    this.scrubber = h("input", {
      type: "range",
      min: 0,
      max: clock.duration_s,
      step: "any",
      value: 0,
      "aria-label": "Time",
      oninput: () => clock.seek(Number(this.scrubber.value)),
    });
    const speed = h(
      "select",
      { "aria-label": "Speed", onchange: () => clock.setRate(Number(speed.value)) },
      ...[0.25, 0.5, 1, 2].map((rate) => h("option", { value: rate, selected: rate === 1 }, `${rate}×`)),
    );
    if (choices.length > 1) {
      for (const choice of choices) {
        const button: HTMLButtonElement = h(
          "button",
          {
            type: "button",
            "aria-pressed": choice === choices[0] ? "true" : "false",
            onclick: () => {
              for (const other of this.pictures) other.setAttribute("aria-pressed", String(other === button));
              this.show(choice.file);
            },
          },
          choice.label,
        );
        this.pictures.push(button);
      }
    }
    const switcher = choices.length > 1 && h("div", { class: "segmented", role: "group", "aria-label": "Picture", "aria-keyshortcuts": "o" }, ...this.pictures);
    const isStill = choices[0]?.file.kind === "still";
    const transport = h("div", { class: "transport" }, this.scrubber, this.playButton, this.readout, h("span", { class: "spacer" }), speed);
    this.element = h("div", { class: "player" }, this.stage, !isStill && clock.duration_s > 0 && transport, switcher);
    if (choices[0]) this.show(choices[0].file);
    else this.stage.append(unavailable(reasonWithoutPicture(video)));
    clock.onChange(() => this.update());
    this.update();
  }

  // Overlay, source, heads filled, and back.
  togglePicture(): void {
    const shown = this.pictures.findIndex((button) => button.getAttribute("aria-pressed") === "true");
    this.pictures[(shown + 1) % Math.max(1, this.pictures.length)]?.click();
  }

  private show(file: MediaFile): void {
    if (file.kind === "still") {
      this.clock.follow(null);
      const image = h("img", { src: file.url, alt: `The picture ${file.name}`, onerror: () => this.stage.replaceChildren(unavailable(`The picture ${file.name} cannot be shown.`)) });
      this.stage.replaceChildren(image);
      return;
    }
    const width = Number(this.video.media.width_px ?? 16);
    const height = Number(this.video.media.height_px ?? 9);
    const element = h("video", {
      src: file.url,
      preload: "auto",
      playsinline: true,
      tabindex: "-1",
      "aria-label": `Video ${file.name}`,
      style: `aspect-ratio: ${width} / ${height}`,
      onclick: () => this.clock.toggle(),
      onerror: () => {
        this.clock.follow(null);
        this.stage.replaceChildren(unavailable(`This browser cannot play ${file.name}. Run annotate with --overlay to get an MP4 that it can; the charts work without the picture.`));
      },
    });
    this.stage.replaceChildren(element);
    this.clock.follow(element);
  }

  private update(): void {
    const { clock } = this;
    const isPlaying = clock.isPlaying;
    if (this.playButton.dataset.state !== String(isPlaying)) {
      this.playButton.dataset.state = String(isPlaying);
      this.playButton.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
      this.playButton.replaceChildren(h("span", { "aria-hidden": "true", class: isPlaying ? "glyph-pause" : "glyph-play" }));
    }
    this.scrubber.value = String(clock.time_s);
    this.scrubber.setAttribute("aria-valuetext", `${timeText(clock.time_s)} of ${timeText(clock.duration_s)}`);
    this.readout.textContent = `${timeText(clock.time_s)} / ${timeText(clock.duration_s)}`;
  }
}
