// How far contexts depend on what is filled: a study annotated with
// `mien annotate --contexts --faces masked,visible,patches`, arm against arm.
//
//   node bench/masking_effect.mjs STUDY
//
// Prints a Markdown table. A context without a row counts as 0 (scores below 0.01 are not kept). Only
// videos that were assessed in both arms count; a video's contexts are those kept in either arm.
import { execFileSync } from 'node:child_process';
import path from 'node:path';

const program = path.resolve(import.meta.dirname, '..', 'build', 'release', 'mien');
const study = process.argv[2];
if (!study) {
  console.error('usage: node bench/masking_effect.mjs STUDY');
  process.exit(2);
}
const rows = (table) =>
  String(execFileSync(program, ['export', study, '--table', table, '--format', 'jsonl'], { maxBuffer: 1 << 30 }))
    .split('\n').filter(Boolean).map((line) => JSON.parse(line));
const status = rows('context_status');
const contexts = rows('contexts');
const frames = rows('context_frames');

// Ranks with ties shared.
function ranks(values) {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const ranked = new Array(values.length);
  for (let i = 0; i < order.length;) {
    let end = i;
    while (end < order.length && values[order[end]] === values[order[i]]) end += 1;
    for (let k = i; k < end; k += 1) ranked[order[k]] = (i + end - 1) / 2;
    i = end;
  }
  return ranked;
}
function correlation(a, b) {
  const mean = (x) => x.reduce((sum, v) => sum + v, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  const sum = (f) => a.reduce((total, _, i) => total + f(a[i] - ma, b[i] - mb), 0);
  return sum((x, y) => x * y) / Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y));
}

const videosOf = (source) => new Set(status.filter((row) => row.source === source && row.status === 'ok').map((row) => row.video_id));
const scoresOf = (source, video) => new Map(contexts.filter((row) => row.source === source && row.video_id === video).map((row) => [row.context, row]));
const number = (value) => (Number.isFinite(value) ? value.toFixed(3) : '-');

console.log('| arms | videos | contexts | mean change | mean absolute change | Spearman, mean over videos | same best context | present in first, second, both |');
console.log('|---|---|---|---|---|---|---|---|');
for (const [first, second] of [['visual', 'visual_visible'], ['visual_patches', 'visual_visible'], ['visual', 'visual_patches']]) {
  const other = videosOf(second);
  const videos = [...videosOf(first)].filter((video) => other.has(video));
  let pairs = 0, change = 0, absolute = 0, sameBest = 0;
  const present = [0, 0, 0];
  const spearman = [];
  for (const video of videos) {
    const a = scoresOf(first, video);
    const b = scoresOf(second, video);
    const names = [...new Set([...a.keys(), ...b.keys()])];
    const of = (map) => names.map((name) => map.get(name)?.score_prob ?? 0);
    const [x, y] = [of(a), of(b)];
    const best = (values) => names[values.indexOf(Math.max(...values))];
    if (best(x) === best(y)) sameBest += 1;
    spearman.push(correlation(ranks(x), ranks(y)));
    names.forEach((name, i) => {
      pairs += 1;
      change += x[i] - y[i];
      absolute += Math.abs(x[i] - y[i]);
      const [inFirst, inSecond] = [a.get(name)?.above_threshold ?? false, b.get(name)?.above_threshold ?? false];
      present[0] += inFirst;
      present[1] += inSecond;
      present[2] += inFirst && inSecond;
    });
  }
  const meanRank = spearman.reduce((sum, r) => sum + r, 0) / spearman.length;
  console.log(`| \`${first}\` - \`${second}\` | ${videos.length} | ${pairs} | ${number(change / pairs)} | ${number(absolute / pairs)} | ${number(meanRank)} | ${sameBest} | ${present.join(', ')} |`);
}
for (const source of ['visual', 'visual_patches']) {
  const own = frames.filter((row) => row.source === source);
  const mean = (column) => own.reduce((sum, row) => sum + (row[column] ?? 0), 0) / own.length;
  console.log(`\n\`${source}\`: ${own.length} frames, ${number(mean('regions'))} regions a frame, ${number(mean('filled_share'))} of the picture filled, ${number(mean('on_heads_share'))} of that on heads`);
}
