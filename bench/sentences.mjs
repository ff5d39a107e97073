// How many texts a second the sentence encoders take on one core, and TensorFlow.js with the same
// weights as use_lite beside it.
//
//   tools/build release mien-bench-sentences
//   node bench/sentences.mjs [ROUNDS [TEXTS]]
//
// In turns, round after round; the texts of a pass are all different and of one length in tokens.
// First the vectors are compared: where the cosine is below 0.999 nothing is timed. Rates count
// processor time, which a busy machine disturbs less than the clock; medians of rounds, ratios taken
// within a round. TensorFlow.js runs its WebAssembly back end on one thread, 16 texts a call, which
// was its best. Prints a table and, as the last line, JSON.
import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { useLite } from '../tests/reference/sentences/use_lite.mjs';

const root = path.resolve(import.meta.dirname, '..');
const rounds = Number(process.argv[2] ?? 5);
const count = Number(process.argv[3] ?? 32);
const LENGTHS = [10, 20, 80];
const BATCH = 16;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

class Ours {
  static async open(id, tokens) {
    const own = new Ours();
    own.child = spawn(path.join(root, 'build/release/bench/mien-bench-sentences'),
      [path.join(root, `models/sentence/${id}.json`), path.join(root, 'build/models'), String(tokens), String(count)],
      { stdio: ['pipe', 'pipe', 'inherit'] });
    own.lines = readline.createInterface({ input: own.child.stdout })[Symbol.asyncIterator]();
    const first = await own.lines.next();
    if (first.done) return null;  // its weights are not installed; the program said so
    Object.assign(own, JSON.parse(first.value));
    return own;
  }

  async pass() {
    this.child.stdin.write('\n');
    return JSON.parse((await this.lines.next()).value).cpu_s;
  }

  close() {
    this.child.stdin.end();
  }
}

function cosine(a, b) {
  const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

const theirs = await useLite('wasm');
const results = [];
for (const tokens of LENGTHS) {
  const lite = await Ours.open('use_lite', tokens);
  const e5 = await Ours.open('multilingual_e5', tokens);
  const lists = lite.texts.map(theirs.tokenize);
  const [vector] = await theirs.embed([lists[0]]);
  const likeness = cosine(Array.from(vector), lite.first);
  if (!(likeness >= 0.999)) throw new Error(`the vectors differ: cosine ${likeness}`);
  const pass = async () => {
    const before = process.cpuUsage();
    for (let i = 0; i < count; i += BATCH) await theirs.embed(lists.slice(i, i + BATCH));
    const spent = process.cpuUsage(before);
    return (spent.user + spent.system) / 1e6;
  };
  await pass();
  const spent = { use_lite: [], multilingual_e5: [], tfjs: [] };
  for (let round = 0; round < rounds; round += 1) {
    const turns = [
      async () => spent.use_lite.push(await lite.pass()),
      async () => spent.tfjs.push(await pass()),
      async () => e5 && spent.multilingual_e5.push(await e5.pass()),
    ];
    for (const turn of round % 2 ? turns.reverse() : turns) await turn();
  }
  lite.close();
  e5?.close();
  const rate = (times) => (times.length ? Math.round(count / median(times)) : null);
  const ratios = spent.tfjs.map((time, i) => time / spent.use_lite[i]);
  results.push({
    tokens,
    use_lite: rate(spent.use_lite),
    multilingual_e5: rate(spent.multilingual_e5),
    tfjs: rate(spent.tfjs),
    ratio: Number(median(ratios).toFixed(1)),
    least: Number(Math.min(...ratios).toFixed(1)),
    greatest: Number(Math.max(...ratios).toFixed(1)),
    open_s: { use_lite: lite.open_s, multilingual_e5: e5?.open_s ?? null },
  });
}
console.log('| tokens | use_lite (texts/s) | TensorFlow.js, same weights | times as fast | multilingual_e5 (texts/s) |');
console.log('|---|---|---|---|---|');
for (const row of results) {
  console.log(`| ${row.tokens} | ${row.use_lite} | ${row.tfjs} | ${row.ratio} (${row.least} to ${row.greatest}) | ${row.multilingual_e5 ?? 'not installed'} |`);
}
console.log(JSON.stringify({ rounds, texts: count, results }));
process.exit(0);
