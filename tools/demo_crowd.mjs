// A crowd of simulated raters for the demo: `node tools/demo_crowd.mjs STUDY`. Nobody looked at a clip.
// Each rater knows what the packaged classifier (basic7) made of the clip's face, confuses words at a
// rate of its own and has a favourite word; so labels are functions of the features, with known noise.
// One rater sits at the real page in headless Chromium, then eleven more talk to the server's API. Clips are
// told apart as anybody could: by the SHA-256 of the bytes that the server lends.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { launch } from "../tests/browser/browser.mjs";
import { invite, mien, serve } from "../tests/browser/rating.mjs";

const study = resolve(process.argv[2]);
const kRaters = 11;
const kAtThePage = 6; // clips that the rater in the browser rates
// What the classifier says -> the word of the study.
const kWordOf = { neutral: "calm", happy: "amusement", sad: "sadness", angry: "anger", surprised: "surprise", fearful: "surprise", disgusted: "doubt" };
const kWords = [...new Set(Object.values(kWordOf))];

// A small seeded generator (Marsaglia 2003, xorshift32): the same crowd on every run.
function randomOf(seed) {
  let state = (seed * 2654435761 + 1) >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

// The word that fits each clip best, by the mean of basic7 over the windows that it touches.
function wordsOfClips() {
  const { clips } = JSON.parse(readFileSync(join(study, "rating", "clips.json"), "utf8"));
  const rows = execFileSync(process.env.MIEN_PROGRAM ?? "build/release/mien", ["export", study, "--table", "windows", "--format", "jsonl"], { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "ignore"] });
  const windows = new Map();
  for (const row of rows.trim().split("\n").map((line) => JSON.parse(line))) {
    const face = `${row.video_id}\n${row.track_id}`;
    windows.set(face, [...(windows.get(face) ?? []), row]);
  }
  const words = new Map();
  for (const clip of clips) {
    const own = (windows.get(`${clip.video_id}\n${clip.track_id}`) ?? []).filter((row) => row.end_us > clip.start_us && row.start_us < clip.end_us && row.basic7_happy !== null);
    if (own.length === 0) continue;
    const score = (name) => own.reduce((sum, row) => sum + row[`basic7_${name}`], 0) / own.length;
    words.set(clip.id, kWordOf[Object.keys(kWordOf).toSorted((a, b) => score(b) - score(a))[0]]);
  }
  return words;
}

const words = wordsOfClips();
const folder = join(study, "rating", "clips");
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
const { clips: listed } = JSON.parse(readFileSync(join(study, "rating", "clips.json"), "utf8"));
const idOfFile = new Map(listed.flatMap((clip) => [clip.mp4, clip.webm].filter(Boolean).map((file) => [file, clip.id])));
const idOfBytes = new Map(readdirSync(folder).filter((file) => idOfFile.has(file)).map((file) => [digest(readFileSync(join(folder, file))), idOfFile.get(file)]));

class Rater {
  constructor(number) {
    this.random = randomOf(number + 1);
    this.confusion = 0.1 + 0.2 * this.random();
    this.favourite = kWords[Math.floor(this.random() * kWords.length)];
  }
  // null: cannot tell.
  word(clip) {
    const word = words.get(clip);
    if (word === undefined || this.random() < 0.02) return null;
    if (this.random() >= this.confusion) return word;
    return this.random() < 0.5 ? this.favourite : kWords[Math.floor(this.random() * kWords.length)];
  }
}

const server = await serve(study);
try {
  const groups = [...readFileSync(join(study, "rating", "rating.toml"), "utf8").matchAll(/^\[\[groups\]\]\s*name = "(\w+)"/gm)].map((match) => match[1]);
  const invitations = new Map(groups.map((group) => [group, invite(study, server.url, group, kRaters + 1)]));
  const ask = async (path, { token, body } = {}) => {
    const response = await fetch(`${server.url}${path}`, {
      method: body ? "POST" : "GET",
      headers: { ...(body ? { "Content-Type": "application/json" } : {}), ...(token ? { Authorization: `Bearer ${token}` } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    });
    if (!response.ok) throw new Error(`${path}: ${response.status}: ${await response.text()}`);
    return response;
  };
  const post = async (path, body, token) => (await ask(path, { body, token })).json();

  async function byApi(number) {
    const rater = new Rater(number);
    const group = groups[number % groups.length];
    const { token } = await post("/api/join", { invitation: invitations.get(group).split("=")[1] });
    let view = await post("/api/consent", { agreed: true }, token);
    let answers = 0;
    while (view.clips.length > 0) {
      const { place, webm } = view.clips[0];
      const bytes = Buffer.from(await (await ask(`/api/clips/${place}.${webm ? "webm" : "mp4"}`, { token })).arrayBuffer());
      const word = rater.word(idOfBytes.get(digest(bytes)));
      const said = word === null ? { outcome: "cannot_tell", values: {} } : { outcome: "rated", values: { [word]: 1 } };
      view = await post("/api/answers", { answers: [{ id: `demo-${String(number).padStart(4, "0")}-${String(place).padStart(8, "0")}`, place, ...said, response_ms: 1200 + Math.round(1500 * rater.random()), viewed_ms: 2000, viewed_fully: true, speed: 1 }] }, token);
      ++answers;
    }
    return answers;
  }

  async function atThePage() {
    const browser = await launch();
    const rater = new Rater(kRaters);
    try {
      const page = await (await browser.newContext()).newPage();
      const clipAt = new Map();
      await page.route("**/api/clips/*", async (route) => {
        const response = await route.fetch();
        const body = await response.body();
        clipAt.set(Number(/(\d+)\.\w+$/.exec(route.request().url())[1]), idOfBytes.get(digest(body)));
        await route.fulfill({ response, body });
      });
      await page.goto(invitations.get(groups[0]));
      await page.locator('[data-action="agree"]').click();
      let answers = 0;
      for (let place = 0; place < kAtThePage; ++place) {
        const next = await Promise.race([page.waitForSelector(`body[data-state="rating"][data-place="${place}"][data-ready="true"]`), page.waitForSelector('body[data-state="session_done"], body[data-state="nothing_left"]')]);
        if ((await next.getAttribute("data-state")) !== "rating") break;
        const word = rater.word(clipAt.get(place));
        await page.waitForTimeout(1100); // the least viewing
        if (word === null) await page.keyboard.press("c");
        else await page.locator(`button.label[data-label="${word}"]`).click();
        ++answers;
      }
      await page.waitForSelector('body[data-sent="true"]');
      return answers;
    } finally {
      await browser.close();
    }
  }

  const atPage = await atThePage(); // first, while there is something left to rate
  const byMessage = await Promise.all(Array.from({ length: kRaters }, (_, number) => byApi(number)));
  const sent = byMessage.reduce((sum, one) => sum + one, 0);
  console.log(`simulated raters: ${kRaters} over the API with ${sent} answers, 1 at the page in Chromium with ${atPage}`);
} finally {
  await server.stop();
}
