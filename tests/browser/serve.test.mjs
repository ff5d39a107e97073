// The pages of a report from `mien serve` instead of the disk: they load, draw and link as they do there, and load
// nothing from elsewhere.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { browserDir, inked, keepPicture, kDesktop, kVideo, launch, video } from "./browser.mjs";

let browser, server, origin;
before(async () => {
  browser = await launch();
  const program = process.env.MIEN_PROGRAM;
  if (!program) throw new Error("MIEN_PROGRAM names no program; run the tests through ctest");
  server = spawn(program, ["serve", join(browserDir, "study"), "--port", "0"], { stdio: ["ignore", "pipe", "ignore"] });
  origin = await new Promise((done, fail) => {
    server.stdout.once("data", (line) => done(line.toString().trim()));
    server.once("exit", (status) => fail(new Error(`mien serve ended with ${status}`)));
  });
});
after(async () => {
  server?.kill("SIGTERM");
  await browser?.close();
});

async function open(path) {
  const context = await browser.newContext({ viewport: kDesktop, reducedMotion: "reduce" });
  const page = await context.newPage();
  const complaints = [];
  // Source videos are not handed out: the page's own clock takes their place.
  page.on("response", (response) => {
    if (response.status() === 200 || response.status() === 206) return;
    if (response.request().resourceType() !== "media") complaints.push(`${response.status()} ${response.url()}`);
  });
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && !/status of 404/.test(message.text()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  context.on("request", (request) => {
    const own = request.url().startsWith(origin) || /^(blob|data):/.test(request.url());
    if (!own && !request.url().startsWith("file:")) complaints.push(`left the server: ${request.url()}`);
  });
  const response = await page.goto(origin + path);
  assert.equal(response.status(), 200, path);
  return { page, done: async () => (assert.deepEqual(complaints.filter((text) => !/file:/.test(text)), [], path), context.close()) };
}

test("the start page leads to the report", async () => {
  const { page, done } = await open("/");
  await page.getByRole("link", { name: "Report" }).click();
  await page.waitForSelector("body[data-ready]");
  assert.equal(new URL(page.url()).pathname, "/report/");
  const png = await page.screenshot();
  keepPicture("served-index.png", png);
  assert.ok((await inked(browser, png)).colours > 48);
  await done();
});

test("a video's page draws what it draws from the disk", async () => {
  const { page, done } = await open(`/report/${video(kVideo.talking)}`);
  await page.waitForSelector("body[data-ready]");
  assert.ok((await page.locator("figure").count()) > 1);
  const png = await page.screenshot();
  keepPicture("served-video.png", png);
  assert.ok((await inked(browser, png)).colours > 48);
  await done();
});
