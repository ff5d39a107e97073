// Diverging colours for values about 0: orange below, blue above, which colour-blind people tell
// apart (Brewer's PuOr and Blues, ends darkened); the middle is the paper.

export interface Diverging {
  limit: number; // values beyond are drawn as this
  of: (value: number) => string;
}

type Rgb = [number, number, number];
const kLight: Rgb[] = [[140, 60, 0], [224, 130, 20], [254, 220, 170], [250, 250, 250], [176, 212, 236], [54, 135, 192], [4, 64, 120]];
const kDark: Rgb[] = [[255, 178, 102], [206, 110, 20], [98, 58, 22], [38, 40, 43], [26, 62, 92], [44, 122, 182], [140, 205, 250]];

export function isDark(): boolean {
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

function mix(stops: Rgb[], at: number): Rgb {
  const place = Math.min(1, Math.max(0, at)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(place));
  const [a, b] = [stops[i] as Rgb, stops[i + 1] as Rgb];
  const t = place - i;
  return [0, 1, 2].map((k) => Math.round((a[k] as number) * (1 - t) + (b[k] as number) * t)) as Rgb;
}

export function diverging(limit: number, dark = isDark()): Diverging {
  const stops = dark ? kDark : kLight;
  const table = Array.from({ length: 201 }, (_, i) => `rgb(${mix(stops, i / 200).join(",")})`);
  const size = limit > 0 ? limit : 1;
  return { limit: size, of: (value) => table[Math.round((Math.min(1, Math.max(-1, value / size)) + 1) * 100)] as string };
}

export function sequential(limit: number, dark = isDark()): (value: number) => string {
  const scale = diverging(limit, dark);
  return (value) => scale.of(value);
}

// Whether words on a colour are better light.
export function wantsLightInk(colour: string): boolean {
  const [r = 0, g = 0, b = 0] = (colour.match(/\d+/g) ?? []).map(Number);
  return 0.299 * r + 0.587 * g + 0.114 * b < 135;
}

// A limit that a few far cells do not set: the 99th percentile of sizes.
export function limitOf(values: ArrayLike<number>): number {
  const sizes: number[] = [];
  for (let i = 0; i < values.length; ++i) {
    const value = Math.abs(values[i] as number);
    if (value === value) sizes.push(value);
  }
  sizes.sort((a, b) => a - b);
  return sizes[Math.floor(0.99 * (sizes.length - 1))] ?? 1;
}
