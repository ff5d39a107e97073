// The rater's page: joins by an invitation, asks for consent, shows clips, takes answers.

import { h } from "../dom";
import { Choices, type Given } from "./choices";
import { ClipView, Loaded } from "./clip";
import { newId, Outbox } from "./outbox";
import { Refused, Server, type Answer, type Lent, type Study, type View } from "./server";
import { direction, Words, type Word } from "./words";
import "./rate.css";

const kRater = "mien-rater"; // in localStorage: { invitation, token }
const kRetry_ms = 2000;

interface Identity {
  invitation: string;
  token: string;
}

function identity(): Identity | null {
  const text = localStorage.getItem(kRater);
  return text === null ? null : (JSON.parse(text) as Identity);
}

// The token of this device; a new invitation in the address makes a new rater.
async function join(): Promise<string | null> {
  const known = identity();
  const invitation = new URLSearchParams(location.hash.slice(1)).get("invitation");
  if (invitation === null || known?.invitation === invitation) {
    history.replaceState(null, "", location.pathname);
    return known?.token ?? null;
  }
  const joined = await new Server("").post<{ token: string }>("/api/join", { invitation });
  localStorage.setItem(kRater, JSON.stringify({ invitation, token: joined.token }));
  history.replaceState(null, "", location.pathname);
  return joined.token;
}

class Page {
  private readonly words: Words;
  private readonly outbox: Outbox;
  private readonly main = h("main", {});
  private readonly status = h("p", { class: "status", role: "status", "aria-live": "polite" });
  private readonly clip = new ClipView();
  private readonly choices: Choices;
  private readonly play = h("button", { type: "button", onclick: () => this.clip.toggle() });
  private readonly speed = h("output", { class: "speed" });
  private readonly bar = h("progress", {});
  private readonly count = h("p", { id: "count" });
  private readonly warning = h("p", { class: "clip-warning", role: "note" });
  private readonly undoButton = h("button", { type: "button", "aria-keyshortcuts": "u", onclick: () => this.undo() });
  private readonly comment = h("textarea", { rows: "2", maxlength: "1000", id: "comment" });

  private view: View;
  private line: Loaded[] = []; // the clip to rate, and those after it
  private loading = new Set<number>();
  private done = new Set<number>(); // places answered here
  private before: { clip: Loaded; id: string } | null = null;
  private revises = "";
  private shown: Loaded | null = null;
  private retry: number | undefined;

  constructor(
    private readonly server: Server,
    private readonly study: Study,
    view: View,
  ) {
    this.view = view;
    this.words = new Words(study.interface);
    this.outbox = new Outbox(server);
    this.choices = new Choices(study, this.words, (given) => this.answer(given));
    document.documentElement.lang = study.language;
    document.documentElement.dir = direction(study.language);
    document.title = study.title;
    this.clip.onChange = () => this.drawControls();
    this.clip.video.setAttribute("aria-label", this.word("clip"));
    document.body.append(
      study.simulated ? h("p", { class: "simulated" }, this.word("simulated")) : "",
      h("header", {}, h("h1", {}, study.title)),
      this.main,
      this.status,
    );
    addEventListener("keydown", (event) => this.onKey(event));
    addEventListener("online", () => void this.send());
    this.draw();
    void this.send();
  }

  private word(word: Word, numbers: Record<string, number> = {}): string {
    return this.words.of(word, numbers);
  }
  private say(text: string): void {
    if (this.status.textContent !== text) this.status.textContent = text;
  }
  private button(word: Word, action: () => void, key = ""): HTMLButtonElement {
    return h(
      "button",
      { type: "button", "data-action": word, "aria-keyshortcuts": key || null, onclick: action },
      key ? h("kbd", { "aria-hidden": "true" }, key) : null,
      this.word(word),
    );
  }

  // What the server says: which clips are lent, and whether there is anything to do.
  private take(view: View): void {
    const before = this.view.state;
    this.view = view;
    for (const place of this.outbox.places()) this.done.add(place);
    if (before !== view.state) this.draw();
    else this.drawControls();
    if (view.state === "rating") for (const lent of view.clips) void this.load(lent);
  }

  private async load(lent: Lent): Promise<void> {
    if (this.done.has(lent.place) || this.loading.has(lent.place)) return;
    this.loading.add(lent.place);
    try {
      this.line.push(await Loaded.load(this.server, lent));
    } catch (error) {
      if (error instanceof Refused) {
        this.line.push(Loaded.broken(lent));
      } else {
        this.loading.delete(lent.place);
        return this.later();
      }
    }
    this.line.sort((a, b) => a.lent.place - b.lent.place);
    this.showFirst();
  }

  private showFirst(): void {
    const first = this.line[0] ?? null;
    if (first === this.shown) return this.drawControls();
    this.shown = first;
    this.choices.clear();
    this.comment.value = "";
    if (first) this.clip.show(first);
    this.drawControls();
    document.body.dataset["place"] = first ? String(first.lent.place) : "";
  }

  private answer(given: Given | { outcome: "skipped"; values: Record<string, number> }): void {
    const clip = this.shown;
    if (clip === null) return;
    const seen = this.clip.seen();
    const early = (seen.viewed_ms ?? 0) < this.study.minimum_viewing_s * 1000;
    if (given.outcome === "rated" && early) return this.say(this.word("watch"));
    const answer: Answer = {
      id: newId(),
      place: clip.lent.place,
      outcome: given.outcome,
      values: given.values,
      comment: this.study.free_text && given.outcome !== "skipped" ? this.comment.value.trim() : "",
      ...seen,
      revises: this.revises,
    };
    this.outbox.put(answer);
    document.body.dataset["sent"] = "false";
    this.done.add(answer.place);
    if (this.revises === "") ++this.view.answered;
    this.revises = "";
    this.before?.clip.free();
    this.before = { clip, id: answer.id };
    this.line = this.line.filter((one) => one !== clip);
    this.say(this.word("answered"));
    this.showFirst();
    void this.send();
  }

  private undo(): void {
    if (this.before === null || this.view.state !== "rating") return;
    this.revises = this.before.id;
    this.line.unshift(this.before.clip);
    this.before = null;
    this.showFirst();
  }

  private async send(): Promise<void> {
    clearTimeout(this.retry);
    try {
      const view = this.outbox.size > 0 ? await this.outbox.flush() : await this.server.post("/api/next");
      document.body.dataset["sent"] = String(this.outbox.size === 0);
      if (view !== null) this.take(view);
      if (this.status.textContent === this.word("offline")) this.say("");
    } catch (error) {
      if (error instanceof Refused && error.status === 401) return this.end("closed");
      if (error instanceof Refused) return this.say(error.message);
      this.later();
    }
  }
  private later(): void {
    this.say(this.word("offline"));
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.send(), kRetry_ms) as unknown as number;
  }

  private async act(path: string, body: object): Promise<void> {
    try {
      this.take(await this.server.post(path, body));
    } catch (error) {
      this.say(error instanceof Refused ? error.message : this.word("offline"));
    }
  }
  private async withdraw(): Promise<void> {
    try {
      await this.server.post("/api/withdraw", { delete: true });
    } catch (error) {
      return this.say(error instanceof Refused ? error.message : this.word("offline"));
    }
    this.outbox.clear();
    localStorage.removeItem(kRater);
    this.end("withdrawn");
  }
  private async stop(): Promise<void> {
    await this.send(); // answers on their way first
    await this.act("/api/stop", {});
  }

  private end(word: Word): void {
    clearTimeout(this.retry);
    this.clip.video.pause();
    this.view.state = "closed";
    document.body.dataset["state"] = word;
    this.main.replaceChildren(h("p", { class: "message" }, this.word(word)), ...this.contact());
  }

  private contact(): HTMLElement[] {
    return this.study.contact ? [h("p", { class: "contact" }, this.study.contact)] : [];
  }

  private draw(): void {
    const state = this.view.state;
    document.body.dataset["state"] = state;
    if (state !== "rating") this.clip.video.pause();
    if (state === "consent") this.drawConsent();
    else if (state === "rating") this.drawRating();
    else {
      const another = state === "session_done" && this.view.sessions_left > 0;
      this.main.replaceChildren(
        h("p", { class: "message" }, this.word(state)),
        another ? this.button("another", () => void this.act("/api/session", {})) : "",
        state === "stopped" || state === "closed" ? "" : this.leaving(),
        ...this.contact(),
      );
      if (state === "paused") this.retry = setTimeout(() => void this.send(), 5 * kRetry_ms) as unknown as number;
    }
  }

  private drawConsent(): void {
    const paragraphs = (text: string, name: string) =>
      h("div", { class: name }, ...text.split(/\n\s*\n/).map((part) => h("p", {}, part)));
    const { study } = this;
    this.main.replaceChildren(
      study.warning ? paragraphs(study.warning, "warning") : "",
      paragraphs(study.instructions, "instructions"),
      paragraphs(study.consent, "consent"),
      ...this.contact(),
      h(
        "div",
        { class: "actions" },
        this.button("agree", () => void this.act("/api/consent", { agreed: true })),
        this.button("decline", () => void this.withdraw().then(() => this.end("declined"))),
      ),
    );
  }

  private drawRating(): void {
    this.main.replaceChildren(
      h("div", { class: "progress" }, this.count, this.bar),
      this.warning,
      h("div", { class: "frame" }, this.clip.video),
      h(
        "div",
        { class: "player" },
        this.play,
        this.button("decrease_speed", () => this.clip.changeSpeed(-1), "-"),
        this.speed,
        this.button("increase_speed", () => this.clip.changeSpeed(1), "+"),
      ),
      h("h2", {}, this.word("labels")),
      this.choices.element,
      this.study.free_text ? h("label", { for: "comment" }, this.word("comment")) : "",
      this.study.free_text ? this.comment : "",
      h(
        "div",
        { class: "actions" },
        this.choices.needsSubmit ? this.button("submit", () => this.choices.submit(), "Enter") : "",
        this.study.none ? this.button("none", () => this.answer({ outcome: "none", values: {} }), "n") : "",
        this.study.cannot_tell ? this.button("cannot_tell", () => this.answer({ outcome: "cannot_tell", values: {} }), "c") : "",
        this.button("skip", () => this.answer({ outcome: "skipped", values: {} }), "s"),
        this.undoButton,
      ),
      this.leaving(),
    );
    this.undoButton.replaceChildren(h("kbd", { "aria-hidden": "true" }, "u"), this.word("undo"));
    this.drawControls();
  }

  private leaving(): HTMLElement {
    const sure = h("div", { hidden: true }, this.button("confirm_withdraw", () => void this.withdraw()));
    return h(
      "details",
      { class: "leave" },
      h("summary", {}, this.word("leave")),
      this.button("stop", () => void this.stop()),
      this.button("withdraw", () => (sure.hidden = false)),
      sure,
      ...this.contact(),
    );
  }

  private drawControls(): void {
    if (this.view.state !== "rating") return;
    const of = this.view.session_clips;
    const number = Math.min(of, this.view.answered + (this.revises === "" ? 1 : 0));
    const text = this.word("progress", { n: number, of });
    if (this.count.textContent !== text) this.count.textContent = text;
    this.bar.max = of;
    this.bar.value = this.view.answered;
    this.bar.setAttribute("aria-label", text);
    const playing = this.word(this.clip.paused ? "play" : "pause");
    if (this.play.textContent !== playing) this.play.textContent = playing;
    this.speed.value = `${this.clip.speed}×`;
    this.undoButton.disabled = this.before === null;
    this.warning.textContent = this.shown?.lent.warning ?? "";
    this.warning.hidden = this.warning.textContent === "";
    this.main.classList.toggle("waiting", this.shown === null);
    if (this.clip.failed) this.say(this.word("no_clip"));
    const early = (this.clip.seen().viewed_ms ?? 0) < this.study.minimum_viewing_s * 1000;
    document.body.dataset["ready"] = String(this.shown !== null && !early);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented || event.repeat) return;
    if (this.view.state !== "rating") return;
    const target = event.target instanceof HTMLElement ? event.target : null;
    if (target?.matches("textarea, select, input:not([type=radio])")) return;
    const onButton = target?.matches("button, summary") ?? false;
    const key = event.key.toLowerCase();
    if ((key === " " || key === "enter") && onButton) return;
    if (this.choices.key(key)) event.preventDefault();
    else if (key === " ") this.clip.toggle();
    else if (key === "enter" && this.choices.needsSubmit) this.choices.submit();
    else if (key === "n" && this.study.none) this.answer({ outcome: "none", values: {} });
    else if (key === "c" && this.study.cannot_tell) this.answer({ outcome: "cannot_tell", values: {} });
    else if (key === "s") this.answer({ outcome: "skipped", values: {} });
    else if (key === "u") this.undo();
    else if (key === "+" || key === "=") this.clip.changeSpeed(1);
    else if (key === "-") this.clip.changeSpeed(-1);
    else return;
    event.preventDefault();
  }
}

async function begin(): Promise<void> {
  const message = h("p", { class: "message", role: "status" });
  document.body.append(message);
  for (;;) {
    try {
      const token = await join();
      if (token === null) {
        message.textContent = new Words({}).of("invitation");
        return;
      }
      const server = new Server(token);
      const study = await server.study();
      const view = await server.post("/api/next");
      message.remove();
      new Page(server, study, view);
      return;
    } catch (error) {
      if (error instanceof Refused) {
        message.textContent = error.message;
        return;
      }
      message.textContent = new Words({}).of("offline");
      await new Promise((resolve) => setTimeout(resolve, kRetry_ms));
    }
  }
}

// A link opened where this page is open already changes the address alone.
addEventListener("hashchange", () => {
  if (/\binvitation=/.test(location.hash)) location.reload();
});
void begin();
