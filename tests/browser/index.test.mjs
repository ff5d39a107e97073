// The index: lists, searches, sorts, filters, counts; thousands of videos stay fluent.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { download, kLongIndex, kVideo, launch, open } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => browser.close());

const rows = (page) => page.locator("#videos tbody tr");
const column = (page, n) => page.locator(`#videos tbody tr > :nth-child(${n})`).allInnerTexts();
const status = (page) => page.locator("#videos .table-status").innerText();

test("lists every video with its state and turns pages", async () => {
  const { page, done } = await open(browser, "index.html");
  assert.equal(await page.locator("h1").innerText(), "Simulated tables, measuring nothing");
  assert.equal(await rows(page).count(), 50);
  assert.equal(await status(page), "1–50 of 129 videos");
  await page.getByRole("button", { name: "Next" }).click();
  assert.equal(await status(page), "51–100 of 129 videos");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Next", "the focus stays on the button");
  await page.keyboard.press("n");
  assert.equal(await status(page), "101–129 of 129 videos");
  assert.equal(await page.getByRole("button", { name: "Next" }).isDisabled(), true);
  await page.keyboard.press("p");
  assert.equal(await status(page), "51–100 of 129 videos");
  await done();
});

test("counts what the list holds", async () => {
  const { page, done } = await open(browser, "index.html");
  const tile = (name) => page.locator(".tile", { has: page.getByText(name, { exact: true }) }).locator(".big").innerText();
  assert.equal(await tile("Videos"), "129");
  const shown = await page.locator("[data-status]").allInnerTexts();
  assert.deepEqual(shown.map((text) => text.replace(/\s+/g, " ")), ["All 129", "ok 124", "partial 1", "failed 4"]);
  for (const [name, n] of [["ok", 124], ["partial", 1], ["failed", 4]]) {
    await page.locator(`[data-status="${name}"]`).click();
    assert.match(await status(page), new RegExp(`(of )?${n} videos`));
    for (const text of await column(page, 2)) assert.match(text, new RegExp(`\\b${name}\\b`));
  }
  await done();
});

test("says what failed and why, and shows those videos", async () => {
  const { page, done } = await open(browser, "index.html");
  const trouble = page.locator("#troubles tbody tr", { hasText: "truncated" });
  assert.match(await trouble.innerText(), /ended at 31\.0 s of 75\.0 s/);
  await trouble.getByRole("button").click();
  assert.equal(await rows(page).count(), 1);
  assert.match(await rows(page).innerText(), /Interview, second half missing/);
  await page.getByRole("button", { name: /remove this filter/ }).click();
  assert.match(await status(page), /1 videos/);
  await page.locator('[data-status=""]').click();
  assert.match(await status(page), /of 129/);
  await done();
});

test("sorts by every heading, both ways, and what is missing stands last", async () => {
  const { page, done } = await open(browser, "index.html");
  const headings = await page.locator("#videos thead th").count();
  for (let n = 1; n <= headings; ++n) {
    const heading = page.locator(`#videos thead th:nth-child(${n})`);
    const orders = [];
    for (const turn of [0, 1]) {
      await heading.getByRole("button").click();
      orders.push(await heading.getAttribute("aria-sort"));
      const cells = await column(page, n);
      const firstMissing = cells.findIndex((cell) => cell === "–");
      if (firstMissing >= 0) assert.ok(cells.slice(firstMissing).every((cell) => cell === "–"), `column ${n}, turn ${turn}: missing is last`);
    }
    assert.deepEqual([...orders].sort(), ["ascending", "descending"], `column ${n}`);
    assert.equal(await page.locator("#videos th[aria-sort]").count(), 1);
  }
  await page.locator("#videos thead th", { hasText: "Length" }).getByRole("button").click();
  assert.match((await column(page, 1))[0], /A lecture of forty minutes/, "longest first");
  await page.locator("#videos thead th", { hasText: "Video" }).getByRole("button").click();
  const names = (await column(page, 1)).filter((name) => name.startsWith("batch/"));
  const numbers = names.map((name) => Number(name.match(/\d+/)[0]));
  assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b), "2 stands before 10");
  await done();
});

test("searches titles, ids and reasons; filters stay in the address", async () => {
  const { page, done } = await open(browser, "index.html");
  await page.keyboard.press("/");
  await page.keyboard.type("posed EXPR");
  await page.waitForFunction(() => document.querySelectorAll("#videos tbody tr").length === 1);
  assert.match(await rows(page).innerText(), /cap12_edit\.mp4/);
  await page.locator("#search").fill("not media");
  await page.waitForFunction(() => document.querySelector("#videos tbody").textContent.includes("Holiday"));
  await page.locator("#search").fill("no such thing");
  await page.waitForFunction(() => document.querySelector("#videos .table-status").textContent.startsWith("No "));
  await page.locator("#search").fill("batch");
  await page.waitForFunction(() => document.querySelector("#videos .table-status").textContent.includes("of 120"));
  await page.selectOption("#faces-filter", "none");
  assert.match(await status(page), /^2 videos/);
  await page.reload();
  await page.waitForSelector("body[data-ready]");
  assert.equal(await page.locator("#search").inputValue(), "batch");
  assert.match(await status(page), /^2 videos/);
  await done();
});

test("opens a video from its row and finds the way back", async () => {
  const { page, done } = await open(browser, "index.html");
  await page.getByRole("link", { name: "Posed expressions" }).click();
  await page.waitForSelector("body[data-page=video][data-ready]");
  assert.match(page.url(), new RegExp(`videos/${kVideo.windowsOnly}\\.html$`));
  await page.getByRole("link", { name: "Simulated tables, measuring nothing" }).click();
  await page.waitForSelector("body[data-page=index][data-ready]");
  await rows(page).nth(2).locator("td").nth(3).click();
  await page.waitForSelector("body[data-page=video][data-ready]");
  assert.match(page.url(), new RegExp(`videos/${kVideo.crowd}\\.html$`));
  await done();
});

test("gives the shown rows as CSV, missing as empty, priors marked", async () => {
  const { page, done } = await open(browser, "index.html");
  await page.locator('[data-status="failed"]').click();
  const { name, bytes } = await download(page, page.getByRole("button", { name: "Download this list as CSV" }));
  assert.equal(name, "videos.csv");
  const lines = bytes.toString("utf8").trimEnd().split("\r\n");
  assert.equal(lines.length, 1 + 4);
  const header = lines[0].split(",");
  const holiday = lines.find((line) => line.startsWith("holiday.mov,")).split(",");
  assert.equal(holiday[header.indexOf("status")], "failed");
  assert.equal(holiday[header.indexOf("duration_s")], "");
  assert.equal(holiday[header.indexOf("scored_share")], "");
  assert.match(holiday[header.indexOf("label_validity")], /^prior/);
  await done();
});

test(`stays fluent with ${kLongIndex} videos`, async () => {
  const { page, done } = await open(browser, "index.html", { study: "long" });
  await page.waitForFunction((n) => document.querySelector("#videos .table-status").textContent.endsWith(`of ${n} videos`), "20,000");
  const timed = async (what, act) => {
    const ms = await page.evaluate(act);
    console.log(`${what}: ${ms.toFixed(0)} ms`);
    assert.ok(ms < 1500, `${what} took ${ms.toFixed(0)} ms`);
  };
  // Each until the browser has laid the rows out; the search's own delay (120 ms) is not in it.
  await timed("search", () => {
    const box = document.querySelector("#search");
    box.value = "clip/1999";
    const began = performance.now();
    return new Promise((finished) => {
      box.dispatchEvent(new Event("input"));
      const wait = () => (document.querySelector("#videos .table-status").textContent.startsWith("11 ") ? finished(performance.now() - began - 120) : requestAnimationFrame(wait));
      wait();
    });
  });
  await timed("all again", () => {
    const box = document.querySelector("#search");
    box.value = "";
    const began = performance.now();
    return new Promise((finished) => {
      box.dispatchEvent(new Event("input"));
      const wait = () => (document.querySelector("#videos .table-status").textContent.endsWith("of 20,000 videos") ? finished(performance.now() - began - 120) : requestAnimationFrame(wait));
      wait();
    });
  });
  for (const [what, n] of [["sort by title", 1], ["sort by length", 4]]) {
    await timed(what, `(() => { const began = performance.now(); document.querySelector("#videos thead th:nth-child(${n}) button").click(); document.querySelector("#videos").getBoundingClientRect(); return performance.now() - began; })()`);
  }
  await timed("filter by status", () => {
    const began = performance.now();
    document.querySelector('[data-status="failed"]').click();
    document.querySelector("#videos").getBoundingClientRect();
    return performance.now() - began;
  });
  assert.equal(await status(page), "1–50 of 207 videos");
  await done();
});

test("says so when a file of the index is missing", async () => {
  const { page, context } = await open(browser, "index.html", { study: "long" });
  await context.route("**/index-3.js", (route) => route.abort());
  await page.reload();
  await page.waitForFunction(() => document.querySelector("#videos .note[role=status]")?.textContent.includes("could not be read"));
  assert.match(await status(page), /of 3,000 videos/);
  await context.close();
});

test("says what the study declares, or that it does not", async () => {
  const { page, done } = await open(browser, "index.html");
  const declared = (await page.locator("#declared").innerText()).replace(/\s+/g, " ");
  assert.match(declared, /Purpose not declared Legal basis not declared Ethics approval not declared/);
  assert.equal(await page.evaluate(() => globalThis.mien.study.declaration.purpose), null);
  await done();
});
