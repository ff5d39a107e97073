// For everybody: keyboard order, names of controls, headings, contrast, no need for colour, small
// screens.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { kPhone, kVideo, launch, open, video } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => browser.close());

const kPages = [["index", "index.html"], ...Object.entries(kVideo).map(([name, number]) => [name, video(number)])];

for (const [name, path] of kPages) {
  test(`${name}: every control and picture has a name, headings do not skip, ids are unique`, async () => {
    const { page, context, done } = await open(browser, path);
    const session = await context.newCDPSession(page);
    const { nodes } = await session.send("Accessibility.getFullAXTree");
    const named = new Set(["button", "link", "searchbox", "textbox", "combobox", "slider", "checkbox", "img", "image", "dialog", "region", "figure", "navigation", "heading", "table", "group"]);
    const checked = new Map();
    for (const node of nodes) {
      const role = node.role?.value;
      if (node.ignored || !named.has(role)) continue;
      checked.set(role, (checked.get(role) ?? 0) + 1);
      if (role === "table" || role === "group" || role === "figure") continue; // named by context
      assert.ok((node.name?.value ?? "").trim() !== "", `${role} without a name: ${JSON.stringify(node.properties?.slice(0, 3))}`);
    }
    assert.ok(checked.get("button") > 0 && checked.get("link") > 0 && checked.get("heading") > 2, `${[...checked]}`);
    const facts = await page.evaluate(() => ({
      lang: document.documentElement.lang,
      mains: document.querySelectorAll("main").length,
      headings: [...document.querySelectorAll("h1, h2, h3")].filter((e) => !e.closest("dialog")).map((e) => Number(e.tagName[1])),
      ids: [...document.querySelectorAll("[id]")].map((e) => e.id),
      references: [...document.querySelectorAll("[aria-labelledby], [for]")].map((e) => e.getAttribute("aria-labelledby") ?? e.getAttribute("for")),
      headers: [...document.querySelectorAll("th")].filter((e) => !e.scope).length,
      positive: document.querySelectorAll("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").length,
    }));
    assert.equal(facts.lang, "en");
    assert.equal(facts.mains, 1);
    assert.equal(facts.headings.filter((level) => level === 1).length, 1);
    assert.equal(facts.headings[0], 1);
    facts.headings.forEach((level, i) => assert.ok(i === 0 || level <= facts.headings[i - 1] + 1, `heading ${i} skips to ${level}`));
    assert.equal(new Set(facts.ids).size, facts.ids.length, "ids are unique");
    for (const id of facts.references) assert.ok(facts.ids.includes(id), `something is labelled by #${id}, which is not there`);
    assert.equal(facts.headers, 0, "every th has a scope");
    assert.equal(facts.positive, 0);
    await done();
  });
}

for (const [name, path] of [["index", "index.html"], ["talking", video(kVideo.talking)], ["still", video(kVideo.still)]]) {
  test(`${name}: Tab reaches every control, in order, visibly, and gets out again`, async () => {
    const { page, done } = await open(browser, path);
    await page.evaluate(() => {
      const tabbable = [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")].filter((e) => !e.disabled && e.checkVisibility() && !e.closest("dialog"));
      tabbable.forEach((e, i) => (e.dataset.stop = i));
      globalThis.stops = tabbable.length;
    });
    const stops = await page.evaluate(() => globalThis.stops);
    const reached = [];
    for (let i = 0; i < stops + 5; ++i) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(async () => {
        const e = document.activeElement;
        if (!e || e === document.body) return null;
        // A busy browser scrolls the focus into view some frames later.
        const isOut = () => e.getBoundingClientRect().bottom <= 0 || e.getBoundingClientRect().top >= innerHeight;
        const began = performance.now();
        while (isOut() && performance.now() - began < 5000) await new Promise(requestAnimationFrame);
        const box = e.getBoundingClientRect();
        const style = getComputedStyle(e);
        const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
        return { stop: e.dataset.stop, words: (e.getAttribute("aria-label") ?? e.textContent).slice(0, 40), inside, outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
      });
      if (at === null) break;
      assert.ok(at.inside, `"${at.words}" has the focus outside of the window`);
      assert.ok(at.outline, `"${at.words}" shows no focus`);
      reached.push(Number(at.stop));
    }
    assert.deepEqual(reached, Array.from({ length: stops }, (_, i) => i));
    await done();
  });
}

test("the first stop skips to the content", async () => {
  const { page, done } = await open(browser, video(kVideo.talking));
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "page");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.closest("main") !== null), true);
  await done();
});

test("sorting and choosing a track work with Enter and Space", async () => {
  const index = await open(browser, "index.html");
  await index.page.locator("#videos thead button").nth(3).focus();
  await index.page.keyboard.press("Enter");
  assert.equal(await index.page.locator("#videos th").nth(3).getAttribute("aria-sort"), "descending");
  await index.page.keyboard.press("Space");
  assert.equal(await index.page.locator("#videos th").nth(3).getAttribute("aria-sort"), "ascending");
  await index.done();
  const one = await open(browser, video(kVideo.talking));
  await one.page.locator("#tracks").getByRole("button", { name: "#1" }).focus();
  await one.page.keyboard.press("Space");
  assert.equal(await one.page.locator("#track").inputValue(), "1");
  assert.equal(await one.page.locator("video").evaluate((element) => element.paused), true, "Space on a button does not play");
  await one.done();
});

// Text against what lies behind it, WCAG 2.2: 4.5, and 3 for large text.
for (const scheme of ["light", "dark"]) {
  for (const [name, path] of kPages.filter(([name]) => ["index", "talking", "partial", "failed"].includes(name))) {
    test(`${name}, ${scheme}: text stands out`, async () => {
      const { page, done } = await open(browser, path, { scheme });
      for (let y = 0; y < 6; ++y) await page.evaluate(() => scrollBy(0, innerHeight)); // charts are drawn when seen
      await page.waitForTimeout(100);
      const faint = await page.evaluate(() => {
        const channels = (colour) => {
          const pen = new OffscreenCanvas(1, 1).getContext("2d");
          pen.fillStyle = colour;
          pen.fillRect(0, 0, 1, 1);
          return [...pen.getImageData(0, 0, 1, 1).data];
        };
        const luminance = ([r, g, b]) => {
          const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
          return 0.2126 * x + 0.7152 * y + 0.0722 * z;
        };
        const behind = (element) => {
          for (let e = element; e; e = e.parentElement) {
            const colour = channels(getComputedStyle(e).backgroundColor);
            if (colour[3] === 255) return colour;
          }
          return [255, 255, 255, 255];
        };
        const out = [];
        for (const element of document.querySelectorAll("body *")) {
          const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== "");
          if (!own || !element.checkVisibility() || element.closest("[aria-hidden=true], .off, :disabled, .unseen, dialog, .skip, noscript")) continue;
          const style = getComputedStyle(element);
          const colour = element instanceof SVGElement ? style.fill : style.color;
          const a = luminance(channels(colour));
          const b = luminance(behind(element));
          const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          const size = parseFloat(style.fontSize);
          const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
          if (ratio < (large ? 3 : 4.5)) out.push(`${element.tagName} "${element.textContent.slice(0, 30)}" ${ratio.toFixed(2)}`);
        }
        return [...new Set(out)];
      });
      assert.deepEqual(faint, []);
      await done();
    });
  }
}

test("no state needs colour: words, marks, dashes and hatches stand beside it", async () => {
  const index = await open(browser, "index.html");
  const badges = await index.page.locator("#videos td .badge").allInnerTexts();
  const marks = new Map(badges.map((text) => [text.replace(/[^a-z]/g, ""), text[0]]));
  assert.deepEqual([...marks.keys()].sort(), ["failed", "ok", "partial"]);
  assert.equal(new Set(marks.values()).size, 3, "a mark of its own each");
  await index.done();
  const one = await open(browser, video(kVideo.talking));
  await one.page.locator("#who .plot > svg").waitFor();
  assert.match(await one.page.locator("#who .plot > svg").innerHTML(), /fill="url\(#hatch/);
  assert.ok((await one.page.locator("#who .short[stroke-dasharray], #who .short [stroke-dasharray]").count()) > 0, "short tracks are dashed");
  const lanes = await one.page.locator("#who .plot > svg text").allTextContents();
  for (const lane of ["#0", "#1"]) assert.ok(lanes.includes(lane), "lanes carry their number");
  await one.done();
});

test("priors are marked wherever they are shown", async () => {
  const { page, done } = await open(browser, video(kVideo.talking));
  for (const id of ["channels-label", "mean-label"]) {
    const figure = page.locator(`#${id}`);
    await figure.scrollIntoViewIfNeeded();
    assert.match(await figure.innerText(), /Prior: no rating has validated these labels/);
    await figure.locator(".prior-watermark").waitFor({ state: "attached" });
  }
  for (const id of ["channels-basic7", "channels-action", "mean-basic7"]) assert.doesNotMatch(await page.locator(`#${id}`).innerText(), /Prior/);
  assert.match(await page.locator(".now").innerText(), /Prior, not validated/);
  assert.match(await page.locator("#tracks thead").first().innerText(), /prototype16\), prior/);
  assert.match(await page.locator(".notice").innerText(), /never what a person feels/);
  await done();
});

test("every chart of channels and every table of labels says whose labels they are and how reliable", async () => {
  const { page, done } = await open(browser, video(kVideo.talking));
  for (const id of ["who", "channels-basic7", "channels-action", "channels-label", "mean-basic7", "mean-action", "mean-label"]) assert.match(await page.locator(`#${id}`).innerText(), /Whose labels: .+ How reliable: .+/s, id);
  assert.match(await page.locator("#tracks .statement").innerText(), /people who labelled its training pictures/);
  await done();
  const index = await open(browser, "index.html");
  assert.match(await index.page.locator("#videos .statement").innerText(), /people who labelled its training pictures/);
  for (const id of ["leading-basic7", "leading-label"]) assert.match(await index.page.locator(`#${id}`).innerText(), /Whose labels: .+ How reliable: .+/s, id);
  await index.done();
});

for (const [name, path] of kPages.filter(([name]) => ["index", "talking", "crowd", "failed", "hostile", "still"].includes(name))) {
  test(`${name}: fits a phone, without scrolling sideways, with targets a finger hits`, async () => {
    const { page, done } = await open(browser, path, { viewport: kPhone });
    for (let y = 0; y < 12; ++y) await page.evaluate(() => scrollBy(0, innerHeight));
    await page.waitForTimeout(100);
    const facts = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      over: [...document.querySelectorAll("main *")].filter((e) => e.checkVisibility() && !e.closest(".scroller, svg, .overlay, .unseen") && e.getBoundingClientRect().right > innerWidth + 1).map((e) => `${e.tagName}.${e.className} "${e.textContent.slice(0, 20)}"`).slice(0, 5),
      small: [...document.querySelectorAll("button, select, input")].filter((e) => e.checkVisibility() && !e.closest("table")).filter((e) => e.getBoundingClientRect().height < 24 && e.type !== "range").length,
    }));
    assert.ok(facts.wide <= kPhone.width, `${facts.wide} px wide`);
    assert.deepEqual(facts.over, []);
    assert.equal(facts.small, 0, "24 px at least (WCAG 2.5.8)");
    await done();
  });
}
