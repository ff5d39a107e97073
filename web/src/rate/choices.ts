// The labels of a study as buttons, boxes or scales, each answered by one key.

import { h } from "../dom";
import type { Study } from "./server";
import type { Words } from "./words";

// Not among them: the letters of other actions (n, c, s, u).
const kKeys = "1234567890qwertyiopadfghjklzxvbm";

export const keyOf = (at: number): string => kKeys[at] ?? "";

export type Given = { outcome: "rated" | "none" | "cannot_tell"; values: Record<string, number> };

export class Choices {
  readonly element: HTMLElement;
  private values: Record<string, number> = {};
  private buttons: HTMLElement[] = [];

  // `give` is called with an answer that is whole.
  constructor(
    private readonly study: Study,
    words: Words,
    private readonly give: (given: Given) => void,
  ) {
    this.element = h("div", { class: "labels", role: "group", "aria-label": words.of("labels") });
    this.draw();
  }

  // 0: nothing was chosen yet. To be called for each clip.
  clear(): void {
    this.values = {};
    this.draw();
  }

  // Whether the key meant one of the labels.
  key(key: string): boolean {
    if (this.study.choice === "intensity") {
      if (!/^[0-9]$/.test(key) || Number(key) > this.study.steps) return false;
      const open = this.study.labels.find((label) => !(label.id in this.values));
      const at = this.focused() ?? (open ? this.study.labels.indexOf(open) : -1);
      if (at < 0) return false;
      this.set(at, Number(key));
      return true;
    }
    const at = kKeys.indexOf(key);
    if (key.length !== 1 || at < 0 || at >= this.study.labels.length) return false;
    this.choose(at);
    return true;
  }
  submit(): void {
    const rated = Object.keys(this.values).length;
    const whole = this.study.choice === "intensity" ? rated === this.study.labels.length : rated > 0;
    if (whole) this.give({ outcome: "rated", values: { ...this.values } });
  }
  get needsSubmit(): boolean {
    return this.study.choice !== "single";
  }

  private choose(at: number): void {
    const id = this.study.labels[at]!.id;
    if (this.study.choice === "single") {
      this.give({ outcome: "rated", values: { [id]: 1 } });
      return;
    }
    if (id in this.values) delete this.values[id];
    else this.values[id] = 1;
    this.buttons[at]!.setAttribute("aria-pressed", String(id in this.values));
  }

  private set(at: number, value: number): void {
    const id = this.study.labels[at]!.id;
    this.values[id] = value;
    const chosen = this.buttons[at]!.querySelectorAll<HTMLInputElement>("input")[value]!;
    chosen.checked = true;
    const next = this.study.labels.findIndex((label) => !(label.id in this.values));
    if (next >= 0) this.buttons[next]!.querySelector<HTMLInputElement>("input")!.focus();
  }
  private focused(): number | null {
    const at = this.buttons.findIndex((row) => row.contains(document.activeElement));
    return at < 0 ? null : at;
  }

  private draw(): void {
    this.buttons = this.study.labels.map((_, at) => (this.study.choice === "intensity" ? this.scale(at) : this.button(at)));
    this.element.replaceChildren(...this.buttons);
    this.element.classList.toggle("scales", this.study.choice === "intensity");
  }

  private button(at: number): HTMLElement {
    const label = this.study.labels[at]!;
    return h(
      "button",
      {
        type: "button",
        class: "label",
        "data-label": label.id,
        "aria-keyshortcuts": keyOf(at) || null,
        ...(this.study.choice === "multiple" ? { "aria-pressed": "false" } : {}),
        onclick: () => this.choose(at),
      },
      keyOf(at) ? h("kbd", { "aria-hidden": "true" }, keyOf(at)) : null,
      h("span", { class: "words" }, label.words),
      label.description ? h("span", { class: "description" }, label.description) : null,
    );
  }

  private scale(at: number): HTMLElement {
    const label = this.study.labels[at]!;
    const values = Array.from({ length: this.study.steps + 1 }, (_, value) => value);
    return h(
      "fieldset",
      { class: "scale", "data-label": label.id },
      h("legend", {}, h("span", { class: "words" }, label.words), label.description ? h("span", { class: "description" }, label.description) : null),
      ...values.map((value) =>
        h(
          "label",
          {},
          h("input", { type: "radio", name: `scale-${at}`, value: String(value), onchange: () => this.set(at, value) }),
          String(value),
        ),
      ),
    );
  }
}
