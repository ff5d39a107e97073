// A table that is sorted by its headings, filtered by the caller, and turned page by page. Plain
// <table> semantics: headings are buttons with aria-sort, rows are rows.

import { h } from "./dom";
import { count } from "./format";

export interface Column<Row> {
  title: string;
  tip?: string;
  isNumber?: boolean;
  sort: (row: Row) => string | number | null; // null sorts last, whichever the direction
  cell: (row: Row) => Node | string;
  isHeader?: boolean; // names its row
  firstDescending?: boolean;
  className?: string;
}

export interface TableOptions<Row> {
  caption: string; // for those who do not see the heading
  noun: string; // "videos"
  columns: Column<Row>[];
  pageSize?: number;
  onRow?: (row: Row) => void; // a click anywhere in the row
  rowClass?: (row: Row) => string | null;
}

const compareText = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

export class DataTable<Row> {
  readonly element: HTMLElement;
  private rows: Row[] = [];
  private shown: Row[] = [];
  private sortColumn = -1;
  private isDescending = false;
  private page = 0;
  private readonly body = h("tbody");
  private readonly status = h("p", { class: "table-status", role: "status" });
  private readonly before = h("button", { type: "button", onclick: () => this.turn(-1) }, "Previous");
  private readonly after = h("button", { type: "button", onclick: () => this.turn(1) }, "Next");
  private readonly pager = h("div", { class: "pager" }, this.before, this.after);
  private readonly headings: HTMLTableCellElement[];
  private readonly scroller: HTMLElement;
  private readonly pageSize: number;

  constructor(private readonly options: TableOptions<Row>) {
    this.pageSize = options.pageSize ?? 50;
    this.headings = options.columns.map((column, index) =>
      h(
        "th",
        { scope: "col", class: [column.isNumber ? "number" : "", column.className ?? ""].join(" ").trim() || null },
        h(
          "button",
          { type: "button", class: "sort", title: column.tip ?? null, onclick: () => this.sortBy(index) },
          h("span", {}, column.title),
          h("span", { class: "arrow", "aria-hidden": "true" }),
        ),
      ),
    );
    this.scroller = h(
      "div",
      { class: "scroller", tabindex: "0", role: "region", "aria-label": options.caption },
      h("table", {}, h("caption", { class: "unseen" }, options.caption), h("thead", {}, h("tr", {}, ...this.headings)), this.body),
    );
    this.element = h("div", { class: "data-table" }, this.scroller, h("div", { class: "table-foot" }, this.status, this.pager));
  }

  setRows(rows: Row[], fromStart = true): void {
    this.rows = rows;
    if (fromStart) this.page = 0;
    this.arrange();
  }

  // The page before or after, where there is one.
  turn(by: number): void {
    const to = this.page + by;
    if (to < 0 || to * this.pageSize >= this.shown.length) return;
    this.page = to;
    this.draw();
    this.scroller.scrollIntoView({ block: "nearest" });
  }

  sortBy(index: number, descending?: boolean): void {
    const first = this.options.columns[index]?.firstDescending ?? false;
    this.isDescending = descending ?? (this.sortColumn === index ? !this.isDescending : first);
    this.sortColumn = index;
    this.page = 0;
    this.arrange();
  }

  private arrange(): void {
    this.shown = [...this.rows];
    const column = this.options.columns[this.sortColumn];
    if (column) {
      const sign = this.isDescending ? -1 : 1;
      const keyed = this.shown.map((row, i) => ({ row, i, key: column.sort(row) }));
      keyed.sort((a, b) => {
        if (a.key === null || b.key === null) return a.key === b.key ? a.i - b.i : a.key === null ? 1 : -1;
        const order = typeof a.key === "number" && typeof b.key === "number" ? a.key - b.key : compareText(String(a.key), String(b.key));
        return sign * order || a.i - b.i;
      });
      this.shown = keyed.map((entry) => entry.row);
    }
    this.headings.forEach((heading, i) => {
      if (i === this.sortColumn) heading.setAttribute("aria-sort", this.isDescending ? "descending" : "ascending");
      else heading.removeAttribute("aria-sort");
    });
    this.draw();
  }

  private draw(): void {
    const { columns, onRow, rowClass, noun } = this.options;
    const from = this.page * this.pageSize;
    const rows = this.shown.slice(from, from + this.pageSize);
    this.body.replaceChildren(
      ...rows.map((row) =>
        h(
          "tr",
          { class: rowClass?.(row), onclick: onRow ? () => onRow(row) : null },
          ...columns.map((column) => {
            const tag = column.isHeader ? "th" : "td";
            const classes = [column.isNumber ? "number" : "", column.className ?? ""].join(" ").trim();
            return h(tag, { scope: column.isHeader ? "row" : null, class: classes || null }, column.cell(row));
          }),
        ),
      ),
    );
    const total = this.shown.length;
    this.status.textContent =
      total === 0 ? `No ${noun} match.` : total <= this.pageSize ? `${count(total)} ${noun}` : `${count(from + 1)}–${count(from + rows.length)} of ${count(total)} ${noun}`;
    const pages = Math.ceil(total / this.pageSize);
    this.pager.hidden = pages <= 1;
    this.before.disabled = this.page === 0;
    this.after.disabled = this.page >= pages - 1;
  }
}
