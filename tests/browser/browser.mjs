// A headless Chromium with an empty profile, offline, that notes everything a page should not do:
// errors on the console, requests that leave the disk.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

export const sourceDir = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const browserDir = resolve(process.env.MIEN_BROWSER_DIR ?? join(sourceDir, "build/release/browser"));
export const kLongIndex = 20_000;

// Positions of the videos that report_sample writes, from 1.
export const kVideo = { talking: 1, windowsOnly: 2, crowd: 3, failed: 4, partial: 5, noFace: 6, hostile: 7, still: 8, long: 9 };

export async function launch() {
  return chromium.launch({
    executablePath: process.env.MIEN_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"],
  });
}

export const kDesktop = { width: 1366, height: 900 };
export const kPhone = { width: 390, height: 844 };

// Opens a page of a report and waits until it is drawn. `done()` asserts that nothing untoward
// happened and closes it.
export async function open(browser, path, { study = "study", viewport = kDesktop, scheme = "light" } = {}) {
  const context = await browser.newContext({ viewport, colorScheme: scheme, offline: true, acceptDownloads: true, reducedMotion: "reduce" });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
  page.on("requestfailed", (request) => {
    // A video element drops a request when it seeks; that is no failure.
    if (request.resourceType() !== "media") complaints.push(`request failed: ${request.url()}`);
  });
  context.on("request", (request) => {
    if (!/^(file|blob|data):/.test(request.url())) complaints.push(`left the disk: ${request.url()}`);
  });
  const [file, ...hash] = path.split("#");
  const url = pathToFileURL(join(browserDir, study, "report", file));
  url.hash = hash.join("#");
  await page.goto(url.href);
  await page.waitForSelector("body[data-ready]");
  const done = async () => {
    assert.deepEqual(complaints, [], path);
    await context.close();
  };
  return { page, context, done };
}

export const video = (number) => `videos/${number}.html`;

// How much is to be seen in a PNG: the number of colours and the share of the commonest one.
export async function inked(browser, png) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    return await page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const pen = canvas.getContext("2d");
      pen.drawImage(bitmap, 0, 0);
      const { data } = pen.getImageData(0, 0, bitmap.width, bitmap.height);
      const counts = new Map();
      for (let i = 0; i < data.length; i += 4) {
        const colour = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
        counts.set(colour, (counts.get(colour) ?? 0) + 1);
      }
      return { colours: counts.size, commonest: Math.max(...counts.values()) / (data.length / 4), width: bitmap.width, height: bitmap.height };
    }, png.toString("base64"));
  } finally {
    await context.close();
  }
}

export function keepPicture(name, png) {
  const folder = join(browserDir, "pictures");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), png);
}

export async function download(page, button) {
  const [file] = await Promise.all([page.waitForEvent("download"), button.click()]);
  const parts = [];
  for await (const part of await file.createReadStream()) parts.push(part);
  return { name: file.suggestedFilename(), bytes: Buffer.concat(parts) };
}
