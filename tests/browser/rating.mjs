// A rating study with real clips and its server, for tests and measurements.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const kLabels = ["joy", "awe", "calm", "anger", "sadness", "surprise"];

export function definition({ plan = "", answers = "", more = "" } = {}) {
  const label = (id) => `[[labels]]\nid = "${id}"\nwords.en = "${id}"\nwords.ar = "كلمة ${id}"\n`;
  return `simulated = true
languages = ["en", "ar"]
contact = "lab@example.org"
[texts.en]
title = "Faces in short clips"
instructions = "Choose the word that fits best."
consent = "You may stop at any time."
warning = "Some clips show strong feelings."
[texts.ar]
title = "وجوه في مقاطع قصيرة"
instructions = "اختر الكلمة الأنسب."
consent = "يمكنك التوقف في أي وقت."
warning = "تحتوي بعض المقاطع على مشاعر قوية."
[interface.ar]
agree = "أوافق"
[answers]
${answers}
[plan]
minimum_viewing_s = 0.2
${plan}
[[groups]]
name = "en"
[[groups]]
name = "ar"
language = "ar"
${kLabels.map(label).join("")}${more}`;
}

// `clips` clips of which `made` are files of their own.
export function makeStudy({ clips = 12, made = 3, ...rest } = {}) {
  const study = mkdtempSync(join(tmpdir(), "mien-rating-"));
  const folder = join(study, "rating", "clips");
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < made; ++i) {
    const source = ["-f", "lavfi", "-i", `testsrc2=size=160x160:rate=12:duration=1,hue=h=${i * 60}`];
    execFileSync("ffmpeg", ["-nostdin", "-y", "-v", "error", "-threads", "1", ...source, "-c:v", "libvpx", "-deadline", "realtime", join(folder, `k${i}.webm`)]);
    execFileSync("ffmpeg", ["-nostdin", "-y", "-v", "error", "-threads", "1", ...source, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", join(folder, `k${i}.mp4`)]);
  }
  const list = Array.from({ length: clips }, (_, i) => ({ id: `c${i}`, webm: `k${i % made}.webm`, mp4: `k${i % made}.mp4`, duration_s: 1, video_id: `v${i}` }));
  writeFileSync(join(study, "rating", "clips.json"), JSON.stringify({ version: 1, clips: list }));
  writeFileSync(join(study, "rating", "rating.toml"), definition(rest));
  return study;
}

export const mien = (...words) => execFileSync(process.env.MIEN_PROGRAM ?? "build/release/mien", words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

// The server of a study; `port` 0: one that is free.
export async function serve(study, port = 0) {
  const child = spawn(process.env.MIEN_PROGRAM ?? "build/release/mien", ["rate", "serve", "--study", study, "--port", String(port)], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (bytes) => (said += bytes));
  const url = await new Promise((resolve, reject) => {
    child.stdout.once("data", (bytes) => resolve(String(bytes).trim()));
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid,
    said: () => said,
    stop: async (signal = "SIGTERM") => {
      child.kill(signal);
      return ended;
    },
  };
}

export const invite = (study, url, group = "en", uses = 1) => mien("rate", "invite", "--study", study, "--group", group, "--uses", String(uses), "--origin", url);
export const forget = (study) => rmSync(study, { recursive: true, force: true });
