// The keyboard of a video page. Keys that an element needs for itself stay with it.

import { dialogIsOpen } from "./shell";

export interface KeyActions {
  toggle: () => void;
  step: (grid: number) => void;
  skip: (seconds: number) => void;
  edge: (end: boolean) => void;
  track: (by: number) => void;
  zoom: (by: number) => void; // 1 nearer, -1 further, 0 the whole video
  picture: () => void;
  video: (by: number) => void;
}

export const kKeyHelp: [keys: string, meaning: string][] = [
  ["Space", "play or pause"],
  ["← →", "one step of the time grid"],
  ["Shift ← →", "one second"],
  ["Home End", "first or last moment, while the time slider has the focus"],
  ["[ ]", "track before or after"],
  ["+ - 0", "zoom the timelines in, out, to the whole video"],
  ["o", "overlay, source or filled picture"],
  ["p n", "video before or after in the list"],
];

export function listenToKeys(actions: KeyActions): void {
  addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    if (dialogIsOpen()) return;
    const target = event.target instanceof HTMLElement ? event.target : null;
    const isRange = target instanceof HTMLInputElement && target.type === "range";
    const isText = target?.matches("input:not([type=range]), textarea, select") ?? false;
    if (isText) return;
    const isActivated = event.key === " " && (target?.matches("button, a, summary") ?? false);
    if (isActivated) return;
    // A table that can be scrolled sideways keeps its arrows.
    const isScroller = target?.matches(".scroller") ?? false;
    if (isScroller && event.key !== " ") return;
    const direction = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (event.key === " " && !event.repeat) actions.toggle();
    else if (direction !== 0 && event.shiftKey) actions.skip(direction);
    else if (direction !== 0) actions.step(direction);
    else if (event.key === "Home" && isRange) actions.edge(false);
    else if (event.key === "End" && isRange) actions.edge(true);
    else if (event.key === "[") actions.track(-1);
    else if (event.key === "]") actions.track(1);
    else if (event.key === "+" || event.key === "=") actions.zoom(1);
    else if (event.key === "-") actions.zoom(-1);
    else if (event.key === "0") actions.zoom(0);
    else if (event.key === "o") actions.picture();
    else if (event.key === "p") actions.video(-1);
    else if (event.key === "n") actions.video(1);
    else return;
    event.preventDefault();
  });
}
