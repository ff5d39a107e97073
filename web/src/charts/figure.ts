// A figure: a heading, an SVG drawn by Observable Plot, and its three downloads. Figures redraw
// themselves when the width, the colours or the view change, and only when they are on the screen.

import { h, svg } from "../dom";
import { onThemeChange, printTheme, screenTheme, type Theme } from "../theme";
import { kNotice, kPriorMark, type Mark } from "../statements";

export interface Frame {
  theme: Theme;
  width: number;
  marginLeft: number;
  marginRight: number;
  isNarrow: boolean;
  isPrint: boolean;
}

export interface Csv {
  header: string[];
  rows: (string | number | null)[][];
}

export interface FigureSpec {
  id: string;
  title: string;
  note: string; // how to read it, in a sentence; goes into the export, too
  statement?: string; // whose labels and how far to trust them; goes into the export, too
  isPrior: boolean;
  mark?: Mark | null; // instead of the prior's, where numbers are no findings for another reason
  validity?: string; // of unmarked numbers, for the CSV
  source: string; // for the export: which video, which track, which program
  draw: (frame: Frame) => SVGSVGElement | null;
  screen?: () => HTMLElement; // stands on the page instead of the drawing, which is then for exports
  csv: () => Csv;
  label: () => string; // for those who do not see the picture
  fileName: string;
}

export interface Figure {
  element: HTMLElement;
  plot: HTMLElement; // holds the SVG
  redraw: () => void;
}

export function markOf(spec: Pick<FigureSpec, "isPrior" | "mark">): Mark | null {
  return spec.mark ?? (spec.isPrior ? kPriorMark : null);
}

const kPrintWidth = 960;
const kNarrow_px = 560;

export function frameFor(width: number, theme: Theme, isPrint: boolean): Frame {
  const isNarrow = width < kNarrow_px;
  return { theme, width, marginLeft: isNarrow ? 128 : 224, marginRight: isNarrow ? 44 : 58, isNarrow, isPrint };
}

export function csvText(table: Csv): string {
  const cell = (value: string | number | null) => {
    if (value === null) return "";
    if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
    // A cell that a spreadsheet would run as a formula is made plain text.
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [table.header, ...table.rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

export function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// Breaks a sentence into lines of at most `length` characters.
function lines(text: string, length: number): string[] {
  const out = [""];
  for (const word of text.split(/\s+/)) {
    const line = out.at(-1) as string;
    if (line.length > 0 && line.length + word.length + 1 > length) out.push(word);
    else out[out.length - 1] = line.length > 0 ? `${line} ${word}` : word;
  }
  return out;
}

// The chart with its title, its statement and its source, readable without the page.
export function exportedSvg(spec: FigureSpec): string {
  const theme = printTheme();
  const mark = markOf(spec);
  const chart = spec.draw(frameFor(kPrintWidth, theme, true));
  const foot = [
    ...(mark ? [mark.words] : []),
    ...lines(spec.note, 130),
    ...(spec.statement ? lines(spec.statement, 130) : []),
    kNotice,
    ...lines(spec.source, 130),
  ];
  const top = 56;
  const chartHeight = chart ? Number(chart.getAttribute("height")) : 0;
  const height = top + chartHeight + 20 + foot.length * 17 + 16;
  const text = (x: number, y: number, size: number, fill: string, words: string, weight = "400") =>
    svg("text", { x, y, "font-size": size, fill, "font-weight": weight }, words);
  const out = svg("svg", {
    xmlns: "http://www.w3.org/2000/svg",
    width: kPrintWidth + 48,
    height,
    viewBox: `0 0 ${kPrintWidth + 48} ${height}`,
    "font-family": theme.fontFamily,
  });
  out.append(svg("rect", { width: "100%", height: "100%", fill: theme.paper }));
  out.append(text(24, 34, 17, theme.ink, mark ? `${spec.title} — ${mark.badge.toLowerCase()}` : spec.title, "600"));
  if (chart) {
    chart.setAttribute("x", "24");
    chart.setAttribute("y", String(top));
    out.append(chart);
  }
  foot.forEach((line, i) => {
    const isMark = mark !== null && i === 0;
    out.append(text(24, top + chartHeight + 28 + i * 17, 12, isMark ? theme.prior : theme.muted, line, isMark ? "600" : "400"));
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(out)}\n`;
}

// The exported SVG as a picture of twice its size, which print and slides want.
export async function exportedPng(spec: FigureSpec): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([exportedSvg(spec)], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = h("canvas", { width: image.naturalWidth * 2, height: image.naturalHeight * 2 });
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, failed) =>
      canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error(`${spec.title} is too large for a PNG; take the SVG`))), "image/png"),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}

export function exportedCsv(spec: FigureSpec): string {
  const table = spec.csv();
  const validity = markOf(spec)?.validity ?? spec.validity ?? "not validated on this video";
  return csvText({
    header: [...table.header, "validity"],
    rows: table.rows.map((row) => [...row, validity]),
  });
}

// What a group of channels says of itself, for a figure's statement.
export function statementOf(group: { whose_labels: string; reliability: string } | undefined): string {
  return group ? `Whose labels: ${group.whose_labels} How reliable: ${group.reliability}` : "";
}

export function markBadge(mark: Mark): HTMLElement {
  return h("span", { class: "badge prior" }, mark.badge);
}

export function priorBadge(): HTMLElement {
  return markBadge(kPriorMark);
}

const onScreen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      entry.target.dispatchEvent(new Event(entry.isIntersecting ? "mien:visible" : "mien:hidden"));
    }
  },
  { rootMargin: "400px" },
);

function isInWindow(element: Element): boolean {
  const box = element.getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight;
}

// A figure that is drawn late pushes down what stands below it: what has the focus stays in sight.
function keepFocusInSight(change: () => void): void {
  const focused = document.activeElement;
  const wasSeen = focused !== null && focused !== document.body && isInWindow(focused);
  change();
  if (wasSeen && !isInWindow(focused)) focused.scrollIntoView({ block: "nearest", behavior: "instant" });
}

export function figure(spec: FigureSpec, ...extra: (Node | false)[]): Figure {
  const mark = markOf(spec);
  const plot = h("div", { class: "plot" });
  const problem = h("p", { class: "note", role: "status" });
  const download = (kind: string, make: () => Promise<Blob> | Blob) =>
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-label": `Download ${spec.title} as ${kind.toUpperCase()}`,
        onclick: async () => {
          problem.textContent = "";
          try {
            save(`${spec.fileName}.${kind}`, await make());
          } catch (error) {
            problem.textContent = `The download failed: ${error instanceof Error ? error.message : String(error)}`;
          }
        },
      },
      kind.toUpperCase(),
    );
  const element = h(
    "figure",
    { id: spec.id, class: mark ? "is-prior" : null },
    h(
      "figcaption",
      {},
      h("div", { class: "figure-head" }, h("h3", {}, spec.title), mark && markBadge(mark), h("span", { class: "spacer" }),
        h("span", { class: "downloads", role: "group", "aria-label": `Download ${spec.title}` },
          download("svg", () => new Blob([exportedSvg(spec)], { type: "image/svg+xml" })),
          download("png", () => exportedPng(spec)),
          download("csv", () => new Blob([exportedCsv(spec)], { type: "text/csv" })))),
      h("p", { class: "note" }, mark && h("strong", { class: "prior-words" }, `${mark.words} `), spec.note),
      problem,
    ),
    plot,
    spec.statement ? h("p", { class: "note statement" }, spec.statement) : null,
    ...extra.filter((node): node is Node => node !== false),
  );
  let isStale = true;
  let isVisible = false;
  const draw = () => keepFocusInSight(drawNow);
  const drawNow = () => {
    const width = Math.floor(plot.clientWidth);
    if (!isStale || !isVisible || width === 0) return;
    isStale = false;
    if (spec.screen) {
      if (!plot.firstChild) plot.append(spec.screen());
      return;
    }
    const chart = spec.draw(frameFor(width, screenTheme(), false));
    if (!chart) return plot.replaceChildren(h("p", { class: "empty" }, "Nothing to draw."));
    chart.setAttribute("role", "img");
    chart.setAttribute("aria-label", spec.label());
    plot.replaceChildren(chart);
    plot.dispatchEvent(new Event("mien:drawn"));
  };
  plot.addEventListener("mien:visible", () => {
    isVisible = true;
    draw();
  });
  const redraw = () => {
    isStale = true;
    draw();
  };
  let drawnWidth = 0;
  new ResizeObserver(() => {
    if (plot.clientWidth === drawnWidth) return;
    drawnWidth = plot.clientWidth;
    redraw();
  }).observe(plot);
  onThemeChange(redraw);
  plot.addEventListener("mien:hidden", () => (isVisible = false));
  onScreen.observe(plot);
  return { element, plot, redraw };
}
