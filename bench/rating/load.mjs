// Load on the rating server over loopback: `node bench/rating/load.mjs [--raters 200] [--rate 1100]
// [--seconds 20] [--kills 0] [--json]`; `--both` measures twice, without a kill and with ten, and prints
// one table. Raters answer at an even pace, `rate` answers/s together (0: each as soon as the last was
// acknowledged); the server is killed (SIGKILL) `kills` times in between and started again, and raters
// send what was not acknowledged until it is. They keep a log of their own; in the end every rater's
// count by the server is held against it, and only then figures are printed.
//
// Latency: from first sending an answer to its receipt, which carries the next clip; waits for a killed
// server are told apart. Processor time per answer, of server and client, is what another machine's rate
// follows from: wall-clock figures are those of this machine and of what else runs on it.
// Needs build/release/mien and the built pages.
import { readFileSync } from "node:fs";
import http from "node:http";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { forget, invite, makeStudy, mien, serve } from "../../tests/browser/rating.mjs";

const text = (value) => ({ type: "string", default: value });
const { values } = parseArgs({ options: { raters: text("200"), rate: text("1100"), seconds: text("20"), kills: text("0"), both: { type: "boolean" }, json: { type: "boolean" } } });
const raters = Number(values.raters), rate = Number(values.rate), seconds = Number(values.seconds);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const kTicks = 100; // of /proc/PID/stat a second, on every Linux

function processorSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return { user: Number(fields[11]) / kTicks, system: Number(fields[12]) / kTicks };
}

async function measure(kills) {
  const study = makeStudy({ clips: 3000, made: 1, plan: "session_clips = 3000\nratings_per_clip = 200\nrepeat_every = 15" });
  const secret = mien("rate", "secret", "--study", study);
  let server = await serve(study);
  const { url, port } = server;
  const agent = new http.Agent({ keepAlive: true, maxSockets: raters });

  function post(path, body, token) {
    return new Promise((resolve, reject) => {
      const bytes = JSON.stringify(body);
      const request = http.request(`${url}${path}`, { method: "POST", agent, headers: { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(bytes), ...(token ? { Authorization: `Bearer ${token}` } : {}) } }, (response) => {
        let told = "";
        response.on("data", (piece) => (told += piece));
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode === 200) resolve(JSON.parse(told));
          else reject(Object.assign(new Error(`${response.statusCode}: ${told}`), { status: response.statusCode }));
        });
      });
      request.on("error", reject);
      request.end(bytes);
    });
  }

  const invitation = invite(study, url, "en", raters).split("=")[1];
  const people = await Promise.all(
    Array.from({ length: raters }, async () => {
      const { rater, token } = await post("/api/join", { invitation });
      return { rater, token, view: await post("/api/consent", { agreed: true }, token), answers: new Set() };
    }),
  );

  const times = [], waited = []; // of answers to a server that lived, and to one that was killed meanwhile
  let resent = 0, known = 0;
  const spent = { user: 0, system: 0 };
  const take = (from, sign) => Object.keys(spent).forEach((kind) => (spent[kind] += sign * from[kind]));
  take(processorSeconds(server.pid), -1);
  const clientBefore = process.cpuUsage();
  const begun = performance.now(), end = begun + seconds * 1000;

  // Sends one answer until it is acknowledged.
  async function send(person, body) {
    for (;;) {
      try {
        return await post("/api/answers", body, person.token);
      } catch (error) {
        if (error.status !== undefined && error.status !== 503) throw error;
        ++resent;
        person.waited = true;
        await pause(20);
      }
    }
  }
  async function answer(person, number) {
    const every = rate === 0 ? 0 : (1000 * raters) / rate;
    for (let at = begun + (every * number) / raters; at < end; at += every) {
      const wait = at - performance.now();
      if (wait > 0) await pause(wait);
      if (performance.now() >= end) return;
      const { place } = person.view.clips[0];
      const id = `${person.token.slice(0, 24)}-${place}`;
      const sent = performance.now();
      person.waited = false;
      person.view = await send(person, { answers: [{ id, place, outcome: "rated", values: { joy: 1 }, response_ms: 900, viewed_ms: 1000, viewed_fully: true, speed: 1 }] });
      (person.waited ? waited : times).push(performance.now() - sent);
      const { status } = person.view.receipts[0];
      if (status === "known") ++known;
      if (!(status === "stored" || (status === "known" && person.waited)) || person.answers.has(id)) throw new Error(JSON.stringify(person.view.receipts));
      person.answers.add(id);
    }
  }
  async function kill() {
    for (let i = 1; i <= kills; ++i) {
      await pause(Math.max(0, begun + (1000 * seconds * i) / (kills + 1) - performance.now()));
      take(processorSeconds(server.pid), 1);
      await server.stop("SIGKILL");
      server = await serve(study, port);
    }
  }
  await Promise.all([...people.map(answer), kill()]);
  const took = (performance.now() - begun) / 1000;
  take(processorSeconds(server.pid), 1);
  const client = process.cpuUsage(clientBefore);

  const progress = await (await fetch(`${url}/api/research/progress`, { headers: { Authorization: `Bearer ${secret}` } })).json();
  const counted = new Map(progress.raters.map((one) => [one.id ?? one.rater, one.answers]));
  agent.destroy();
  await server.stop();
  forget(study);
  for (const { rater, answers } of people) {
    if (counted.get(rater) !== answers.size) throw new Error(`rater ${rater} had ${answers.size} answers acknowledged, the server has ${counted.get(rater)}`);
  }
  const answers = times.length + waited.length;
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return {
    raters,
    kills,
    seconds: took,
    answers,
    answers_s: answers / took,
    p50_ms: at(0.5),
    p99_ms: at(0.99),
    longest_ms: at(1),
    waited: waited.length,
    longest_wait_ms: Math.max(0, ...waited),
    resent,
    stored_before_a_kill: known,
    server_user_ms: (1000 * spent.user) / answers,
    server_system_ms: (1000 * spent.system) / answers,
    client_ms: (client.user + client.system) / 1000 / answers,
  };
}

const runs = [];
for (const kills of values.both ? [0, 10] : [Number(values.kills)]) runs.push(await measure(kills));
if (values.json) {
  console.log(JSON.stringify({ cores: cpus().length, load: loadavg()[0], runs }, null, 1));
} else {
  console.log("| kills | raters | answers | answers/s | p50 ms | p99 ms | longest ms | waited for a killed server | longest wait ms | server, processor ms an answer (user + system) | client |");
  console.log("|---|---|---|---|---|---|---|---|---|---|---|");
  const n = (value, digits = 1) => value.toFixed(digits);
  for (const r of runs) {
    console.log(`| ${r.kills} | ${r.raters} | ${r.answers} | ${n(r.answers_s, 0)} | ${n(r.p50_ms)} | ${n(r.p99_ms)} | ${n(r.longest_ms)} | ${r.waited} | ${n(r.longest_wait_ms, 0)} | ${n(r.server_user_ms, 3)} + ${n(r.server_system_ms, 3)} | ${n(r.client_ms, 3)} |`);
  }
  console.log(`None lost or doubled, by every rater's own log. ${cpus().length} cores, load ${n(loadavg()[0])} at the end.`);
}
