// Countries on a map, coloured by how many videos they have, or by their region's value in a cell.

import * as Plot from "@observablehq/plot";
import { feature } from "topojson-client";
import atlas from "world-atlas/countries-110m.json";
import { base, plotSvg } from "../charts/marks";
import { h, section, svg } from "../dom";
import { count, fixed, words } from "../format";
import { DataTable } from "../table";
import type { Frame } from "../charts/figure";
import { diverging, isDark, limitOf } from "./colours";
import { facts, lettersOf, loadAllCells, type Cells, type MapSet } from "./data";
import { buildPage, contextBox, contextName, expressionBox, findContext, intervalText, mapFigure, parameter, setParameter, value3, whenLoaded, withUnits, type Chosen } from "./frame";

interface Place {
  numeric: string;
  name: string;
  region: string;
  regionIndex: number; // in the set, or -1
  videos: number | null;
}

interface Shape { type: "Feature"; id: string; properties: { name: string }; geometry: unknown }

const shapes = (feature(atlas as never, (atlas as { objects: { countries: unknown } }).objects.countries as never) as unknown as { features: Shape[] }).features;

type Colour = (place: Place) => string | null; // null: nothing known

function drawWorld(set: MapSet, places: Map<string, Place>, colour: Colour, title: (p: Place) => string, valueOfRegion: ((region: number) => string) | null, key: Key, frame: Frame): SVGSVGElement {
  const { theme } = frame;
  const named = new Set<number>();
  const centres = facts().places.flatMap(([name, lat, lon]) => {
    const g = set.regions.findIndex((r) => lettersOf(r) === lettersOf(name));
    // Published maps may spell a region in another way; its name is written once.
    if (g < 0 || named.has(g)) return [];
    named.add(g);
    return [{ name: set.regions[g] ?? "", lat, lon, value: valueOfRegion ? valueOfRegion(g) : "" }];
  });
  // Names that would lie on each other move apart, the northern ones northwards.
  centres.sort((a, b) => b.lat - a.lat);
  for (let k = 0; k < 4; ++k) {
    centres.forEach((a, i) => centres.slice(i + 1).forEach((b) => {
      if (Math.abs(a.lon - b.lon) < 34 && a.lat - b.lat < 13) {
        const push = (13 - (a.lat - b.lat)) / 2;
        a.lat += push;
        b.lat -= push;
      }
    }));
  }
  const land = shapes.filter((s) => s.id !== "010");
  const known = land.flatMap((s) => { const p = places.get(s.id); const fill = p ? colour(p) : null; return p && fill ? [{ ...s, p, fill }] : []; });
  const chart = plotSvg({
    ...base({ ...frame, marginLeft: 4, marginRight: 4 }),
    height: Math.round(frame.width * 0.49) + kKey_px,
    marginTop: 4, marginBottom: 4 + kKey_px,
    projection: { type: "equal-earth", domain: { type: "FeatureCollection", features: land } as never },
    marks: [
      Plot.sphere({ stroke: theme.hairline }),
      Plot.geo(land as never, { fill: theme.hairline, stroke: theme.paper, strokeWidth: 0.5 }),
      Plot.geo(known as never, { fill: ((d: { fill: string }) => d.fill) as never, stroke: theme.muted, strokeWidth: 0.4, title: ((d: { p: Place }) => title(d.p)) as never }),
      Plot.text(frame.isNarrow ? [] : centres, { x: "lon", y: "lat", text: (d: { name: string; value: string }) => (d.value ? `${d.name}\n${d.value}` : d.name), fontSize: 11, fontWeight: "600", fill: theme.ink, stroke: theme.paper, strokeWidth: 4, lineWidth: 12 }),
    ],
  });
  chart.append(keyDrawing(key, frame, Math.round(frame.width * 0.49)));
  return chart;
}

// What the colours stand for: a ramp with its ends, and the grey of countries without a value.
interface Key { low: number; high: number; of: (value: number) => string; ticks: [value: number, text: string][]; label: string }
const kKey_px = 46;

function keyDrawing(key: Key, frame: Frame, top: number): SVGElement {
  const { theme } = frame;
  const width = Math.min(320, frame.width * 0.45);
  const group = svg("g", { transform: `translate(16, ${top + 4})`, "font-size": 11, "font-family": theme.fontFamily, fill: theme.ink, "text-anchor": "start" });
  const steps = 48;
  for (let i = 0; i < steps; ++i) {
    const value = key.low + ((i + 0.5) / steps) * (key.high - key.low);
    group.append(svg("rect", { x: (i / steps) * width, y: 0, width: width / steps + 0.4, height: 12, fill: key.of(value) }));
  }
  let free = -Infinity; // texts that would lie on the one before are left out
  key.ticks.forEach(([value, text], i) => {
    const x = ((value - key.low) / (key.high - key.low || 1)) * width;
    const isLast = i === key.ticks.length - 1;
    const half = text.length * 3.2;
    const left = isLast ? x - 2 * half : i === 0 ? x : x - half;
    if (left < free) return;
    free = left + 2 * half + 6;
    group.append(svg("text", { x: left, y: 26 }, text));
  });
  group.append(
    svg("text", { x: 0, y: 40, fill: theme.muted }, key.label),
    svg("rect", { x: width + 20, y: 0, width: 16, height: 12, fill: theme.hairline }),
    svg("text", { x: width + 42, y: 10 }, "no value"),
  );
  return group;
}

function draw({ index, set, comparison }: Chosen, into: HTMLElement): void {
  const all = facts();
  const places: Place[] = all.countries.map(([, numeric, name, region, videos]) => ({ numeric, name, region, videos, regionIndex: region ? set.regions.findIndex((r) => lettersOf(r) === lettersOf(region)) : -1 }));
  const byNumeric = new Map(places.map((p) => [p.numeric, p]));
  const used = places.filter((p) => p.regionIndex >= 0 && (p.videos === null || p.videos > 0));
  if (used.length === 0) {
    into.append(h("p", { class: "empty" }, `These maps are by ${set.by}, which is no region on the map.`));
    return;
  }
  const drawn = new Set(shapes.map((s) => s.id));
  const mostVideos = Math.max(1, ...places.map((p) => p.videos ?? 0));
  const hasVideos = all.corpus_videos !== null && !set.is_published;
  const notTold = hasVideos ? "held back: too few videos or uploaders" : "number of videos not known";
  const against = set.regions.map(() => NaN);
  let mode = parameter("show") ?? "cell";
  let reference = 0;
  let context = Math.max(0, findContext(set, parameter("context") ?? ""));
  let expression = Math.max(0, set.expressions.indexOf(parameter("expression") ?? ""));
  let cells: Cells[] = [];
  const E = set.expressions.length;
  const cell = (g: number) => cells[g]?.estimate[context * E + expression] ?? NaN;
  const similarity = (g: number) => {
    const name = set.regions[g];
    const other = set.regions[reference];
    const corrected = comparison?.noise_corrected.estimable ? comparison.noise_corrected.regions.find((p) => (p.a === name && p.b === other) || (p.b === name && p.a === other))?.estimate : undefined;
    const raw = comparison?.pairwise.regions.find((p) => (p.a === name && p.b === other) || (p.b === name && p.a === other))?.r;
    return corrected ?? raw ?? NaN;
  };
  const valueOf = (g: number) => (mode === "cell" ? cell(g) : mode === "similarity" ? similarity(g) : against[g] ?? NaN);
  const titleOf = (p: Place) => {
    const g = p.regionIndex;
    const head = `${p.name} (${p.region || "in no region"})`;
    if (mode === "videos") return `${head}: ${p.videos === null ? notTold : `about ${count(p.videos)} videos`}`;
    if (g < 0) return head;
    if (mode === "similarity") return `${head}: ${g === reference ? "the region itself" : value3(similarity(g))}`;
    const at = context * E + expression;
    const c = cells[g];
    return `${head}: ${value3(cell(g))}${c ? ` (${intervalText(c.lower[at] as number, c.upper[at] as number)})` : ""}`;
  };
  const colourOf = (frame: Frame): Colour => {
    const dark = !frame.isPrint && isDark();
    if (mode === "videos") {
      const scale = diverging(Math.log10(mostVideos + 1), dark);
      return (p) => (p.videos ? scale.of(Math.log10(p.videos + 1)) : null);
    }
    const limit = mode === "similarity" ? 1 : limitOf(set.regions.map((_, g) => cell(g)));
    const scale = diverging(limit, dark);
    return (p) => {
      if (p.regionIndex < 0 || (p.videos !== null && hasVideos && p.videos === 0)) return null;
      if (mode === "similarity" && p.regionIndex === reference) return frame.theme.muted;
      const value = valueOf(p.regionIndex);
      return value === value ? scale.of(value) : null;
    };
  };
  const keyOf = (frame: Frame): Key => {
    const dark = !frame.isPrint && isDark();
    if (mode === "videos") {
      const limit = Math.log10(mostVideos + 1);
      const scale = diverging(limit, dark);
      const marks = [1, 10, 100, 1e3, 1e4, 1e5, 1e6].filter((n) => n < mostVideos);
      return { low: 0, high: limit, of: scale.of, ticks: [...marks, mostVideos].map((n): [number, string] => [Math.log10(n + 1), count(n)]), label: "videos" };
    }
    const limit = mode === "similarity" ? 1 : limitOf(set.regions.map((_, g) => cell(g)));
    const end = (v: number) => (mode === "similarity" ? fixed(v, 1) : value3(v));
    return { low: -limit, high: limit, of: diverging(limit, dark).of, ticks: [-limit, 0, limit].map((v): [number, string] => [v, v === 0 ? "0" : end(v)]), label: mode === "similarity" ? "correlation of maps" : withUnits(set).toLowerCase() };
  };
  const what = () => (mode === "videos" ? "Videos by country" : mode === "similarity" ? `Similarity to ${set.regions[reference]}` : `${set.expressions[expression]} × ${contextName(set, context)}`);
  const controls = h("div", { class: "filters" });
  const holder = h("div");
  const rebuild = () => {
    setParameter("show", mode);
    const modes: [string, string][] = [["cell", "One cell of the maps, by region"], ...(comparison ? [["similarity", "Similarity to one region"] as [string, string]] : []), ...(hasVideos ? [["videos", "Videos by country"] as [string, string]] : [])];
    const choice = h("select", { id: "show", onchange: () => { mode = choice.value; rebuild(); } }, ...modes.map(([id, text]) => h("option", { value: id, selected: id === mode }, text)));
    const referenceBox = h("select", { id: "reference", onchange: () => { reference = Number(referenceBox.value); rebuild(); } }, ...set.regions.map((name, g) => h("option", { value: g, selected: g === reference }, name)));
    controls.replaceChildren(
      h("label", { for: "show" }, "Show"), choice,
      ...(mode === "similarity" ? [h("label", { for: "reference" }, "Region"), referenceBox] : []),
      ...(mode === "cell" ? [expressionBox(set, "expression", expression, (e) => { expression = e; setParameter("expression", set.expressions[e] ?? null); rebuild(); }), contextBox(set, "context", "Context", context, (c) => { context = c; setParameter("context", contextName(set, c)); rebuild(); })] : []),
    );
    holder.replaceChildren(
      mapFigure(set, {
        id: "world", title: what(), fileName: "world",
        note: mode === "videos" ? "The darker, the more videos were uploaded there (logarithmic). Numbers are to the nearest ten; countries of too few videos or uploaders have none. A country is where a video was uploaded, not who is in it." : mode === "similarity" ? "Correlation of the maps, corrected for noise where that can be estimated. All countries of a region have its colour." : `${withUnits(set)}. All countries of a region have its colour; borders are those of Natural Earth and take no side.`,
        draw: (frame) => drawWorld(set, byNumeric, colourOf(frame), titleOf, mode === "videos" ? null : (g) => (mode === "similarity" && g === reference ? "–" : value3(valueOf(g))), keyOf(frame), frame),
        csv: () => ({ header: ["country", "region", "videos", mode === "videos" ? "shown" : what()], rows: used.map((p) => [p.name, p.region, p.videos, mode === "videos" ? p.videos : valueOf(p.regionIndex)]) }),
        label: () => `${what()}: ${set.regions.map((r, g) => `${r} ${value3(valueOf(g))}`).join(", ")}`,
      }).element,
    );
  };
  const table = new DataTable<Place>({
    caption: "Countries", noun: "countries", pageSize: 25,
    columns: [
      { title: "Country", isHeader: true, sort: (p) => p.name, cell: (p) => p.name },
      { title: "Region", sort: (p) => p.region, cell: (p) => p.region },
      { title: "Videos", isNumber: true, firstDescending: true, sort: (p) => p.videos, cell: (p) => (p.videos === null ? notTold : count(p.videos)) },
      { title: "On the map", sort: (p) => (drawn.has(p.numeric) ? 1 : 0), cell: (p) => (drawn.has(p.numeric) ? "yes" : "too small to draw") },
    ],
  });
  table.setRows(used);
  into.append(controls, holder, section("countries", "Countries", h("p", { class: "lead" }, words("Which country belongs to which region is Mien's own table unless the corpus says otherwise.")), table.element));
  whenLoaded(into, loadAllCells(index), (loaded) => {
    cells = loaded;
    if (parameter("context") === null) {
      let most = 0;
      for (let i = 0; i < (cells[0]?.estimate.length ?? 0); ++i) {
        let least = Infinity;
        for (const c of cells) least = Math.min(least, (c.estimate[i] as number) === c.estimate[i] ? (c.estimate[i] as number) : -Infinity);
        if (least > most) { most = least; context = Math.floor(i / E); expression = i % E; }
      }
    }
    rebuild();
  });
}

export function worldPage(page: HTMLElement): void {
  buildPage(page, "world", "World", "Where the videos are from, and a cell of the maps around the world.", draw);
}
