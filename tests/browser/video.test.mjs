// The page of a video: charts, the clock that picture and charts share, tracks, what is missing,
// downloads, hostile text.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { download, inked, kVideo, launch, open, video } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => browser.close());

const time = (page) => page.locator("video").evaluate((element) => element.currentTime);
const readable = (page) => page.waitForFunction(() => document.querySelector("video")?.readyState >= 2);
const near = (value, wanted, tolerance, what) => assert.ok(Math.abs(value - wanted) <= tolerance, `${what}: ${value}, wanted ${wanted}`);

// Where a figure's plot lies, in its own coordinates: the stretch that stands for the shown time.
const span = (page, id) =>
  page.locator(`#${id} .plot`).evaluate((plot) => {
    const box = plot.getBoundingClientRect();
    const narrow = box.width < 560;
    return { left: box.left + (narrow ? 128 : 224), right: box.right - (narrow ? 44 : 58), top: box.top };
  });
const cursorX = (page, id) => page.locator(`#${id} .cursor`).evaluate((cursor) => cursor.getBoundingClientRect().left + 1);

test("draws every chart of a video with frames", async () => {
  const { page, done } = await open(browser, video(kVideo.talking));
  const figures = page.locator("figure");
  const titles = await figures.locator("h3").allInnerTexts();
  for (const wanted of ["Who is when", "Faces at once", "Basic expressions", "Facial actions", "Expression labels (prototype16)", "What was measured of what was there", "Why faces were not scored"])
    assert.ok(titles.includes(wanted), `${wanted} in ${titles}`);
  for (let i = 0; i < (await figures.count()); ++i) {
    const one = figures.nth(i);
    await one.scrollIntoViewIfNeeded();
    await one.locator(".plot > svg").waitFor();
    const seen = await inked(browser, await one.locator(".plot").screenshot());
    assert.ok(seen.colours > 8 && seen.commonest < 0.995, `${titles[i]} is blank: ${JSON.stringify(seen)}`);
    assert.ok((await one.locator(".plot > svg").getAttribute("aria-label")).length > 20, titles[i]);
  }
  assert.equal(await page.locator("#channels-basic7 .readout").count(), 7);
  assert.equal(await page.locator("#channels-label .readout").count(), 16);
  await done();
});

test("a click or a drag in a chart moves the picture, in every chart to the same time", async () => {
  const { page, done } = await open(browser, video(kVideo.talking));
  await readable(page);
  for (const [id, share] of [["who", 0.25], ["faces", 0.5], ["channels-basic7", 0.8]]) {
    await page.locator(`#${id} .plot`).scrollIntoViewIfNeeded();
    const { left, right, top } = await span(page, id);
    await page.mouse.click(left + share * (right - left), top + 12);
    await page.waitForFunction((wanted) => Math.abs(document.querySelector("video").currentTime - wanted) < 0.5, share * 200);
    near(await cursorX(page, id), left + share * (right - left), 1.5, `cursor of ${id}`);
  }
  const { left, right, top } = await span(page, "channels-basic7");
  await page.mouse.move(left + 0.1 * (right - left), top + 40);
  await page.mouse.down();
  await page.mouse.move(left + 0.3 * (right - left), top + 40, { steps: 5 });
  await page.mouse.up();
  near(await time(page), 60, 0.5, "after the drag");
  await page.mouse.click(left - 80, top + 40);
  near(await time(page), 0, 0.1, "left of the plot is its beginning");
  await done();
});

test("the charts follow the picture: seeking, playing, the slider", async () => {
  const { page, done } = await open(browser, video(kVideo.talking));
  await readable(page);
  await page.locator("video").evaluate((element) => (element.currentTime = 90));
  await page.waitForFunction(() => document.querySelector(".time").textContent.startsWith("1:30.0"));
  const { left, right } = await span(page, "who");
  near(await cursorX(page, "who"), left + (90 / 200) * (right - left), 1.5, "cursor after the picture's own seek");
  const before = await page.locator("#channels-basic7 .readout").allInnerTexts();
  await page.getByRole("button", { name: "Play" }).click();
  await page.waitForFunction(() => document.querySelector("video").currentTime > 91);
  near(await cursorX(page, "who"), left + ((await time(page)) / 200) * (right - left), 4, "cursor while playing");
  await page.getByRole("button", { name: "Pause" }).click();
  assert.notDeepEqual(await page.locator("#channels-basic7 .readout").allInnerTexts(), before, "values follow");
  const slider = page.getByRole("slider", { name: "Time" });
  await slider.fill("30");
  near(await time(page), 30, 0.1, "after the slider");
  assert.match(await slider.getAttribute("aria-valuetext"), /^0:30\.0 of 3:20/);
  await done();
});

test("the keyboard alone plays, steps, chooses, zooms", async () => {
  const { page, done } = await open(browser, video(kVideo.talking));
  await readable(page);
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("ArrowRight");
  near(await time(page), 1 + 1 / 6, 0.02, "a second and a step");
  await page.keyboard.press("ArrowLeft");
  near(await time(page), 1, 0.02, "a step back");
  await page.keyboard.press("Space");
  await page.waitForFunction(() => document.querySelector("video").currentTime > 1.4);
  await page.keyboard.press("Space");
  assert.equal(await page.locator("video").evaluate((element) => element.paused), true);
  assert.equal(await page.locator("#track").inputValue(), "0");
  await page.keyboard.press("]");
  assert.equal(await page.locator("#track").inputValue(), "1");
  await page.keyboard.press("[");
  await page.keyboard.press("[");
  assert.equal(await page.locator("#track").inputValue(), "2", "goes round");
  assert.equal(await page.locator(".view-text").innerText(), "0:00.0 to 3:20.0");
  await page.keyboard.press("+");
  await page.keyboard.press("+");
  assert.equal(await page.locator(".view-text").innerText(), "0:00.0 to 0:50.0");
  await page.keyboard.press("-");
  assert.equal(await page.locator(".view-text").innerText(), "0:00.0 to 1:40.0");
  await page.keyboard.press("0");
  assert.equal(await page.locator(".view-text").innerText(), "0:00.0 to 3:20.0");
  await page.keyboard.press("?");
  assert.equal(await page.getByRole("dialog", { name: "Keyboard" }).isVisible(), true);
  await page.keyboard.press("]");
  assert.equal(await page.locator("#track").inputValue(), "2", "keys rest while the help is open");
  await page.keyboard.press("Escape");
  assert.equal(await page.getByRole("dialog").isVisible(), false);
  await page.keyboard.press("n");
  await page.waitForSelector(`body[data-number="${kVideo.windowsOnly}"][data-ready]`);
  await page.keyboard.press("p");
  await page.waitForSelector(`body[data-number="${kVideo.talking}"][data-ready]`);
  await done();
});

test("zoomed in, the charts turn like a page when the time leaves them", async () => {
  const { page, done } = await open(browser, video(kVideo.talking));
  await readable(page);
  for (let i = 0; i < 4; ++i) await page.getByRole("button", { name: "Zoom in" }).click();
  assert.equal(await page.locator(".view-text").innerText(), "0:00.0 to 0:12.5");
  await page.locator("video").evaluate((element) => (element.currentTime = 100));
  await page.waitForFunction(() => document.querySelector(".view-text").textContent === "1:33.8 to 1:46.3");
  const { left, right, top } = await span(page, "faces");
  near(await cursorX(page, "faces"), (left + right) / 2, 2, "cursor in the middle");
  await page.mouse.click(left + 1, top + 12);
  near(await time(page), 93.75, 0.2, "a click counts in the zoomed stretch");
  await done();
});

test("switches between overlay and source at the same time of the video", async () => {
  const { page, done } = await open(browser, video(kVideo.windowsOnly));
  await readable(page);
  const overlay = page.getByRole("button", { name: "Overlay" });
  const source = page.getByRole("button", { name: "Source" });
  assert.equal(await overlay.getAttribute("aria-pressed"), "true");
  await page.getByRole("slider", { name: "Time" }).fill("20");
  await source.click();
  await readable(page);
  await page.waitForFunction(() => Math.abs(document.querySelector("video").currentTime - 20) < 0.1);
  assert.equal(await source.getAttribute("aria-pressed"), "true");
  await page.keyboard.press("o");
  assert.equal(await overlay.getAttribute("aria-pressed"), "true");
  await done();
});

test("what is missing is a gap with its reason, never bridged", async () => {
  const { page, done } = await open(browser, video(kVideo.talking));
  await page.locator("#channels-label").scrollIntoViewIfNeeded();
  await page.locator("#channels-label .plot > svg").waitFor();
  const { left, right } = await span(page, "channels-label");
  // Every stroke of every series, as pairs of neighbouring points in seconds.
  const strokes = await page.locator("#channels-label").evaluate((figure, x) => {
    const out = [];
    for (const path of figure.querySelectorAll(".series path")) {
      const matrix = path.getScreenCTM();
      let last = null;
      for (const [, command, px] of path.getAttribute("d").matchAll(/([ML])(-?[\d.]+)/g)) {
        const at = ((matrix.a * Number(px) + matrix.e - x.left) / (x.right - x.left)) * 200;
        if (command === "L" && last !== null) out.push([last, at]);
        last = at;
      }
    }
    return out;
  }, { left, right });
  assert.ok(strokes.length > 10_000, `${strokes.length} strokes`);
  for (const [from, to] of strokes) {
    assert.ok(to - from < 1.75 / 6 + 0.01, `a stroke from ${from} to ${to} s`);
    assert.ok(!(from < 65 && to > 65), "not seen from 62 to 68.5 s");
    assert.ok(!(from < 115 && to > 115), "not scored from 110 to 121 s");
  }
  const hatched = await page.locator("#channels-label .unscored").first().evaluate((mark) => getComputedStyle(mark.querySelector("rect") ?? mark).fill + (mark.getAttribute("fill") ?? ""));
  assert.match(hatched, /url\("?#hatch/);
  const slider = page.getByRole("slider", { name: "Time" });
  await slider.fill("115");
  assert.match(await page.locator(".now-head").textContent(), /seen, not scored: turned away/);
  assert.deepEqual([...new Set(await page.locator("#channels-label .readout").allInnerTexts())], ["–"]);
  await slider.fill("65");
  assert.match(await page.locator(".now-head").textContent(), /not seen at this moment/);
  await slider.fill("39");
  const alone = await page.locator("#channels-action .readout").allInnerTexts();
  assert.equal(alone.filter((value) => value === "–").length, 1, "one channel alone is missing from 37 to 40 s");
  await page.waitForFunction(() => /0:39\.0; track 0 scored/.test(document.querySelector(".now [role=status]").textContent), null, { timeout: 5000 });
  await done();
});

test("a partial video has no line where nothing was decoded", async () => {
  const { page, done } = await open(browser, video(kVideo.partial));
  assert.match(await page.locator(".alert").innerText(), /partial[\s\S]*truncated[\s\S]*31\.0 s of 75\.0 s/);
  await page.locator("#faces").scrollIntoViewIfNeeded();
  await page.locator("#faces .series").first().waitFor({ state: "attached" }); // a level line has no height
  const { left, right } = await span(page, "faces");
  const end = await page.locator("#faces .series").first().evaluate((mark) => mark.getBoundingClientRect().right);
  near(((end - left) / (right - left)) * 75, 31, 0.6, "the line ends");
  await done();
});

test("every figure is given as SVG, PNG and CSV that stand alone", async () => {
  const { page, done } = await open(browser, video(kVideo.talking), { scheme: "dark" });
  for (const [id, title, isPrior] of [["who", "Who is when", false], ["channels-label", "Expression labels (prototype16)", true], ["channels-action", "Facial actions", false], ["mean-label", "Expression labels (prototype16)", true], ["shares", "What was measured of what was there", false]]) {
    const figure = page.locator(`#${id}`);
    await figure.scrollIntoViewIfNeeded();
    const svg = await download(page, figure.getByRole("button", { name: `Download ${title} as SVG` }));
    assert.match(svg.name, /^franck-[a-z0-9-]+\.svg$/);
    const text = svg.bytes.toString("utf8");
    assert.match(text, /A label is what raters would call a face, never what a person feels\./);
    assert.match(text, /franck\.mp4/);
    assert.equal(/Prior: no rating has validated these labels\./.test(text), isPrior, id);
    assert.equal(/PRIOR ·/.test(text), isPrior, id);
    const problems = await page.evaluate((source) => new DOMParser().parseFromString(source, "image/svg+xml").querySelectorAll("parsererror").length, text);
    assert.equal(problems, 0, `${id} is well-formed XML`);
    assert.match(text, /<rect width="100%" height="100%" fill="#fff(fff)?"/, "printed on white, whatever the reader's colours");
    const png = await download(page, figure.getByRole("button", { name: `Download ${title} as PNG` }));
    const seen = await inked(browser, png.bytes);
    assert.equal(seen.width, 2 * (960 + 48));
    assert.ok(seen.colours > 8 && seen.commonest < 0.99, `${id}: ${JSON.stringify(seen)}`);
    const csv = await download(page, figure.getByRole("button", { name: `Download ${title} as CSV` }));
    const lines = csv.bytes.toString("utf8").trimEnd().split("\r\n");
    assert.ok(lines.length > 3, id);
    const cells = lines.map((line) => line.split(",").length);
    assert.ok(cells.every((n) => n === cells[0]), `${id}: every row has ${cells[0]} cells`);
    assert.match(lines[0], /,validity$/);
    for (const line of lines.slice(1)) assert.match(line, isPrior ? /,prior: no rating has validated these values$/ : /,not validated on this video$/);
  }
  await done();
});

test("a CSV says why a value is missing and leaves it empty", async () => {
  const { page, done } = await open(browser, video(kVideo.talking));
  const csv = await download(page, page.getByRole("button", { name: "Download Basic expressions as CSV" }).first());
  const lines = csv.bytes.toString("utf8").trimEnd().split("\r\n");
  assert.equal(lines[0], "video_id,track_id,time_s,channel,mean,low,high,reason,validity");
  const rows = lines.slice(1).map((line) => line.split(","));
  assert.equal(rows.length, 7 * (1161 + 70 + 4));
  const missing = rows.filter((row) => row[4] === "");
  assert.equal(missing.length, 7 * 66);
  assert.deepEqual([...new Set(missing.map((row) => row.slice(5, 8).join("|")))], ["||turned_away"]);
  await done();
});

test("windows alone draw blocks, and say what frames would tell", async () => {
  const { page, done } = await open(browser, video(kVideo.windowsOnly));
  await page.locator("#channels-basic7").scrollIntoViewIfNeeded();
  await page.locator("#channels-basic7 .series").first().waitFor();
  assert.match(await page.locator("#faces figcaption").innerText(), /annotate with --frames/);
  assert.match(await page.locator("#channels-basic7 figcaption").innerText(), /One block a window/);
  assert.match(await page.locator("#reasons").innerText(), /Counted in tracks/);
  await done();
});

test("labels that frames lack are drawn from windows, beside channels that frames have", async () => {
  const { page, done } = await open(browser, video(kVideo.crowd));
  const note = (id) => page.locator(`#${id}`).innerText();
  assert.match(await note("channels-label"), /One block a window/);
  assert.match(await note("channels-basic7"), /One point an analysed frame/);
  await page.locator("#channels-label .plot").scrollIntoViewIfNeeded();
  await page.locator("#channels-label .plot > svg").waitFor();
  const blocks = await page.locator("#channels-label .plot > svg .series path").count();
  assert.ok(blocks > 16, `${blocks} blocks of 16 labels`);
  await page.getByRole("slider", { name: "Time" }).fill("25");
  assert.match(await page.locator("#channels-label .readout").first().innerText(), /^[01]\.\d\d/, "and read out");
  await done();
});

test("a crowd shows its most measured faces first and all on request", async () => {
  const { page, done } = await open(browser, video(kVideo.crowd));
  assert.equal(await page.locator("#track option").count(), 20);
  const state = await page.locator(".now-head").textContent();
  assert.doesNotMatch(state, /not scored/);
  const height = () => page.locator("#who .plot > svg").getAttribute("height");
  await page.locator("#who .plot > svg").waitFor();
  const few = Number(await height());
  await page.getByRole("button", { name: "Show all 20 tracks" }).click();
  await page.waitForFunction((h) => Number(document.querySelector("#who .plot > svg").getAttribute("height")) > h, few);
  await page.locator("#tracks").getByRole("button", { name: "#19" }).click();
  assert.equal(await page.locator("#track").inputValue(), "19");
  assert.equal(await page.locator("#tracks h3").nth(1).innerText(), "Windows of track #19");
  await done();
});

test("a still shows its faces' values and no clock", async () => {
  const { page, done } = await open(browser, video(kVideo.still));
  assert.equal(await page.getByRole("slider").count(), 0);
  assert.ok((await page.locator(".stage img").evaluate(async (image) => (await image.decode(), image.naturalWidth))) > 100);
  assert.match(await page.locator("#still-basic7 .plot > svg").getAttribute("aria-label"), /^Basic expressions: /);
  await done();
});

test("no face and failure are said in words", async () => {
  const none = await open(browser, video(kVideo.noFace));
  assert.match(await none.page.locator(".now").innerText(), /No face was found in this video/);
  assert.equal(await none.page.locator("#channels-basic7").count(), 0);
  await none.done();
  const failed = await open(browser, video(kVideo.failed));
  assert.match(await failed.page.locator(".alert").innerText(), /not media[\s\S]*check that the copy is whole/);
  assert.equal(await failed.page.locator("figure").count(), 0);
  await failed.done();
});

test("forty minutes are drawn in buckets with their spread, and zoom goes into them", async () => {
  const { page, done } = await open(browser, video(kVideo.long));
  await page.locator("#channels-basic7").scrollIntoViewIfNeeded();
  await page.locator("#channels-basic7 .plot > svg").waitFor();
  assert.match(await page.locator("#channels-basic7 figcaption").innerText(), /mean of 8 grid steps, the band about it their least and greatest/);
  const ms = await page.evaluate(() => {
    const began = performance.now();
    document.querySelector('[aria-label="Zoom in"]').click();
    document.querySelector("#channels-basic7").getBoundingClientRect();
    return performance.now() - began;
  });
  console.log(`zoom of a forty-minute video: ${ms.toFixed(0)} ms`);
  assert.ok(ms < 2000, `zoom took ${ms} ms`);
  await done();
});

test("hostile titles, ids and messages are text", async () => {
  for (const path of ["index.html", video(kVideo.hostile)]) {
    const { page, done } = await open(browser, path);
    assert.doesNotMatch(await page.title(), /^owned$/);
    assert.equal(await page.locator("img[src=x], main b, main script").count(), 0);
    assert.match(await page.locator("main").innerText(), /<img src=x onerror=/);
    await done();
  }
});

test("a video whose data is missing says so", async () => {
  const { page, context } = await open(browser, video(kVideo.talking));
  await context.route(`**/data/${kVideo.talking}.js`, (route) => route.abort());
  await page.reload();
  assert.match(await page.getByRole("alert").innerText(), /data of this video is missing or damaged/);
  await context.close();
});
