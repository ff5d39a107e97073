// The pages of a rating study, with their server, in a real browser: raters and the researcher.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { keepPicture, kDesktop, kPhone, launch } from "./browser.mjs";
import { forget, invite, makeStudy, mien, serve } from "./rating.mjs";

let browser, study, server, secret;
before(async () => {
  browser = await launch();
  study = makeStudy({ plan: "session_clips = 8\nratings_per_clip = 20", answers: "free_text = true" });
  secret = mien("rate", "secret", "--study", study);
  server = await serve(study);
});
after(async () => {
  await browser.close();
  await server.stop();
  forget(study);
});

async function open(url, { viewport = kDesktop, allowed = /^$/ } = {}) {
  const context = await browser.newContext({ viewport, acceptDownloads: true, hasTouch: viewport === kPhone });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && !allowed.test(message.text()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!/^(blob|data):/.test(request.url()) && new URL(request.url()).host !== new URL(server.url).host) complaints.push(`left for ${request.url()}`);
    if (request.url().includes(secret)) complaints.push("the secret stands in an address");
  });
  await page.goto(url);
  return { page, context, done: async () => (assert.deepEqual(complaints, []), context.close()) };
}

const ready = (page, place) => page.waitForSelector(`body[data-state="rating"][data-place="${place}"][data-ready="true"]`);
const allSent = (page) => page.waitForSelector('body[data-sent="true"]');
const agree = async (page) => {
  await page.locator('[data-action="agree"]').click();
  await ready(page, 0);
};
const answers = async () => {
  const response = await fetch(`${server.url}/api/research/progress`, { headers: { Authorization: `Bearer ${secret}` } });
  return (await response.json()).raters;
};

test("a rater agrees, rates by keys, goes back, skips and finishes the session", async () => {
  const { page, done } = await open(invite(study, server.url));
  await page.waitForSelector('body[data-state="consent"]');
  assert.match(await page.textContent("body"), /Some clips show strong feelings/);
  assert.match(await page.textContent(".simulated"), /Simulated/);
  assert.doesNotMatch(page.url(), /invitation/, "the link's token does not stay in the address");
  await agree(page);
  keepPicture("rating-light.png", await page.screenshot());
  assert.equal(await page.locator("button.label").count(), 6);
  assert.ok(await page.evaluate(() => document.querySelector("video").videoWidth > 0), "the clip plays");
  const first = await page.locator("button.label").nth(1).getAttribute("data-label");
  await page.keyboard.press("2");
  await ready(page, 1);
  assert.match(await page.textContent("#count"), /Clip 2 of 8/);
  assert.match(await page.textContent("[role=status]"), /Answer kept/, "said to screen readers");
  await page.keyboard.press("u"); // back to the first
  await ready(page, 0);
  await page.keyboard.press("3");
  await ready(page, 1);
  await page.locator("textarea").fill("n s 1 are letters here");
  await page.locator('[data-action="cannot_tell"]').click();
  await ready(page, 2);
  await page.keyboard.press("s");
  await ready(page, 3);
  await page.locator('[data-action="increase_speed"]').click();
  assert.match(await page.textContent(".speed"), /1.5/);
  for (let place = 3; place < 8; ++place) {
    await ready(page, place);
    await page.keyboard.press("1");
  }
  await page.waitForSelector('body[data-state="session_done"]');
  const [rater] = await answers();
  assert.equal(rater.answers, 6);
  assert.equal(rater.cannot_tell, 1);
  assert.equal(rater.skipped, 1);
  assert.equal(rater.sessions_done, 1);
  const csv = `${study}/all.csv`;
  mien("rate", "export", "--study", study, "--out", csv, "--all");
  const { readFileSync } = await import("node:fs");
  const rows = readFileSync(csv, "utf8").split("\n").filter((line) => line.includes(",new,") && line.split(",")[5] === "0");
  assert.equal(rows.filter((line) => line.split(",")[3] === "1").length, 1, "the second thought stands alone");
  assert.ok(!rows.some((line) => line.split(",")[2] === first && line.split(",")[3] === "1"));
  assert.match(readFileSync(csv, "utf8"), /n s 1 are letters here/);
  await done();
});

test("answers survive a lost network, a reload and a killed server, each once", async () => {
  const { page, context, done } = await open(invite(study, server.url), { allowed: /ERR_|Failed to load/ });
  await page.waitForSelector('body[data-state="consent"]');
  await agree(page);
  await context.setOffline(true);
  await page.keyboard.press("1");
  await ready(page, 1); // it was loaded before
  await page.keyboard.press("2");
  await page.waitForFunction(() => /No connection/.test(document.querySelector("[role=status]").textContent));
  await context.setOffline(false);
  await ready(page, 2);
  await allSent(page);
  await page.reload();
  await ready(page, 2);
  await server.stop("SIGKILL");
  await page.keyboard.press("3");
  await page.waitForFunction(() => /No connection/.test(document.querySelector("[role=status]").textContent));
  server = await serve(study, server.port);
  await ready(page, 3);
  await allSent(page);
  const raters = await answers();
  assert.equal(raters.at(-1).answers, 3);
  await done();
});

test("on a phone, in Arabic, from right to left", async () => {
  const { page, done } = await open(invite(study, server.url, "ar"), { viewport: kPhone });
  await page.waitForSelector('body[data-state="consent"]');
  assert.equal(await page.evaluate(() => document.documentElement.dir), "rtl");
  assert.equal(await page.evaluate(() => document.documentElement.lang), "ar");
  await page.locator("text=أوافق").tap();
  await ready(page, 0);
  keepPicture("rating-phone.png", await page.screenshot({ fullPage: true }));
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, "nothing beyond the edge");
  for (const box of await page.locator("button.label, .actions button").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height))) {
    assert.ok(box >= 43, `buttons that fingers meet: ${box}`);
  }
  const unnamed = await page.evaluate(() => [...document.querySelectorAll("button, input, textarea, select, video, progress, [role=group]")].filter((one) => !(one.getAttribute("aria-label") || one.textContent.trim() || one.labels?.length)).map((one) => one.outerHTML));
  assert.deepEqual(unnamed, [], "everything has a name for screen readers");
  await page.locator("button.label").first().tap();
  await ready(page, 1);
  await allSent(page);
  await page.locator("summary").tap();
  await page.locator('[data-action="withdraw"]').tap();
  await page.locator('[data-action="confirm_withdraw"]').tap();
  await page.waitForSelector('body[data-state="withdrawn"]');
  assert.equal(await page.evaluate(() => localStorage.length), 0);
  assert.equal((await answers()).filter((one) => one.group === "ar").length, 0);
  await done();
});

for (const [name, viewport] of [["desktop", kDesktop], ["phone", kPhone]]) {
  test(`the researcher's page, ${name}`, async () => {
    const { page, done } = await open(`${server.url}/research`, { viewport, allowed: /401/ });
    await page.fill("#secret", "0".repeat(48));
    await page.click("button[type=submit]");
    await page.waitForFunction(() => /not the researcher/.test(document.body.textContent));
    await page.fill("#secret", secret);
    await page.click("button[type=submit]");
    await page.waitForSelector("body[data-ready]");
    await page.waitForSelector("#agreement [data-ready]");
    assert.match(await page.textContent("#raters"), /Repeats alike/);
    assert.equal(await page.locator("#agreement tbody tr").count(), 6);
    assert.match(await page.locator("#agreement tbody td").nth(1).textContent(), /^0\.\d\d \[/, "a share with its interval");
    assert.match(await page.textContent(".simulated"), /Simulated/);
    keepPicture(`research-${name}.png`, await page.screenshot({ fullPage: true }));
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, "wide tables scroll on their own");
    await page.locator("text=Pause").first().click();
    await page.locator("#overview >> text=paused").waitFor();
    await page.locator("text=Continue").first().click();
    await page.locator("#overview >> text=running").waitFor();
    const row = page.locator("#raters tbody tr").first();
    await row.locator("input").fill("a reason");
    await row.getByRole("button", { name: "Exclude" }).click();
    await page.locator("#raters >> text=excluded: a reason").waitFor();
    await row.locator("input").fill("was asked");
    await row.getByRole("button", { name: "Include again" }).click();
    await row.getByRole("button", { name: "Exclude" }).waitFor();
    await page.getByRole("button", { name: "Make a link" }).click();
    await page.waitForFunction(() => /#invitation=[0-9a-f]{48}$/.test(document.querySelector(".link").value));
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV", exact: true }).click()]);
    assert.equal(file.suggestedFilename(), "ratings.csv");
    await done();
  });
}

test("the command line: reliability of a study, and forgetting a rater", () => {
  const told = JSON.parse(mien("rate", "reliability", study, "--json", "--bootstrap", "20"));
  assert.equal(told.mode, "choice");
  assert.equal(told.simulated, true);
  assert.equal(Object.keys(told.labels).length, 6);
  const [rater] = Object.keys(told.rater_profiles);
  assert.equal(JSON.parse(mien("forget", study, "--rater", rater, "--json")).raters, 1);
  assert.ok(!Object.keys(JSON.parse(mien("rate", "reliability", study, "--json", "--bootstrap", "20")).rater_profiles).includes(rater));
  assert.throws(() => mien("forget", study, "--rater", "rNobody"), /unknown raters: 'rNobody'/);
});

test("an invitation counts where the page without one is open already", async () => {
  const { page, done } = await open(server.url);
  await page.waitForSelector(".message");
  await page.evaluate((link) => (location.href = link), invite(study, server.url));
  await page.waitForSelector('body[data-state="consent"]');
  await done();
});
