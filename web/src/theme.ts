// Colours live in style.css as custom properties; charts need them as values, since an exported
// figure has no style sheet. `screenTheme` reads what the reader sees, `printTheme` the light set.

export interface Theme {
  paper: string;
  ink: string;
  muted: string;
  hairline: string;
  accent: string;
  accentFill: string;
  other: string;
  gap: string;
  prior: string;
  fontFamily: string;
}

function read(element: Element): Theme {
  const style = getComputedStyle(element);
  const value = (name: string) => style.getPropertyValue(name).trim();
  return {
    paper: value("--paper"),
    ink: value("--ink"),
    muted: value("--muted"),
    hairline: value("--hairline"),
    accent: value("--accent"),
    accentFill: value("--accent-fill"),
    other: value("--other"),
    gap: value("--gap"),
    prior: value("--prior"),
    fontFamily: value("--font"),
  };
}

export function screenTheme(): Theme {
  return read(document.documentElement);
}

export function printTheme(): Theme {
  const probe = document.createElement("div");
  probe.className = "light";
  probe.hidden = true;
  document.body.append(probe);
  const theme = read(probe);
  probe.remove();
  return theme;
}

// The order of the overlay's boxes (src/report/overlay.cc): Okabe and Ito (2008).
const kTrackColours = ["#56b4e9", "#e69f00", "#f0e442", "#009e73", "#cc79a7", "#d55e00", "#0072b2"];

export function trackColour(track: number): string {
  return kTrackColours[track % kTrackColours.length] ?? "#56b4e9";
}

export function onThemeChange(callback: () => void): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", callback);
}
