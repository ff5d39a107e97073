// Numbers and times as text. What is missing is a dash, never a zero.

export const kMissing = "–";

export function count(value: number | null | undefined): string {
  if (value === null || value === undefined) return kMissing;
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

export function fixed(value: number | null | undefined, digits: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return kMissing;
  const text = value.toFixed(digits);
  return /^-0\.?0*$/.test(text) ? text.slice(1) : text.replace("-", "−");
}

// Three significant digits, for values without a known scale.
export function significant(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return kMissing;
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)));
  return fixed(value, Math.min(4, Math.max(0, 2 - size)));
}

// At most four digits, for a narrow column of changing values.
export function brief(value: number | null | undefined): string {
  const size = Math.abs(value ?? 0);
  if (size < 0.0005) return significant(value);
  return fixed(value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

export function percent(part: number, whole: number): string {
  if (whole <= 0) return kMissing;
  const share = (100 * part) / whole;
  // Never round a part to the whole, or something to nothing.
  if (share > 99.5 && part < whole) return "> 99%";
  if (share < 0.5 && part > 0) return "< 1%";
  return `${share.toFixed(0)}%`;
}

// 75.25 -> "1:15.3"; hours appear when they are needed.
export function clock(seconds: number, digits = 1): string {
  const unit = 10 ** digits;
  const whole = Math.round(Math.max(0, seconds) * unit);
  const s = Math.floor(whole / unit);
  const rest = digits > 0 ? `.${String(whole % unit).padStart(digits, "0")}` : "";
  const pad = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  const minutes = Math.floor(s / 60) % 60;
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(s % 60)}${rest}` : `${minutes}:${pad(s % 60)}${rest}`;
}

export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return kMissing;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${clock(seconds, 0)} min`;
  return `${clock(seconds, 0)} h`;
}

// "turned_away" -> "turned away".
export function words(code: string): string {
  return code.replaceAll("_", " ");
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
