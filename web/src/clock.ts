// The one time of a page. Where the browser plays the video, its time is the time; where there is no
// video to play, a clock of its own stands in, so that timelines can be walked all the same.

export class Clock {
  private element: HTMLVideoElement | null = null;
  private own_s = 0;
  private playing = false;
  private lastTick = 0;
  private readonly listeners: (() => void)[] = [];
  rate = 1;

  constructor(readonly duration_s: number) {}

  // Takes the time of `element` from now on, or stands alone again with null.
  follow(element: HTMLVideoElement | null): void {
    const time_s = this.time_s;
    const resume = this.isPlaying;
    this.pause();
    this.element = element;
    this.own_s = time_s;
    if (!element) return this.notify();
    const changed = () => this.element === element && this.notify();
    for (const event of ["timeupdate", "seeked", "play", "pause", "ended"]) element.addEventListener(event, changed);
    element.addEventListener("play", () => this.tick());
    element.playbackRate = this.rate;
    const jump = () => {
      if (this.element !== element) return;
      this.seek(time_s);
      if (resume) this.toggle();
    };
    if (element.readyState > 0) jump();
    else element.addEventListener("loadedmetadata", jump, { once: true });
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  get time_s(): number {
    return this.element && this.element.readyState > 0 ? this.element.currentTime : this.own_s;
  }

  get isPlaying(): boolean {
    return this.element ? !this.element.paused && !this.element.ended : this.playing;
  }

  seek(time_s: number): void {
    this.own_s = Math.min(Math.max(0, time_s), this.duration_s);
    // Half a millisecond further, so that rounding does not show the frame before.
    if (this.element && this.element.readyState > 0) this.element.currentTime = this.own_s + 0.0005;
    this.notify();
  }

  setRate(rate: number): void {
    this.rate = rate;
    if (this.element) this.element.playbackRate = rate;
  }

  toggle(): void {
    if (this.isPlaying) return this.pause();
    if (this.element) {
      this.element.play().catch(() => this.notify());
      return;
    }
    if (this.own_s >= this.duration_s) this.own_s = 0;
    this.playing = true;
    this.lastTick = performance.now();
    this.tick();
  }

  pause(): void {
    this.playing = false;
    this.element?.pause();
    this.notify();
  }

  private tick(): void {
    if (!this.isPlaying) return;
    if (!this.element) {
      const now = performance.now();
      this.own_s += ((now - this.lastTick) / 1000) * this.rate;
      this.lastTick = now;
      if (this.own_s >= this.duration_s) {
        this.own_s = this.duration_s;
        this.playing = false;
      }
    }
    this.notify();
    requestAnimationFrame(() => this.tick());
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}
