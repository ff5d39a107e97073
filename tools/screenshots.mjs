// screenshots.mjs REPORT_FOLDER OUT_FOLDER: index.png and video.png, as a reader first sees them, and
// rating.png, as a rater does where the report's study has clips for raters; 8-bit palette PNGs (ffmpeg) of
// less than 300 KB.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { invite, mien, serve } from "../tests/browser/rating.mjs";

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
  const keep = async (name, shown = page) => {
    const raw = join(folder, name);
    await shown.screenshot({ path: raw });
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

  // The rater's page, on a copy without answers.
  const rating = join(report, "..", "rating");
  if (existsSync(join(rating, "clips.json"))) {
    const study = join(folder, "study", "rating");
    mkdirSync(study, { recursive: true });
    for (const name of ["rating.toml", "clips.json", "clips"]) cpSync(join(rating, name), join(study, name), { recursive: true });
    mien("rate", "secret", "--study", join(study, ".."));
    const server = await serve(join(study, ".."));
    try {
      const rater = await (await browser.newContext({ viewport: { width: 1000, height: 720 } })).newPage();
      await rater.goto(invite(join(study, ".."), server.url, /^\[\[groups\]\]\s*name = "(\w+)"/m.exec(readFileSync(join(study, "rating.toml"), "utf8"))[1]));
      await rater.locator('[data-action="agree"]').click();
      await rater.waitForSelector('body[data-state="rating"][data-ready="true"]');
      await rater.waitForTimeout(500);
      await keep("rating.png", rater);
    } finally {
      await server.stop();
    }
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
