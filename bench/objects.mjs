// How many frames a second the object network takes on one core, and TensorFlow.js with the same
// weights beside it.
//
//   tools/build release mien-bench-objects
//   node bench/objects.mjs [ROUNDS [FRAMES]]
//
// In turns, round after round, on one frame of the pictures with many faces at the network's size.
// First the network's outputs are compared: where an element differs by more than a thousandth of
// the largest, nothing is timed. Mien's pass prepares the frame and reads the objects out of the
// network's output, that of TensorFlow.js (WebAssembly back end, one thread) runs the network alone.
// Rates count processor time; medians of rounds, ratios taken within a round. Prints a table and, as
// the last line, JSON.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const root = path.resolve(import.meta.dirname, '..');
const packages = path.join(root, 'node_modules');
const rounds = Number(process.argv[2] ?? 5);
const count = Number(process.argv[3] ?? 5);
const SIDE = 512;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mien-bench-objects-'));
const file = path.join(folder, 'frame.ppm');
execFileSync('ffmpeg', ['-v', 'error', '-i', path.join(packages, '@vladmandic/face-api/demo/sample1.jpg'), '-vf', `scale=${SIDE}:${SIDE}`, file]);
const pixels = Float32Array.from(fs.readFileSync(file).subarray(`P6\n${SIDE} ${SIDE}\n255\n`.length));

const child = spawn(path.join(root, 'build/release/bench/mien-bench-objects'), [path.join(root, 'models'), path.join(root, 'build/models'), file], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const next = async () => {
  const line = await lines.next();
  if (line.done) throw new Error('mien-bench-objects ended early');
  return JSON.parse(line.value);
};
const ours = await next();
fs.rmSync(folder, { recursive: true });

const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
wasm.setWasmPaths(path.join(packages, '@tensorflow', 'tfjs-backend-wasm', 'dist') + path.sep);
wasm.setThreadsCount(1);
await tf.setBackend('wasm');
await tf.ready();
const manifest = JSON.parse(fs.readFileSync(path.join(root, 'models/centernet.json')));
const sources = path.join(packages, '@vladmandic', 'human-models', 'models');
const json = JSON.parse(fs.readFileSync(path.join(sources, 'centernet.json')));
const data = Buffer.concat(json.weightsManifest.flatMap((group) => group.paths.map((p) => fs.readFileSync(path.join(sources, p)))));
const model = await tf.loadGraphModel(tf.io.fromMemory({
  modelTopology: json.modelTopology, format: json.format, weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
  weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength), signature: json.signature,
}));
const input = tf.tensor(pixels, [1, SIDE, SIDE, 3]);
const execute = () => tf.tidy(() => [model.execute(input, manifest.outputs.map((output) => output.source))].flat().map((tensor) => tensor.dataSync()));

const [heat] = execute();
if (heat.length !== ours.size) throw new Error(`the outputs have ${heat.length} and ${ours.size} elements`);
const step = Math.floor(heat.length / 32);
const largest = heat.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const difference = Math.max(...ours.heat.map((value, i) => Math.abs(value - heat[i * step]))) / largest;
if (!(difference <= 1e-3)) throw new Error(`the networks differ by ${difference} of the largest element`);

const passes = {
  mien: async () => {
    child.stdin.write(`${count}\n`);
    return (await next()).cpu_s;
  },
  tfjs: async () => {
    const before = process.cpuUsage();
    for (let i = 0; i < count; i += 1) execute();
    const spent = process.cpuUsage(before);
    return (spent.user + spent.system) / 1e6;
  },
};
const spent = { mien: [], tfjs: [] };
for (let round = 0; round < rounds; round += 1) {
  const names = round % 2 ? ['tfjs', 'mien'] : ['mien', 'tfjs'];
  for (const name of names) spent[name].push(await passes[name]());
}
child.stdin.end();
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const rate = (times) => Number((count / median(times)).toFixed(1));
const ratios = spent.tfjs.map((time, i) => time / spent.mien[i]);
const digits = (value) => Number(value.toFixed(1));
const row = { mien: rate(spent.mien), tfjs: rate(spent.tfjs), ratio: digits(median(ratios)), least: digits(Math.min(...ratios)), greatest: digits(Math.max(...ratios)) };
console.log('| network | Mien, with preparation and decoding (frames/s) | TensorFlow.js, network alone (frames/s) | times as fast |');
console.log('|---|---|---|---|');
console.log(`| centernet, 512 x 512 | ${row.mien} | ${row.tfjs} | ${row.ratio} (${row.least} to ${row.greatest}) |`);
console.log(JSON.stringify({ rounds, frames: count, objects: ours.objects, difference, ...row }));
process.exit(0);
