// A heat map of thousands of rows: a canvas that draws the rows in view, a strip beside it that
// shows all of them, and a selected cell that the arrow keys move.

import { h, svg } from "../dom";
import { onThemeChange, screenTheme } from "../theme";
import type { Frame } from "../charts/figure";
import { diverging, isDark, wantsLightInk } from "./colours";

export interface HeatRow {
  index: number; // in the data
  name: string;
}

export interface HeatData {
  rows: HeatRow[]; // in the order to draw
  columns: string[];
  limit: number;
  value: (row: number, column: number) => number; // NaN: hatched
  heldBack: (row: number, column: number) => boolean; // suppressed, in distinction from not estimable
  describe: (row: number, column: number) => string[]; // lines for hover
  sign?: (row: number, column: number) => string; // written into the cell; "": nothing
}

const kRow_px = 18;
const kHead_px = 92;
const kStrip_px = 76;
const kSlant_px = 46; // at the right, for the slanted name of the last column

export class HeatMap {
  readonly element: HTMLElement;
  private data: HeatData = { rows: [], columns: [], limit: 1, value: () => NaN, heldBack: () => false, describe: () => [] };
  private readonly canvas = h("canvas", { class: "heat-canvas", "aria-hidden": "true" });
  private readonly spacer = h("div", { class: "heat-spacer" });
  private readonly strip = h("canvas", { class: "heat-strip", "aria-hidden": "true" });
  private readonly tip = h("div", { class: "tip", hidden: true });
  private readonly said = h("p", { class: "heat-said", role: "status" });
  private readonly scroller: HTMLElement;
  private selected: [number, number] | null = null;
  private isQueued = false;

  constructor(private readonly onChoose: (row: number, column: number) => void) {
    this.scroller = h(
      "div",
      {
        class: "heat-scroller", tabindex: "0", role: "application", "aria-label": "Heat map; arrow keys move between cells, Enter shows a cell's context in all regions",
        onscroll: () => this.queue(),
        onkeydown: (event: KeyboardEvent) => this.key(event),
        onmousemove: (event: MouseEvent) => this.hover(event),
        onmouseleave: () => (this.tip.hidden = true),
        onclick: (event: MouseEvent) => {
          const at = this.at(event);
          if (at) this.select(at);
        },
        ondblclick: () => this.choose(),
      },
      h("div", { class: "heat-pin" }, this.canvas),
      this.spacer,
    );
    const jump = (event: PointerEvent) => {
      if (event.type === "pointermove" && event.buttons === 0) return;
      const box = this.strip.getBoundingClientRect();
      const share = (event.clientY - box.top) / box.height;
      this.scroller.scrollTop = share * this.data.rows.length * kRow_px - this.scroller.clientHeight / 2;
    };
    this.strip.addEventListener("pointerdown", jump);
    this.strip.addEventListener("pointermove", jump);
    this.element = h("div", { class: "heat" }, h("div", { class: "heat-body" }, this.scroller, this.strip, this.tip), this.said);
    new ResizeObserver(() => this.queue(true)).observe(this.scroller);
    onThemeChange(() => this.queue(true));
  }

  show(data: HeatData): void {
    this.data = data;
    this.spacer.style.height = `${data.rows.length * kRow_px}px`;
    this.scroller.style.height = `${Math.min(kHead_px + data.rows.length * kRow_px + 4, Math.max(360, innerHeight * 0.72))}px`;
    this.scroller.scrollTop = 0;
    this.selected = null;
    this.queue(true);
  }

  // Rows in view, for the export of a picture.
  rowsInView(): HeatRow[] {
    const first = Math.floor(this.scroller.scrollTop / kRow_px);
    return this.data.rows.slice(first, first + Math.max(8, Math.ceil((this.scroller.clientHeight - kHead_px) / kRow_px)));
  }

  private stripIsStale = true;
  private queue(withStrip = false): void {
    this.stripIsStale ||= withStrip;
    if (this.isQueued) return;
    this.isQueued = true;
    requestAnimationFrame(() => {
      this.isQueued = false;
      this.draw();
      if (this.stripIsStale) this.drawStrip();
      this.stripIsStale = false;
      this.drawStripView();
    });
  }

  private layout() {
    const width = this.scroller.clientWidth;
    const names = Math.min(240, Math.max(96, width * 0.26));
    return { width, names, cell: (width - names - kSlant_px) / Math.max(1, this.data.columns.length) };
  }

  private draw(): void {
    const { width, names, cell } = this.layout();
    const height = this.scroller.clientHeight;
    if (width === 0) return;
    const ratio = devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    const pen = this.canvas.getContext("2d");
    if (!pen) return;
    const theme = screenTheme();
    const scale = diverging(this.data.limit, isDark());
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = theme.paper;
    pen.fillRect(0, 0, width, height);
    pen.textBaseline = "middle";
    pen.font = `12px ${theme.fontFamily}`;
    const top = this.scroller.scrollTop;
    const first = Math.max(0, Math.floor(top / kRow_px));
    const last = Math.min(this.data.rows.length, first + Math.ceil((height - kHead_px) / kRow_px) + 1);
    const gap = cell > 12 ? 1 : 0;
    for (let r = first; r < last; ++r) {
      const row = this.data.rows[r] as HeatRow;
      const y = kHead_px + r * kRow_px - top;
      if (this.selected?.[0] === r) {
        pen.fillStyle = theme.accentFill;
        pen.fillRect(0, y, names, kRow_px);
      }
      pen.fillStyle = theme.ink;
      pen.textAlign = "right";
      pen.fillText(fit(pen, row.name, names - 12), names - 6, y + kRow_px / 2);
      for (let c = 0; c < this.data.columns.length; ++c) {
        const x = names + c * cell;
        const value = this.data.value(row.index, c);
        if (value === value) {
          pen.fillStyle = scale.of(value);
          pen.fillRect(x, y, cell - gap, kRow_px - gap);
          const sign = this.data.sign?.(row.index, c);
          if (sign) {
            pen.fillStyle = wantsLightInk(scale.of(value)) ? "#ffffff" : "#111111";
            pen.textAlign = "center";
            pen.fillText(sign, x + (cell - gap) / 2, y + kRow_px / 2);
          }
        } else {
          missing(pen, x, y, cell - gap, kRow_px - gap, this.data.heldBack(row.index, c), theme.gap);
        }
        if (this.selected?.[0] === r && this.selected[1] === c) {
          pen.strokeStyle = theme.ink;
          pen.lineWidth = 2;
          pen.strokeRect(x + 1, y + 1, cell - gap - 2, kRow_px - gap - 2);
        }
      }
    }
    pen.fillStyle = theme.paper;
    pen.fillRect(0, 0, width, kHead_px);
    pen.fillStyle = theme.ink;
    pen.textAlign = "left";
    this.data.columns.forEach((name, c) => {
      pen.save();
      pen.translate(names + (c + 0.5) * cell, kHead_px - 6);
      pen.rotate(-Math.PI / 3.2);
      pen.fillText(fit(pen, name, 100), 0, 0);
      pen.restore();
    });
    pen.strokeStyle = theme.hairline;
    pen.strokeRect(0, kHead_px - 0.5, width, 0);
  }

  private stripImage: ImageData | null = null;
  private drawStrip(): void {
    const { rows, columns } = this.data;
    const height = Math.round(this.scroller.clientHeight - kHead_px);
    this.strip.hidden = rows.length * kRow_px < height * 1.5 || columns.length === 0;
    if (this.strip.hidden || height <= 0) return;
    this.strip.width = kStrip_px;
    this.strip.height = height;
    this.strip.style.marginTop = `${kHead_px}px`;
    const pen = this.strip.getContext("2d", { willReadFrequently: true });
    if (!pen) return;
    const scale = diverging(this.data.limit, isDark());
    const theme = screenTheme();
    pen.fillStyle = theme.hairline;
    pen.fillRect(0, 0, kStrip_px, height);
    const cell = kStrip_px / columns.length;
    // A line of pixels stands for the row of its middle: the strip is a map, not a measurement.
    for (let y = 0; y < height; ++y) {
      const row = rows[Math.floor(((y + 0.5) / height) * rows.length)] as HeatRow;
      for (let c = 0; c < columns.length; ++c) {
        const value = this.data.value(row.index, c);
        if (value !== value) continue;
        pen.fillStyle = scale.of(value);
        pen.fillRect(c * cell, y, cell, 1);
      }
    }
    this.stripImage = pen.getImageData(0, 0, kStrip_px, height);
  }

  private drawStripView(): void {
    if (this.strip.hidden || !this.stripImage) return;
    const pen = this.strip.getContext("2d");
    if (!pen) return;
    pen.putImageData(this.stripImage, 0, 0);
    const rows = this.data.rows.length * kRow_px;
    pen.strokeStyle = screenTheme().ink;
    pen.lineWidth = 2;
    const y = (this.scroller.scrollTop / rows) * this.strip.height;
    pen.strokeRect(1, y + 1, kStrip_px - 2, Math.max(4, ((this.scroller.clientHeight - kHead_px) / rows) * this.strip.height - 2));
  }

  private at(event: MouseEvent): [number, number] | null {
    const box = this.scroller.getBoundingClientRect();
    const { names, cell } = this.layout();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    if (x < names || y < kHead_px || cell <= 0) return null;
    const row = Math.floor((y - kHead_px + this.scroller.scrollTop) / kRow_px);
    const column = Math.floor((x - names) / cell);
    return row < this.data.rows.length && column < this.data.columns.length ? [row, column] : null;
  }

  private hover(event: MouseEvent): void {
    const at = this.at(event);
    this.tip.hidden = !at;
    if (!at) return;
    const row = this.data.rows[at[0]] as HeatRow;
    this.tip.replaceChildren(...this.data.describe(row.index, at[1]).map((line, i) => h("div", { class: i === 0 ? "tip-head" : null }, line)));
    const box = this.element.getBoundingClientRect();
    const x = event.clientX - box.left;
    this.tip.style.top = `${event.clientY - box.top + 14}px`;
    if (x > box.width / 2) {
      this.tip.style.left = "";
      this.tip.style.right = `${box.width - x + 14}px`;
    } else {
      this.tip.style.right = "";
      this.tip.style.left = `${x + 14}px`;
    }
  }

  private select(at: [number, number]): void {
    this.selected = at;
    const row = this.data.rows[at[0]] as HeatRow;
    this.said.textContent = this.data.describe(row.index, at[1]).join(" · ");
    const y = at[0] * kRow_px;
    const room = this.scroller.clientHeight - kHead_px - kRow_px;
    if (y < this.scroller.scrollTop) this.scroller.scrollTop = y;
    if (y > this.scroller.scrollTop + room) this.scroller.scrollTop = y - room;
    this.queue();
  }

  private choose(): void {
    const row = this.selected ? this.data.rows[this.selected[0]] : undefined;
    if (row && this.selected) this.onChoose(row.index, this.selected[1]);
  }

  private key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const [r, c] = this.selected ?? [Math.floor(this.scroller.scrollTop / kRow_px), 0];
    const page = Math.max(1, Math.floor((this.scroller.clientHeight - kHead_px) / kRow_px) - 1);
    const moves: Record<string, [number, number]> = {
      ArrowUp: [r - 1, c], ArrowDown: [r + 1, c], ArrowLeft: [r, c - 1], ArrowRight: [r, c + 1],
      PageUp: [r - page, c], PageDown: [r + page, c], Home: [0, c], End: [this.data.rows.length - 1, c],
    };
    const to = moves[event.key];
    if (event.key === "Enter") this.choose();
    else if (to && this.data.rows.length > 0) {
      this.select(this.selected ? [Math.min(this.data.rows.length - 1, Math.max(0, to[0])), Math.min(this.data.columns.length - 1, Math.max(0, to[1]))] : [r, c]);
    } else return;
    event.preventDefault();
  }
}

function fit(pen: CanvasRenderingContext2D, text: string, room: number): string {
  if (pen.measureText(text).width <= room) return text;
  let n = text.length;
  while (n > 1 && pen.measureText(`${text.slice(0, n)}…`).width > room) --n;
  return `${text.slice(0, n)}…`;
}

// Held back: hatched. Not estimable: a dot.
function missing(pen: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, heldBack: boolean, colour: string): void {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, width, height);
  pen.clip();
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = 1;
  pen.beginPath();
  if (heldBack) {
    for (let s = -height; s < width; s += 6) {
      pen.moveTo(x + s, y + height);
      pen.lineTo(x + s + height, y);
    }
    pen.stroke();
  } else {
    pen.arc(x + width / 2, y + height / 2, 1.6, 0, 7);
    pen.fill();
  }
  pen.restore();
}

const kSigns = "=: regions alike   ≠: different   unmarked: undecided";

// The rows in view as a drawing of its own, for SVG and PNG.
export function drawHeat(data: HeatData, rows: HeatRow[], frame: Frame): SVGSVGElement {
  const names = 210;
  const cell = (frame.width - names - kSlant_px) / Math.max(1, data.columns.length);
  const height = kHead_px + rows.length * kRow_px + 44;
  const chart = svg("svg", { width: frame.width, height, viewBox: `0 0 ${frame.width} ${height}`, "font-size": 11, "font-family": frame.theme.fontFamily, fill: frame.theme.ink });
  const scale = diverging(data.limit, !frame.isPrint && isDark());
  data.columns.forEach((name, c) => {
    const x = names + (c + 0.5) * cell;
    chart.append(svg("text", { x, y: kHead_px - 6, transform: `rotate(-56 ${x} ${kHead_px - 6})` }, name));
  });
  rows.forEach((row, r) => {
    const y = kHead_px + r * kRow_px;
    chart.append(svg("text", { x: names - 6, y: y + 13, "text-anchor": "end" }, row.name.length > 34 ? `${row.name.slice(0, 33)}…` : row.name));
    data.columns.forEach((_, c) => {
      const value = data.value(row.index, c);
      const x = names + c * cell;
      if (value === value) {
        const fill = scale.of(value);
        const sign = data.sign?.(row.index, c);
        chart.append(svg("rect", { x, y, width: cell - 1, height: kRow_px - 1, fill }));
        if (sign) chart.append(svg("text", { x: x + (cell - 1) / 2, y: y + 13, "text-anchor": "middle", fill: wantsLightInk(fill) ? "#ffffff" : "#111111" }, sign));
      }
      else if (data.heldBack(row.index, c)) chart.append(svg("path", { d: `M${x} ${y + kRow_px - 1}L${x + cell - 1} ${y}M${x} ${y + 8}L${x + (cell - 1) / 2} ${y}M${x + (cell - 1) / 2} ${y + kRow_px - 1}L${x + cell - 1} ${y + 8}`, stroke: frame.theme.gap, fill: "none" }));
      else chart.append(svg("circle", { cx: x + cell / 2, cy: y + 9, r: 1.6, fill: frame.theme.gap }));
    });
  });
  const y = height - 30;
  for (let i = 0; i <= 60; ++i) chart.append(svg("rect", { x: names + i * 4, y, width: 4.2, height: 10, fill: scale.of((i / 30 - 1) * data.limit) }));
  chart.append(
    svg("text", { x: names, y: y + 24 }, `≤ ${(-data.limit).toPrecision(2).replace("-", "−")}`),
    svg("text", { x: names + 122, y: y + 24, "text-anchor": "middle" }, "0"),
    svg("text", { x: names + 244, y: y + 24, "text-anchor": "end" }, `≥ ${data.limit.toPrecision(2)}`),
    svg("text", { x: names + 270, y: y + 10 }, "hatched: held back (too few videos or uploaders)   ·: not estimable"),
  );
  if (data.sign) chart.append(svg("text", { x: names + 270, y: y + 24 }, kSigns));
  return chart;
}

// The same key for the page.
export function heatKey(limit: number, hasSigns: boolean): HTMLElement {
  const scale = diverging(limit, isDark());
  const stops = Array.from({ length: 21 }, (_, i) => scale.of((i / 10 - 1) * limit)).join(",");
  const word = (n: number) => n.toPrecision(2).replace("-", "−");
  return h("p", { class: "heat-key" }, `≤ ${word(-limit)} `, h("span", { class: "ramp", style: `background:linear-gradient(90deg,${stops})` }), ` ≥ ${word(limit)}`,
    h("span", { class: "key-hatch" }), "held back: too few videos or uploaders", h("span", { class: "key-dot" }, "·"), "not estimable", hasSigns && h("span", { class: "key-signs" }, kSigns));
}
