// What src/report/study_pages writes and how a page finds it. Cells of a region come as a classic
// script of their own when they are first looked at. What is missing is NaN here.

import type { Declaration } from "../declaration";

export type Maybe<T> = T | null;
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface MapSet {
  title: string;
  by: string;
  source: string;
  channel: string;
  kind: string;
  cluster: string;
  is_prior: boolean;
  is_simulated: boolean;
  is_published: boolean;
  whose_labels: string;
  reliability: string;
  notes: string[];
  regions: string[];
  contexts: string[];
  expressions: string[];
  reasons: string[];
  n: Maybe<number>[];
  cells_by_reason: number[][];
  has_verdicts: boolean;
}

export interface Face {
  kind: "expression" | "region" | "context";
  name: string;
  actions: Record<string, number>;
  n: Maybe<number>;
}

export interface Facts {
  name: string;
  declaration: Maybe<Declaration>; // null: published maps alone
  program_version: string;
  libraries: [name: string, version: string][];
  videos_page: string;
  pages: [file: string, title: string][];
  options: [name: string, value: string][];
  corpus_videos: Maybe<number>;
  countries: [alpha2: string, numeric: string, name: string, region: string, videos: Maybe<number>][];
  places: [region: string, latitude_deg: number, longitude_deg: number][];
  excluded: [source: string, region: string, language: string, reason: string, videos: number][];
  faces: Face[];
  faces_source: string;
  faces_are_prior: boolean;
  sets: MapSet[];
}

export interface Estimate {
  estimate: Maybe<number>;
  lower: Maybe<number>;
  upper: Maybe<number>;
  se?: Maybe<number>;
}

export interface Component {
  index: number;
  eigenvalue: Maybe<number>;
  heldout_positive_regions: number;
  mean_partial_spearman: Maybe<number>;
  p: Maybe<number>;
  p_adjusted: Maybe<number>;
  p_sign_flip?: Maybe<number>;
  heldout_spearman: Record<string, Maybe<number>>;
  weights: Record<string, number>;
}

interface Test {
  observed: Maybe<number>;
  p: Maybe<number>;
  permutations: number;
  tail: string;
  reason: Maybe<string>;
}

// Of `mien compare`; parts that a version does not write are missing.
export interface Comparison {
  pairwise: {
    mean_r: Maybe<number>;
    min: Maybe<number>;
    max: Maybe<number>;
    mean_spearman: Maybe<number>;
    mean_r_winsorised: Maybe<number>;
    mean_concordance: Maybe<number>;
    regions: { a: string; b: string; r: Maybe<number>; spearman: Maybe<number>; r_winsorised: Maybe<number>; concordance: Maybe<number>; cells: number }[];
  };
  region_vs_rest: Record<string, Maybe<number>>;
  region_vs_rest_expected: Record<string, Maybe<number>>;
  region_vs_rest_summary: { mean: Maybe<number>; expected_from_averaging: Maybe<number> };
  per_expression: Record<string, Maybe<number>>;
  per_context: { row: number; context: string; similarity: Maybe<number>; pairs: number }[];
  noise_corrected:
    | { estimable: false; reason: string }
    | {
        estimable: true;
        reliability: Record<string, Maybe<number>>;
        mean_rho: Estimate;
        mean_rho_squared: Estimate;
        variance_preserved: Estimate;
        variance_preserved_estimator: string;
        regions: ({ a: string; b: string; r: Maybe<number>; reason: Maybe<string> } & Estimate)[];
      };
  heterogeneity:
    | { estimable: false; reason: string }
    | { estimable: true; method: string; margin: number; alike: number; different: number; undecided: number; not_estimable: number };
  tree: Maybe<{ method: string; order: string[]; merges: { a: number; b: number; height: number; size: number }[] }>;
  geography:
    | { possible: false; reason: string }
    | {
        possible: true;
        similarity: string;
        distance: Test;
        adjacency: Test;
        closer_to_world: Test;
        closer_to_neighbours: Test;
        regions: Record<string, { neighbours: number; similarity_to_neighbours: Maybe<number>; similarity_to_others: Maybe<number> }>;
      };
  preserved: {
    method: string;
    preserved: Maybe<number>;
    ceiling: number;
    not_testable: Maybe<string>;
    contexts: number;
    dropped_contexts: string[];
    dropped_expressions: string[];
    components: Component[];
    varimax?: Record<string, number>[]; // a factor: expression -> loading
    [further: string]: unknown;
  };
  similar_contexts_together?: number[];
  embedding?: Maybe<{ method: string; points: { row: number; context: string; x: number; y: number; colour: string }[] }>;
  options: Record<string, Json>;
  dropped_rows: { region: string; row: number; context: string }[];
  panels?: Maybe<Record<string, Panel>>; // of published maps
  visual_against_text?: Json;
}

export interface Panel {
  title: string;
  possible: boolean;
  reason: Maybe<string>;
  result: Json;
}

export interface Compare {
  sets: Maybe<Comparison>[];
  panels: Maybe<Record<string, Panel>>; // by letter; of the study's own maps
  visual_against_text: Json;
}

export interface Cells {
  estimate: Float32Array; // contexts x expressions
  lower: Float32Array;
  upper: Float32Array;
  p_bh: Float32Array;
  reason: Uint8Array;
  n_context: Int32Array; // -1: held back or not known
  n_uploaders: Int32Array;
}

// A cell over all regions.
export interface Verdicts {
  mean: Float32Array; // random effects
  lower: Float32Array;
  upper: Float32Array;
  i2: Float32Array; // share of the variation that is between regions
  verdict: Uint8Array; // place in kVerdicts
}
export const kVerdicts = ["not estimable", "alike", "different", "undecided"] as const;

interface Global {
  facts?: Facts;
  compare?: Compare;
  cells?: Record<string, Record<keyof Cells, string>>;
  verdicts?: Record<string, Record<keyof Verdicts, string>>;
}

const shared = ((globalThis as { mien?: Global }).mien ??= {});

export function facts(): Facts {
  if (!shared.facts) throw new Error("data/facts.js is missing or damaged; make the report again");
  return shared.facts;
}

export function compare(): Compare {
  return shared.compare ?? { sets: facts().sets.map(() => null), panels: null, visual_against_text: null };
}

function bytes(base64: string): ArrayBuffer {
  const text = atob(base64);
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; ++i) out[i] = text.charCodeAt(i);
  return out.buffer;
}

// Runs a script of data/; `take` gives what it left.
function loadScript<T>(file: string, take: () => T | undefined): Promise<T> {
  return new Promise<T>((done, failed) => {
    const script = document.createElement("script");
    script.src = `data/${file}.js`;
    script.onerror = () => failed(new Error(`data/${file}.js could not be read; make the report again`));
    script.onload = () => {
      script.remove();
      const raw = take();
      if (raw) done(raw);
      else failed(new Error(`data/${file}.js is damaged; make the report again`));
    };
    document.head.append(script);
  });
}

const loaded = new Map<string, Promise<Cells>>();

// One region's cells; a second call gives the same.
export function loadCells(set: number, region: number): Promise<Cells> {
  const key = `${set}-${region}`;
  let cells = loaded.get(key);
  if (!cells) {
    cells = loadScript(`cells-${key}`, () => {
      const raw = shared.cells?.[key];
      delete shared.cells?.[key];
      return raw;
    }).then((raw) => ({
      estimate: new Float32Array(bytes(raw.estimate)),
      lower: new Float32Array(bytes(raw.lower)),
      upper: new Float32Array(bytes(raw.upper)),
      p_bh: new Float32Array(bytes(raw.p_bh)),
      reason: new Uint8Array(bytes(raw.reason)),
      n_context: new Int32Array(bytes(raw.n_context)),
      n_uploaders: new Int32Array(bytes(raw.n_uploaders)),
    }));
    loaded.set(key, cells);
  }
  return cells;
}

const loadedVerdicts = new Map<number, Promise<Verdicts | null>>();

// Null where the set has none: not compared, or without standard errors.
export function loadVerdicts(set: number): Promise<Verdicts | null> {
  if (!facts().sets[set]?.has_verdicts) return Promise.resolve(null);
  let verdicts = loadedVerdicts.get(set);
  if (!verdicts) {
    verdicts = loadScript(`verdicts-${set}`, () => {
      const raw = shared.verdicts?.[set];
      delete shared.verdicts?.[set];
      return raw;
    }).then((raw) => ({
      mean: new Float32Array(bytes(raw.mean)),
      lower: new Float32Array(bytes(raw.lower)),
      upper: new Float32Array(bytes(raw.upper)),
      i2: new Float32Array(bytes(raw.i2)),
      verdict: new Uint8Array(bytes(raw.verdict)),
    }));
    loadedVerdicts.set(set, verdicts);
  }
  return verdicts;
}

export function loadAllCells(set: number): Promise<Cells[]> {
  const regions = facts().sets[set]?.regions ?? [];
  return Promise.all(regions.map((_, region) => loadCells(set, region)));
}

// Arithmetic mean over the regions that have the cell; NaN where none has.
export function meanMap(all: Cells[]): { mean: Float32Array; regions: Uint8Array } {
  const size = all[0]?.estimate.length ?? 0;
  const mean = new Float32Array(size);
  const regions = new Uint8Array(size);
  for (let i = 0; i < size; ++i) {
    let sum = 0;
    let n = 0;
    for (const cells of all) {
      const value = cells.estimate[i] as number;
      if (value === value) {
        sum += value;
        ++n;
      }
    }
    mean[i] = n > 0 ? sum / n : NaN;
    regions[i] = n;
  }
  return { mean, regions };
}

// "Central/Northern Europe" is "CentralNorthernEurope".
export function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

// Great circle, haversine, mean Earth radius (IUGG 1980), as src/stats/geography.
export function distance_km(a: [number, number], b: [number, number]): number {
  const rad = Math.PI / 180;
  const s = Math.sin(((b[0] - a[0]) * rad) / 2) ** 2 + Math.cos(a[0] * rad) * Math.cos(b[0] * rad) * Math.sin(((b[1] - a[1]) * rad) / 2) ** 2;
  return 2 * 6371.0088 * Math.asin(Math.min(1, Math.sqrt(s)));
}
