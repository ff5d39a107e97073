// Pictures of every page, kept in the build folder to be looked at, and checked for showing
// something: light, dark, phone, and without colour.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inked, keepPicture, kDesktop, kPhone, kVideo, launch, open, video } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => browser.close());

const kPages = [["index", "index.html"], ...Object.entries(kVideo).map(([name, number]) => [name, video(number)])];
const kMost_px = 6000;

async function picture(page, width) {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.min(height, kMost_px) });
  await page.waitForFunction(() => [...document.querySelectorAll("figure .plot")].every((plot) => plot.getBoundingClientRect().top > innerHeight || plot.firstElementChild));
  await page.waitForTimeout(200);
  return page.screenshot();
}

for (const [name, path] of kPages) {
  for (const [look, viewport, scheme] of [["light", kDesktop, "light"], ["dark", kDesktop, "dark"], ["phone", kPhone, "light"]]) {
    if (look !== "light" && !["index", "talking", "crowd"].includes(name)) continue;
    test(`${name}, ${look}`, async () => {
      const { page, done } = await open(browser, path, { viewport, scheme });
      const png = await picture(page, viewport.width);
      keepPicture(`${name}-${look}.png`, png);
      const seen = await inked(browser, png);
      assert.ok(seen.colours > 64 && seen.commonest < 0.97, JSON.stringify(seen));
      const empty = await page.locator("figure .empty").count();
      assert.equal(empty, 0, "no chart has nothing to draw");
      await done();
    });
  }
}

test("without colour", async () => {
  for (const [name, path] of [["index", "index.html"], ["talking", video(kVideo.talking)]]) {
    const { page, context, done } = await open(browser, path);
    const session = await context.newCDPSession(page);
    await session.send("Emulation.setEmulatedVisionDeficiency", { type: "achromatopsia" });
    const png = await picture(page, kDesktop.width);
    keepPicture(`${name}-achromatopsia.png`, png);
    const seen = await inked(browser, png);
    assert.ok(seen.colours > 32, JSON.stringify(seen));
    await done();
  }
});

test("names in charts are not cut", async () => {
  for (const viewport of [kDesktop, kPhone]) {
    const { page, done } = await open(browser, video(kVideo.talking), { viewport });
    await picture(page, viewport.width);
    const texts = await page.locator("figure svg text").allTextContents();
    // A leading label in a lane may be cut to its run's length; names of rows may not.
    const rows = await page.locator("#channels-basic7 svg text, #channels-action svg text, #mean-action svg text, #channels-label svg text, #mean-basic7 svg text, #mean-label svg text, #shares svg text").allTextContents();
    assert.ok(texts.length > rows.length && rows.length > 60);
    assert.deepEqual(rows.filter((text) => text.includes("…")), [], `${viewport.width} px`);
    const outside = await page.evaluate(() =>
      [...document.querySelectorAll("figure .plot > svg")].flatMap((chart) => {
        const box = chart.getBoundingClientRect();
        return [...chart.querySelectorAll("text")].filter((text) => {
          const own = text.getBoundingClientRect();
          return own.width > 0 && (own.left < box.left - 2 || own.right > box.right + 2);
        }).map((text) => `${chart.closest("figure").id}: ${text.textContent}`);
      }),
    );
    assert.deepEqual(outside, [], "no text leaves its chart");
    const met = await page.evaluate(() =>
      [...document.querySelectorAll("figure:not(#who) .plot > svg")].flatMap((chart) => {
        const texts = [...chart.querySelectorAll("text")].filter((text) => !text.closest(".prior-watermark") && text.textContent !== "").map((text) => ({ words: text.textContent, box: text.getBoundingClientRect() }));
        const out = [];
        texts.forEach((a, i) => {
          for (const b of texts.slice(i + 1)) {
            const width = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
            const height = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
            if (width > 1 && height > 3) out.push(`${chart.closest("figure").id}: "${a.words}" and "${b.words}"`);
          }
        });
        return out;
      }),
    );
    assert.deepEqual(met, [], "no words lie on others");
    await done();
  }
});
