// Load on the rating server over loopback: `node bench/rating/load.mjs [--raters 200] [--rate 1100]
// [--seconds 20]`. Raters answer at an even pace, `rate` answers/s together (0: each as soon as the
// last was acknowledged), and count for themselves; in the end the server's count is held against
// theirs, and only then figures are printed. Latency: from sending an answer to its receipt, which
// carries the next clip. Needs build/release/mien and the built pages.
import http from "node:http";
import { parseArgs } from "node:util";
import { forget, invite, makeStudy, mien, serve } from "../../tests/browser/rating.mjs";

const { values } = parseArgs({ options: { raters: { type: "string", default: "200" }, rate: { type: "string", default: "1100" }, seconds: { type: "string", default: "20" } } });
const raters = Number(values.raters), rate = Number(values.rate), seconds = Number(values.seconds);
const study = makeStudy({ clips: 3000, made: 1, plan: "session_clips = 3000\nratings_per_clip = 200\nrepeat_every = 15" });
const secret = mien("rate", "secret", "--study", study);
const server = await serve(study);
const agent = new http.Agent({ keepAlive: true, maxSockets: raters });

function post(path, body, token) {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const request = http.request(`${server.url}${path}`, { method: "POST", agent, headers: { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text), ...(token ? { Authorization: `Bearer ${token}` } : {}) } }, (response) => {
      let told = "";
      response.on("data", (bytes) => (told += bytes));
      response.on("end", () => (response.statusCode === 200 ? resolve(JSON.parse(told)) : reject(new Error(`${response.statusCode}: ${told}`))));
    });
    request.on("error", reject);
    request.end(text);
  });
}

const invitation = invite(study, server.url, "en", raters).split("=")[1];
const people = await Promise.all(
  Array.from({ length: raters }, async () => {
    const { token } = await post("/api/join", { invitation });
    return { token, view: await post("/api/consent", { agreed: true }, token) };
  }),
);

const times = [];
const begun = performance.now();
const end = begun + seconds * 1000;
async function answer({ token, view }, number) {
  const every = rate === 0 ? 0 : (1000 * raters) / rate;
  for (let at = begun + (every * number) / raters; at < end; at += every) {
    const wait = at - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    if (performance.now() >= end) return;
    const { place } = view.clips[0];
    const sent = performance.now();
    view = await post("/api/answers", { answers: [{ id: `${token.slice(0, 24)}-${place}`, place, outcome: "rated", values: { joy: 1 }, response_ms: 900, viewed_ms: 1000, viewed_fully: true, speed: 1 }] }, token);
    times.push(performance.now() - sent);
    if (view.receipts[0].status !== "stored") throw new Error(JSON.stringify(view.receipts));
  }
}
await Promise.all(people.map(answer));
const took = (performance.now() - begun) / 1000;
const response = await fetch(`${server.url}/api/research/progress`, { headers: { Authorization: `Bearer ${secret}` } });
const counted = (await response.json()).raters.reduce((sum, one) => sum + one.answers, 0);
agent.destroy();
await server.stop();
forget(study);
if (counted !== times.length) throw new Error(`raters counted ${times.length} answers, the server ${counted}`);
times.sort((a, b) => a - b);
const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(1);
console.log(`${raters} raters, ${times.length} answers in ${took.toFixed(1)} s: ${(times.length / took).toFixed(0)} answers/s; p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms; none lost or doubled`);
