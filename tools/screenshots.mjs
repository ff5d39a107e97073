// screenshots.mjs REPORT_FOLDER OUT_FOLDER: index.png and video.png, as a reader first sees them, as
// 8-bit palette PNGs (ffmpeg) of less than 300 KB.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const kMost_bytes = 300 * 1024;
const [report, out] = process.argv.slice(2).map((path) => resolve(path));
const folder = mkdtempSync(join(tmpdir(), "mien-screenshots-"));
const browser = await chromium.launch({
  executablePath: process.env.MIEN_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const context = await browser.newContext({ viewport: { width: 1400, height: 1050 }, offline: true, reducedMotion: "reduce" });
  const page = await context.newPage();
  const keep = async (name) => {
    const raw = join(folder, name);
    await page.screenshot({ path: raw });
    const file = join(out, name);
    execFileSync("ffmpeg", ["-v", "error", "-y", "-i", raw, "-vf", "split[a][b];[a]palettegen=max_colors=256[p];[b][p]paletteuse=dither=none", "-frames:v", "1", "-update", "1", "-compression_level", "9", file]);
    const { size } = statSync(file);
    console.log(`${file}: ${(size / 1024).toFixed(0)} KB`);
    if (size > kMost_bytes) throw new Error(`${file} is larger than 300 KB`);
  };
  await page.goto(pathToFileURL(join(report, "index.html")).href);
  await page.waitForSelector("body[data-ready]");
  await page.waitForTimeout(500);
  await keep("index.png");
  // The video with most scored face time: what the tool is for.
  await page.locator("#videos thead th", { hasText: "Face time" }).getByRole("button").click();
  await page.locator("#videos tbody a").first().click();
  await page.waitForSelector("body[data-page=video][data-ready]");
  await page.waitForFunction(() => !document.querySelector("video") || document.querySelector("video").readyState >= 2);
  for (let i = 0; i < 40; ++i) await page.keyboard.press("Shift+ArrowRight");
  await page.waitForTimeout(1500);
  await keep("video.png");
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
