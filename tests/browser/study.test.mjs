// The pages of maps, over maps of the largest size (1,953 contexts x 16 expressions x 12 regions) drawn
// at random and compared for real (study_pages_sample).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { download, inked, keepPicture, kDesktop, kPhone, launch, open } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => browser.close());

const kStudy = { study: "maps" };
const kPages = ["index", "maps", "regions", "claims", "similarity", "preserved", "contexts", "confounds", "world", "faces", "published", "method"];

async function openPage(name, options = {}) {
  const opened = await open(browser, `${name}.html${options.hash ?? ""}`, { ...kStudy, ...options });
  await opened.page.waitForFunction(() => !document.querySelector(".empty[role=status]"));
  return opened;
}

// All of a page, as far as a picture can be.
async function picture(page, width) {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.min(height, 6000) });
  await page.waitForFunction(() => [...document.querySelectorAll("figure .plot")].every((plot) => plot.getBoundingClientRect().top > innerHeight || plot.firstElementChild));
  await page.waitForTimeout(250);
  return page.screenshot();
}

for (const name of kPages) {
  for (const [look, viewport, scheme] of [["light", kDesktop, "light"], ["dark", kDesktop, "dark"], ["phone", kPhone, "light"]]) {
    if (look !== "light" && !["index", "maps", "world", "similarity"].includes(name)) continue;
    test(`${name}, ${look}`, async () => {
      const { page, done } = await openPage(name, { viewport, scheme });
      const png = await picture(page, viewport.width);
      keepPicture(`study-${name}-${look}.png`, png);
      const seen = await inked(browser, png);
      assert.ok(seen.colours > 48 && seen.commonest < 0.97, JSON.stringify(seen));
      assert.equal(await page.locator(".alert.failed").count(), 0);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 1, `${wide} px stand out at the right`);
      await done();
    });
  }
}

test("simulated maps say so on every figure and in every export", async () => {
  for (const name of ["index", "maps", "claims", "similarity"]) {
    const { page, done } = await openPage(name);
    const figures = page.locator("figure");
    const count = await figures.count();
    assert.ok(count > 0);
    for (let i = 0; i < count; ++i) {
      assert.match(await figures.nth(i).locator("figcaption").innerText(), /simulated/i, name);
      for (const kind of ["SVG", "CSV"]) {
        const { bytes } = await download(page, figures.nth(i).getByRole("button", { name: new RegExp(`as ${kind}$`) }));
        assert.match(bytes.toString(), /simulated/i, `${name}, figure ${i}, ${kind}`);
      }
    }
    await done();
  }
});

test("a figure's PNG is a picture", async () => {
  const { page, done } = await openPage("similarity");
  const { bytes } = await download(page, page.locator("#matrix").getByRole("button", { name: /as PNG$/ }));
  const seen = await inked(browser, bytes);
  assert.ok(seen.width > 1500 && seen.colours > 100 && seen.commonest < 0.9, JSON.stringify(seen));
  await done();
});

test("the heat map is searched, sorted, walked by keys, and exported whole", async () => {
  const { page, done } = await openPage("maps");
  assert.match(await page.locator(".filters [role=status]").innerText(), /1,953 of 1,953/);
  await page.fill("#search", "weight");
  assert.match(await page.locator(".filters [role=status]").innerText(), /^1 of 1,953/);
  const { bytes } = await download(page, page.locator("#heat").getByRole("button", { name: /as CSV$/ }));
  const rows = bytes.toString().trim().split("\r\n");
  assert.equal(rows.length, 1 + 16);
  assert.match(rows[0], /^region,context,expression,estimate,lower,upper,p_bh,n_context,n_uploaders,reason,verdict_over_regions,mean_over_regions,validity$/);
  const pain = rows.find((row) => row.includes(",pain,")).split(",");
  assert.ok(Number(pain[4]) < Number(pain[3]) && Number(pain[3]) < Number(pain[5]), pain.join());
  await page.fill("#search", "");
  await page.selectOption("#sort", "file");
  await page.focus(".heat-scroller");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  assert.match(await page.locator(".heat-said").innerText(), /^practical joke × anger/);
  await page.keyboard.press("End");
  assert.match(await page.locator(".heat-said").innerText(), /^context 1953 × anger/);
  assert.ok((await page.evaluate(() => document.querySelector(".heat-scroller").scrollTop)) > 30_000);
  await done();
});

test("a cell says its interval, or why it has none", async () => {
  const { page, done } = await openPage("maps", { hash: "#sort=file" });
  await page.locator(".heat-scroller").evaluate((scroller) => scroller.scrollIntoView({ block: "start" }));
  const box = await page.locator(".heat-scroller").boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 100);
  assert.match(await page.locator(".tip").innerText(), /sport × [\s\S]*95% .* to [\s\S]*videos with the context/);
  // Row 17 of the first region is held back as a whole.
  await page.mouse.move(box.x + box.width * 0.5, box.y + 92 + 17 * 18 + 9);
  assert.match(await page.locator(".tip").innerText(), /context 18 × [\s\S]*suppressed videos/);
  await done();
});

test("verdicts are marked in the map, said on hover and chosen by", async () => {
  const { page, done } = await openPage("maps", { hash: "#sort=file" });
  assert.match(await page.locator(".heat-key").innerText(), /=: regions alike/);
  const box = await page.locator(".heat-scroller").boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 100);
  assert.match(await page.locator(".tip").innerText(), /over all regions: (alike|different|undecided), mean .* I² \d+%/);
  await page.selectOption("#region", { label: "All regions (random-effects mean)" });
  await page.mouse.move(box.x + box.width * 0.5, box.y + 101);
  assert.match(await page.locator(".tip").innerText(), /^sport × .*\n+over all regions/);
  const rows = async () => Number((await page.locator(".filters [role=status]").innerText()).match(/^([\d,]+)/)[1].replace(",", ""));
  const all = await rows();
  await page.selectOption("#verdict", "different");
  assert.ok((await rows()) > 0 && (await rows()) < all);
  const { bytes } = await download(page, page.locator("#heat").getByRole("button", { name: /as CSV$/ }));
  assert.match(bytes.toString(), /,different,/);
  await done();
  const claims = await openPage("claims");
  assert.match(await claims.page.locator("#over-regions").innerText(), /^Over all regions: (alike|different|undecided)/);
  await claims.done();
});

test("preserved dimensions are rotated for reading, and the map of the world has a key", async () => {
  const preserved = await openPage("preserved");
  assert.match(await preserved.page.locator("#varimax").innerText(), /rotated for reading/);
  const { bytes } = await download(preserved.page, preserved.page.locator("#varimax").getByRole("button", { name: /as CSV$/ }));
  assert.match(bytes.toString(), /^dimension,/);
  assert.match(bytes.toString(), /\nR\d+ /);
  await preserved.done();
  const world = await openPage("world");
  const words = await world.page.locator("#world svg").last().evaluate((chart) => [...chart.querySelectorAll("text")].map((t) => t.textContent));
  assert.ok(words.includes("no value") && words.includes("0"), words.join());
  const regions = words.filter((w) => w.startsWith("Brazil"));
  assert.equal(regions.length, 1, "a region's name is written once");
  await world.done();
});

test("panels show their result, or why there is none", async () => {
  const { page, done } = await openPage("confounds");
  assert.match(await page.locator("#panel-e").innerText(), /groups of 20 similar contexts/);
  assert.match(await page.locator("#panel-a").innerText(), /Not possible here: no maps with faces masked/);
  await done();
});

test("claims count the regions that agree and rank the context in each", async () => {
  const { page, done } = await openPage("claims");
  await page.getByRole("button", { name: "pain × weight training" }).click();
  assert.match(await page.locator("#verdict").innerText(), /12 of 12 regions agree/);
  const first = page.locator("table").first().locator("tbody tr").first();
  assert.match(await first.innerText(), /Africa[\s\S]*\d+ of 1,8\d\d/);
  assert.match(page.url(), /context=weight\+training/);
  // Names are hostile, and stay names.
  await page.fill("#context", "</script>");
  await page.locator("#context").press("Tab");
  assert.match(await page.locator("#claim h3").innerText(), /<\/script>/);
  const { bytes } = await download(page, page.locator("#claim").getByRole("button", { name: /as CSV$/ }));
  assert.ok(!/(^|,)=/.test(bytes.toString()));
  await done();
});

test("every page can be reached and used by keyboard", async () => {
  const { page, done } = await openPage("index");
  for (let i = 0; i < 4; ++i) await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.closest("nav, header, a")?.tagName !== undefined), true);
  const links = await page.locator(".pages a").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
  assert.deepEqual(links.map((l) => l.replace(/\.html.*/, "")), kPages);
  for (const name of kPages) {
    const opened = await openPage(name);
    const unnamed = await opened.page.evaluate(() => [...document.querySelectorAll("button, select, input, a[href]")].filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.title || (e.id && document.querySelector(`label[for="${e.id}"]`)))).map((e) => e.outerHTML.slice(0, 80)));
    assert.deepEqual(unnamed, [], name);
    await opened.done();
  }
  await done();
});

test("first paint of the largest maps is reported", async (t) => {
  for (const name of ["index", "maps", "similarity"]) {
    const { page, done } = await open(browser, `${name}.html`, kStudy);
    const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
    await page.waitForFunction(() => !document.querySelector(".empty[role=status]"));
    const whole = await page.evaluate(() => performance.now());
    t.diagnostic(`${name}: first contentful paint ${Math.round(paint)} ms, all data drawn after ${Math.round(whole)} ms`);
    assert.ok(paint > 0);
    await done();
  }
});
