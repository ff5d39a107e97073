// The list of videos: searched, filtered, sorted, turned page by page. Rows come in files of a
// thousand; the first is there with the page, the others are read behind it.

import { indexRows, loadIndexFile, shortName, type IndexRow, type Maybe, type Study } from "../data";
import { h, section } from "../dom";
import { count, duration, fixed, kMissing, plural, words } from "../format";
import { csvText, save } from "../charts/figure";
import { labelStatement, statusBadge } from "../parts";
import { dialogIsOpen } from "../shell";
import { DataTable, type Column } from "../table";

export const kListKeys: [keys: string, meaning: string][] = [
  ["/", "search"],
  ["p n", "page before or after"],
  ["Enter", "open the video whose link has the focus"],
];

// More than that and a browser's memory is the limit; the rest is asked for by a button.
const kFilesAtOnce = 100;
const kSearchDelay_ms = 120;

interface Item {
  number: number;
  row: IndexRow;
  text: string; // what search looks in
}

// The columns of an index row, in the order in which page_data.h declares them.
const enum At {
  id,
  title,
  country,
  region,
  language,
  status,
  reason,
  duration_s,
  analysed,
  withFace,
  tracks,
  face_s,
  scored,
  leading,
}

const string = (item: Item, at: At): Maybe<string> => item.row[at] as Maybe<string>;
const number = (item: Item, at: At): Maybe<number> => item.row[at] as Maybe<number>;

export class VideoList {
  readonly element: HTMLElement;
  private items: Item[] = [];
  private nextFile = 1;
  private search = "";
  private status = "";
  private reason = "";
  private faces = "";
  private timer = 0;
  private readonly table: DataTable<Item>;
  private readonly searchBox: HTMLInputElement;
  private readonly statusButtons: HTMLButtonElement[];
  private readonly faceChoice: HTMLSelectElement;
  private readonly reasonChip = h("button", { type: "button", class: "chip", hidden: true, onclick: () => this.set({ reason: "" }) });
  private readonly progress = h("p", { class: "note", role: "status" });
  private readonly more = h("button", { type: "button", hidden: true, onclick: () => void this.load() }, "Read more videos");

  constructor(private readonly facts: Study) {
    this.table = new DataTable<Item>({
      caption: "Videos",
      noun: "videos",
      columns: this.columns(),
      onRow: (item) => {
        if (getSelection()?.isCollapsed ?? true) location.href = `videos/${item.number}.html`;
      },
    });
    this.searchBox = h("input", {
      type: "search",
      id: "search",
      placeholder: "Title, id, country, reason…",
      autocomplete: "off",
      spellcheck: "false",
      "aria-keyshortcuts": "/",
      oninput: () => {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.set({ search: this.searchBox.value }), kSearchDelay_ms);
      },
    });
    const totals = facts.totals;
    this.statusButtons = ["", "ok", "partial", "failed"].map((status) =>
      h("button", { type: "button", "data-status": status, "aria-pressed": status === "" ? "true" : "false", onclick: () => this.set({ status, reason: "" }) }, status === "" ? "All" : status, h("span", { class: "n" }, ` ${count(status === "" ? totals.videos : (totals.by_status[status] ?? 0))}`)),
    );
    this.faceChoice = h(
      "select",
      { id: "faces-filter", onchange: () => this.set({ faces: this.faceChoice.value }) },
      h("option", { value: "" }, "any"),
      h("option", { value: "scored" }, "scored"),
      h("option", { value: "unscored" }, "seen, none scored"),
      h("option", { value: "none" }, "none"),
    );
    this.element = section(
      "videos",
      "Videos",
      h(
        "div",
        { class: "filters", role: "search", "aria-label": "Videos" },
        h("label", { for: "search" }, "Search"),
        this.searchBox,
        h("div", { class: "segmented", role: "group", "aria-label": "Status" }, ...this.statusButtons),
        h("label", { for: "faces-filter" }, "Faces"),
        this.faceChoice,
        this.reasonChip,
        h("span", { class: "spacer" }),
        h("button", { type: "button", class: "quiet", "aria-label": "Download this list as CSV", onclick: () => this.download() }, "CSV"),
      ),
      this.progress,
      this.more,
      this.table.element,
      labelStatement(facts),
    );
    this.restore();
    addEventListener("keydown", (event) => this.onKey(event));
  }

  start(): void {
    this.take();
    void this.load();
  }

  showOnly(status: string, reason: string): void {
    this.set({ status, reason });
    this.element.scrollIntoView();
    this.searchBox.focus({ preventScroll: true });
  }

  private columns(): Column<Item>[] {
    const columns: Column<Item>[] = [
      {
        title: "Video",
        isHeader: true,
        className: "wide",
        sort: (item) => string(item, At.title),
        cell: (item) => {
          const id = string(item, At.id) ?? "";
          const title = string(item, At.title) ?? id;
          return h("span", {}, h("a", { href: `videos/${item.number}.html`, onclick: (event: Event) => event.stopPropagation() }, title), title === id ? null : h("span", { class: "sub" }, id));
        },
      },
      { title: "Status", sort: (item) => string(item, At.status), cell: (item) => h("span", {}, statusBadge(string(item, At.status) ?? ""), string(item, At.reason) === null ? null : h("span", { class: "sub" }, words(string(item, At.reason) ?? ""))) },
      { title: "Country", tip: "Where it was uploaded, not who is in it", sort: (item) => string(item, At.country), cell: (item) => string(item, At.country) ?? kMissing },
      { title: "Length", isNumber: true, firstDescending: true, sort: (item) => number(item, At.duration_s), cell: (item) => duration(number(item, At.duration_s)) },
      { title: "Frames", tip: "Frames analysed", isNumber: true, firstDescending: true, sort: (item) => number(item, At.analysed), cell: (item) => count(number(item, At.analysed)) },
      { title: "Tracks", tip: "Face tracks", isNumber: true, firstDescending: true, sort: (item) => number(item, At.tracks), cell: (item) => count(number(item, At.tracks)) },
      { title: "Face time", tip: "Seconds of scored faces, summed over tracks", isNumber: true, firstDescending: true, sort: (item) => number(item, At.face_s), cell: (item) => duration(number(item, At.face_s)) },
      {
        title: "Scored",
        tip: "Share of faces on frames that were scored",
        isNumber: true,
        firstDescending: true,
        sort: (item) => number(item, At.scored),
        cell: (item) => {
          const share = number(item, At.scored);
          return share === null ? kMissing : `${fixed(100 * share, 0)}%`;
        },
      },
    ];
    this.facts.leading_groups.forEach((g, k) => {
      const group = this.facts.groups[g];
      const at = At.leading + 2 * k;
      const name = (item: Item) => {
        const channel = item.row[at] as Maybe<number>;
        return channel === null || channel === undefined ? null : shortName(this.facts.channels[channel]?.[0] ?? "");
      };
      columns.push({
        title: `${group?.title ?? ""}${group?.is_prior ? ", prior" : ""}`,
        tip: `The label with the greatest mean. ${group?.whose_labels ?? ""} ${group?.reliability ?? ""}`,
        sort: name,
        cell: (item) => {
          const leading = name(item);
          return leading === null ? kMissing : h("span", {}, leading, h("span", { class: "value" }, ` ${fixed(item.row[at + 1] as Maybe<number>, 2)}`));
        },
      });
    });
    return columns;
  }

  // Rows that have arrived since.
  private take(): void {
    const rows = indexRows();
    for (let i = this.items.length; i < rows.length; ++i) {
      const row = rows[i] as IndexRow;
      const text = [row[At.id], row[At.title], row[At.country], row[At.region], row[At.language], row[At.reason] === null ? null : words(String(row[At.reason]))].filter((part) => part !== null).join("\n");
      this.items.push({ number: i + 1, row, text: text.toLowerCase() });
    }
    this.filter(false);
  }

  private async load(): Promise<void> {
    const until = Math.min(this.facts.index_files, this.nextFile + kFilesAtOnce);
    this.more.hidden = true;
    try {
      for (; this.nextFile < until; ++this.nextFile) {
        this.progress.textContent = `Reading ${count(this.items.length)} of ${count(this.facts.totals.videos)} videos…`;
        await loadIndexFile(this.nextFile);
        if (this.nextFile % 10 === 9) this.take();
      }
      this.take();
      const left = this.facts.totals.videos - this.items.length;
      this.more.hidden = left <= 0;
      this.progress.textContent = left > 0 ? `The list holds the first ${count(this.items.length)} of ${count(this.facts.totals.videos)} videos; search and sorting see these.` : "";
    } catch (error) {
      this.take();
      this.progress.textContent = `${error instanceof Error ? error.message : String(error)}; ${plural(this.items.length, "video")} are listed. Make the report again.`;
    }
  }

  private set(change: { search?: string; status?: string; reason?: string; faces?: string }): void {
    this.search = change.search ?? this.search;
    this.status = change.status ?? this.status;
    this.reason = change.reason ?? this.reason;
    this.faces = change.faces ?? this.faces;
    this.filter(true);
    this.remember();
  }

  private matches(item: Item, wanted: string[]): boolean {
    if (this.status !== "" && item.row[At.status] !== this.status) return false;
    if (this.reason !== "" && item.row[At.reason] !== this.reason) return false;
    if (this.faces !== "") {
      const tracks = number(item, At.tracks) ?? 0;
      const isScored = (number(item, At.face_s) ?? 0) > 0;
      if (this.faces === "none" && tracks > 0) return false;
      if (this.faces === "scored" && !isScored) return false;
      if (this.faces === "unscored" && (tracks === 0 || isScored)) return false;
    }
    return wanted.every((word) => item.text.includes(word));
  }

  private shown(): Item[] {
    const wanted = this.search.toLowerCase().split(/\s+/).filter((word) => word !== "");
    return this.items.filter((item) => this.matches(item, wanted));
  }

  private filter(fromStart: boolean): void {
    for (const button of this.statusButtons) button.setAttribute("aria-pressed", String(button.dataset.status === this.status));
    this.reasonChip.hidden = this.reason === "";
    this.reasonChip.textContent = `${words(this.reason)} ×`;
    this.reasonChip.setAttribute("aria-label", `Reason ${words(this.reason)}: remove this filter`);
    this.faceChoice.value = this.faces;
    this.table.setRows(this.shown(), fromStart);
  }

  // Filters stand in the address, so that the way back from a video finds them again.
  private remember(): void {
    const entries = Object.entries({ q: this.search, status: this.status, reason: this.reason, faces: this.faces }).filter(([, value]) => value !== "");
    history.replaceState(null, "", entries.length > 0 ? `#${new URLSearchParams(entries)}` : "#");
  }

  private restore(): void {
    const from = new URLSearchParams(location.hash.slice(1));
    this.search = from.get("q") ?? "";
    this.status = ["ok", "partial", "failed"].find((status) => status === from.get("status")) ?? "";
    this.reason = from.get("reason") ?? "";
    this.faces = ["scored", "unscored", "none"].find((faces) => faces === from.get("faces")) ?? "";
    this.searchBox.value = this.search;
  }

  private download(): void {
    const names = ["id", "title", "country", "region", "language", "status", "reason", "duration_s", "frames_analysed", "frames_with_face", "tracks", "face_seconds", "scored_share"];
    const groups = this.facts.leading_groups.map((g) => this.facts.groups[g]);
    const header = [...names, ...groups.flatMap((group) => [`${group?.prefix}_leading`, `${group?.prefix}_mean`, `${group?.prefix}_validity`])];
    const rows = this.shown().map(({ row }) => [
      ...row.slice(0, At.leading),
      ...groups.flatMap((group, k) => {
        const channel = row[At.leading + 2 * k] as Maybe<number>;
        return [channel === null ? null : (this.facts.channels[channel]?.[0] ?? null), row[At.leading + 2 * k + 1] ?? null, group?.is_prior ? "prior: no rating has validated these values" : "not validated on this video"];
      }),
    ]);
    save("videos.csv", new Blob([csvText({ header, rows })], { type: "text/csv" }));
  }

  private onKey(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || dialogIsOpen()) return;
    if (event.target instanceof HTMLElement && event.target.matches("input, textarea, select")) return;
    if (event.key === "/") this.searchBox.focus();
    else if (event.key === "n") this.table.turn(1);
    else if (event.key === "p") this.table.turn(-1);
    else return;
    event.preventDefault();
  }
}
