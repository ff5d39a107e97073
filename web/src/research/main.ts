// The researcher's page: how far a rating study is, how far raters agree, and what to do about it.

import { definitions, h, section } from "../dom";
import "./research.css";

const kSecret = "mien-research"; // in sessionStorage: gone with the tab
const kRefresh_ms = 5000;
const kReliabilityEvery = 6; // refreshes

interface Group {
  name: string;
  raters: number;
  ratings: number;
  target: number;
}
interface Rater {
  id: string;
  group: string;
  state: string;
  answers: number;
  skipped: number;
  cannot_tell: number;
  catches: number;
  catches_failed: number;
  repeats: number;
  repeats_equal: number;
  median_response_ms: number | null;
  speeder: boolean;
  excluded: string | null;
  sessions_done: number;
  pay_due: number;
  paid: number;
}
interface Progress {
  title: string;
  simulated: boolean;
  paused: boolean;
  ratings: number;
  target: number;
  clips: number;
  clips_by_ratings: number[];
  pay_amount: number;
  pay_currency: string;
  groups: Group[];
  raters: Rater[];
}
interface Measure {
  estimate: number | null;
  lower: number | null;
  upper: number | null;
}
interface Reliability {
  none?: boolean;
  labels?: Record<string, { ratings: number; clips: number; proportion?: Measure; mean?: Measure; alpha: { nominal: Measure; interval: Measure }; reliability: Measure; ceiling: Measure }>;
}
interface ClipPage {
  from: number;
  of: number;
  clips: { clip: string; ratings: number[] }[];
}

class Denied extends Error {}

class Server {
  constructor(private readonly secret: string) {}
  async get<T>(what: string): Promise<T> {
    return (await this.send(what)).json() as Promise<T>;
  }
  async post<T = unknown>(what: string, body: object): Promise<T> {
    return (await this.send(what, body)).json() as Promise<T>;
  }
  async file(what: string): Promise<Blob> {
    return (await this.send(what)).blob();
  }
  private async send(what: string, body?: object): Promise<Response> {
    const response = await fetch(`/api/research/${what}`, {
      method: body ? "POST" : "GET",
      headers: { Authorization: `Bearer ${this.secret}`, ...(body ? { "Content-Type": "application/json" } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (response.ok) return response;
    const told = (await response.json().catch(() => null)) as { error?: { message?: string } } | null;
    const message = told?.error?.message ?? response.statusText;
    throw response.status === 401 ? new Denied(message) : new Error(message);
  }
}

const percent = (part: number, of: number): string => (of === 0 ? "–" : `${Math.round((100 * part) / of)}%`);
const fixed = (value: number | null | undefined, digits = 2): string => (value === null || value === undefined ? "–" : value.toFixed(digits));
const measure = (m: Measure | undefined): string => (!m || m.estimate === null ? "–" : `${fixed(m.estimate)} [${fixed(m.lower)}, ${fixed(m.upper)}]`);

function table(head: string[], rows: (string | Node)[][], caption: string): HTMLElement {
  return h(
    "div",
    { class: "scroller", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, ...head.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell, i) => (i === 0 ? h("th", { scope: "row" }, cell) : h("td", {}, cell)))))),
    ),
  );
}

class Page {
  private readonly main = h("main", {});
  private readonly message = h("p", { class: "message", role: "status", "aria-live": "polite" });
  private readonly overview = h("div", {});
  private readonly groups = h("div", {});
  private readonly clips = h("div", {});
  private readonly raters = h("div", {});
  private readonly agreement = h("div", {}, h("p", {}, "Not computed yet."));
  private readonly link = h("output", { class: "link" });
  private clipsFrom = 0;
  private round = 0;
  private drawnRaters = "";

  constructor(
    private readonly server: Server,
    progress: Progress,
  ) {
    document.title = progress.title;
    const group = h("select", { id: "invite-group" }, ...progress.groups.map((one) => h("option", {}, one.name)));
    const uses = h("input", { id: "invite-uses", type: "number", min: "1", value: "1" });
    document.body.append(
      progress.simulated ? h("p", { class: "simulated" }, "Simulated study: no people rate here.") : "",
      h("header", {}, h("h1", {}, progress.title), h("p", { class: "lead" }, "A label is what raters call a face, never what a person feels.")),
      this.main,
      this.message,
    );
    this.main.append(
      section("overview", "Progress", this.overview, this.groups, this.clips),
      section("agreement", "Agreement so far", this.agreement),
      section("raters", "Raters", this.raters),
      section(
        "invitations",
        "Invitations",
        h("label", { for: "invite-group" }, "Group"),
        group,
        h("label", { for: "invite-uses" }, "Raters a link"),
        uses,
        this.button("Make a link", () => this.invite(group.value, Number(uses.value))),
        this.link,
      ),
      section(
        "export",
        "Export",
        ...(["csv", "parquet", "json"] as const).map((format) => this.button(format === "json" ? "Label Studio" : format.toUpperCase(), () => this.save(format, ""))),
        this.button("CSV with catch clips and excluded raters", () => this.save("csv", "&scope=all")),
      ),
    );
    this.show(progress);
    void this.run();
  }

  private button(text: string, action: () => Promise<void> | void): HTMLButtonElement {
    return h("button", { type: "button", onclick: () => void this.attempt(action) }, text);
  }
  private async attempt(action: () => Promise<void> | void): Promise<void> {
    try {
      await action();
      this.message.textContent = "";
    } catch (error) {
      this.message.textContent = (error as Error).message;
    }
  }

  private async run(): Promise<void> {
    for (;; ++this.round) {
      await this.attempt(async () => {
        await this.refresh();
        if (this.round % kReliabilityEvery === 0) this.showAgreement(await this.server.get<Reliability>("reliability"));
      });
      await new Promise((resolve) => setTimeout(resolve, kRefresh_ms));
    }
  }
  private async refresh(): Promise<void> {
    this.show(await this.server.get<Progress>("progress"));
    this.showClips(await this.server.get<ClipPage>(`clips?from=${this.clipsFrom}`));
  }

  private show(progress: Progress): void {
    this.overview.replaceChildren(
      definitions([
        ["Clips", String(progress.clips)],
        ["Ratings", `${progress.ratings} of ${progress.target} (${percent(progress.ratings, progress.target)})`],
        ["Clips by number of ratings", progress.clips_by_ratings.map((clips, ratings) => `${ratings}: ${clips}`).join(", ")],
        ["State", progress.paused ? "paused" : "running"],
      ]),
      this.button(progress.paused ? "Continue" : "Pause", async () => {
        await this.server.post("pause", { paused: !progress.paused });
        await this.refresh();
      }),
    );
    this.groups.replaceChildren(
      table(
        ["Group", "Raters", "Ratings", "Target"],
        progress.groups.map((one) => [one.name, String(one.raters), String(one.ratings), one.target === 0 ? "shared" : String(one.target)]),
        "Progress of groups",
      ),
    );
    // Not while somebody writes a reason.
    const now = JSON.stringify(progress.raters);
    if (now !== this.drawnRaters && !this.raters.contains(document.activeElement)) {
      this.drawnRaters = now;
      this.showRaters(progress);
    }
    document.body.dataset["ready"] = "true";
  }

  private showRaters(progress: Progress): void {
    this.raters.replaceChildren(
      table(
        ["Rater", "Group", "State", "Answers", "Skipped", "Cannot tell", "Catches failed", "Repeats alike", "Median response", "Sessions", `Pay due / paid ${progress.pay_currency}`, "Decision"],
        progress.raters.map((one) => [
          one.id,
          one.group,
          one.excluded === null ? one.state : `excluded: ${one.excluded}`,
          String(one.answers),
          String(one.skipped),
          String(one.cannot_tell),
          `${one.catches_failed} of ${one.catches}`,
          `${one.repeats_equal} of ${one.repeats}`,
          (one.median_response_ms === null ? "–" : `${(one.median_response_ms / 1000).toFixed(1)} s`) + (one.speeder ? " (speeder)" : ""),
          String(one.sessions_done),
          `${one.pay_due} / ${one.paid}`,
          this.decision(one, progress),
        ]),
        "Raters",
      ),
    );
  }

  private decision(rater: Rater, progress: Progress): HTMLElement {
    const reason = h("input", { type: "text", "aria-label": `Reason for ${rater.id}`, placeholder: "reason", maxlength: "500" });
    const what = rater.excluded === null ? "exclude" : "include";
    const due = rater.pay_due - rater.paid;
    const done = async (): Promise<void> => {
      (document.activeElement as HTMLElement | null)?.blur();
      await this.refresh();
    };
    return h(
      "div",
      { class: "decision" },
      reason,
      this.button(what === "exclude" ? "Exclude" : "Include again", async () => {
        await this.server.post(what, { rater: rater.id, reason: reason.value });
        await done();
      }),
      due > 0
        ? this.button(`Note ${due} ${progress.pay_currency} as paid`, async () => {
            await this.server.post("pay", { rater: rater.id, amount: due, currency: progress.pay_currency, note: reason.value });
            await done();
          })
        : null,
    );
  }

  private showClips(page: ClipPage): void {
    const turn = (by: number) => async (): Promise<void> => {
      this.clipsFrom = Math.max(0, page.from + by);
      await this.refresh();
    };
    const open = this.clips.querySelector("details")?.open ?? false;
    this.clips.replaceChildren(
      h(
        "details",
        open ? { open: true } : {},
        h("summary", {}, "Ratings of each clip"),
        table(["Clip", "Ratings"], page.clips.map((one) => [one.clip, one.ratings.join(" + ")]), "Ratings of clips, by group; the last number: imported"),
        page.from > 0 ? this.button("Before", turn(-500)) : null,
        page.from + page.clips.length < page.of ? this.button("After", turn(500)) : null,
      ),
    );
  }

  private showAgreement(reliability: Reliability): void {
    if (!reliability.labels) {
      this.agreement.replaceChildren(h("p", {}, "Nobody has answered yet."));
      return;
    }
    this.agreement.replaceChildren(
      table(
        ["Label", "Ratings", "Proportion or mean", "Krippendorff's alpha", "Reliability of clip means", "Noise ceiling"],
        Object.entries(reliability.labels).map(([label, one]) => [label, String(one.ratings), measure(one.proportion ?? one.mean), measure(one.alpha.nominal), measure(one.reliability), measure(one.ceiling)]),
        "Agreement, with 95% intervals",
      ),
    );
    this.agreement.dataset["ready"] = "true";
  }

  private async invite(group: string, uses: number): Promise<void> {
    const made = await this.server.post<{ invitation: string }>("invite", { group, uses });
    this.link.value = `${location.origin}/#invitation=${made.invitation}`;
  }

  private async save(format: string, scope: string): Promise<void> {
    const url = URL.createObjectURL(await this.server.file(`export?format=${format}${scope}`));
    h("a", { href: url, download: `ratings.${format}` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}

async function open(secret: string): Promise<void> {
  const server = new Server(secret);
  const progress = await server.get<Progress>("progress");
  sessionStorage.setItem(kSecret, secret);
  document.body.replaceChildren();
  new Page(server, progress);
}

function askForSecret(): void {
  const input = h("input", { id: "secret", type: "password", autocomplete: "off", required: true });
  const message = h("p", { class: "message", role: "alert" });
  const form = h(
    "form",
    {
      onsubmit: (event: Event) => {
        event.preventDefault();
        open(input.value.trim()).catch((error: Error) => (message.textContent = error.message));
      },
    },
    h("label", { for: "secret" }, "The researcher's secret"),
    input,
    h("button", { type: "submit" }, "Open"),
    message,
  );
  document.body.replaceChildren(h("header", {}, h("h1", {}, "Rating study")), h("main", {}, form));
  input.focus();
}

const kept = sessionStorage.getItem(kSecret);
if (kept === null) askForSecret();
else open(kept).catch(() => askForSecret());
