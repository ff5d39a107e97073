// The clip being rated: loaded whole, played from memory again and again, and what was seen of it.

import { h } from "../dom";
import type { Lent, Server } from "./server";

const kSpeeds = [0.25, 0.5, 0.75, 1, 1.5, 2];

export class Loaded {
  private constructor(
    readonly lent: Lent,
    readonly url: string | null, // null: it cannot be shown
  ) {}

  static async load(server: Server, lent: Lent): Promise<Loaded> {
    const plays = document.createElement("video").canPlayType('video/webm; codecs="vp9"') !== "";
    const webm = lent.webm && (plays || !lent.mp4);
    const blob = await server.clip(lent, webm);
    return new Loaded(lent, URL.createObjectURL(blob));
  }
  static broken(lent: Lent): Loaded {
    return new Loaded(lent, null);
  }
  free(): void {
    if (this.url) URL.revokeObjectURL(this.url);
  }
}

export class ClipView {
  readonly video = h("video", { playsinline: true, preload: "auto", tabindex: "-1" });
  onChange: () => void = () => {};
  failed = false;

  private viewed = 0; // ms
  private full = false;
  private began: number | null = null; // when its first picture was shown
  private tick: number | null = null;
  private speedAt = 3;

  constructor() {
    this.video.muted = true;
    this.video.addEventListener("playing", () => {
      this.began ??= performance.now();
      this.tick = performance.now();
      this.onChange();
    });
    this.video.addEventListener("timeupdate", () => {
      this.count();
      this.onChange();
    });
    this.video.addEventListener("pause", () => {
      this.count();
      this.tick = null;
      this.onChange();
    });
    // Not the attribute `loop`: so each end is noticed.
    this.video.addEventListener("ended", () => {
      this.full = true;
      this.video.currentTime = 0;
      void this.video.play().catch(() => {});
    });
    this.video.addEventListener("error", () => {
      if (!this.video.hasAttribute("src")) return;
      this.failed = true;
      this.onChange();
    });
  }

  show(clip: Loaded): void {
    this.viewed = 0;
    this.full = false;
    this.began = null;
    this.tick = null;
    this.failed = clip.url === null;
    if (clip.url === null) {
      this.video.removeAttribute("src");
    } else {
      this.video.src = clip.url;
      this.video.playbackRate = this.speed;
      void this.video.play().catch(() => {}); // a browser that plays nothing unasked: the button does
    }
    this.onChange();
  }
  toggle(): void {
    if (this.video.paused) void this.video.play().catch(() => {});
    else this.video.pause();
  }
  get paused(): boolean {
    return this.video.paused;
  }
  get speed(): number {
    return kSpeeds[this.speedAt]!;
  }
  changeSpeed(by: number): void {
    this.speedAt = Math.max(0, Math.min(kSpeeds.length - 1, this.speedAt + by));
    this.video.playbackRate = this.speed;
    this.onChange();
  }
  // What was seen, as answers tell it.
  seen(): { response_ms: number | null; viewed_ms: number | null; viewed_fully: boolean; speed: number } {
    this.count();
    return {
      response_ms: this.began === null ? null : Math.round(performance.now() - this.began),
      viewed_ms: this.failed ? null : Math.round(this.viewed),
      viewed_fully: this.full,
      speed: this.speed,
    };
  }

  private count(): void {
    if (this.tick === null || this.video.paused) return;
    const now = performance.now();
    this.viewed += Math.min(now - this.tick, 1000); // a page that slept saw nothing
    this.tick = now;
  }
}
