// Faces that another package's detectors find in pictures: face-api's SSD over MobileNet and its tiny
// detector, at their default scores (0.5).
//
//   node tests/reference/masking/faces_left.mjs FOLDER
//
// FOLDER holds binary PPM files. Prints one JSON object: file name -> {"ssd": scores, "tiny": scores}.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const root = path.resolve(import.meta.dirname, '..', '..', '..', 'node_modules');
globalThis.util = require('node:util'); // face-api's build for Node looks for its TextEncoder there
require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const faceapi = require(path.join(root, '@vladmandic', 'face-api', 'dist', 'face-api.node-wasm.js'));

function readPpm(file) {
  const bytes = fs.readFileSync(file);
  const [, width, height] = /^P6\n(\d+) (\d+)\n255\n/.exec(bytes.subarray(0, 40).toString('latin1'));
  const header = `P6\n${width} ${height}\n255\n`.length;
  return { width: Number(width), height: Number(height), pixels: new Int32Array(bytes.subarray(header)) };
}

wasm.setWasmPaths(path.join(root, '@tensorflow', 'tfjs-backend-wasm', 'dist') + path.sep);
const { tf } = faceapi;
await tf.setBackend('wasm');
await tf.ready();
const models = path.join(root, '@vladmandic', 'face-api', 'model');
await faceapi.nets.ssdMobilenetv1.loadFromDisk(models);
await faceapi.nets.tinyFaceDetector.loadFromDisk(models);
const detectors = { ssd: new faceapi.SsdMobilenetv1Options(), tiny: new faceapi.TinyFaceDetectorOptions() };
const found = {};
const folder = process.argv[2];
for (const name of fs.readdirSync(folder).filter((file) => file.endsWith('.ppm')).sort()) {
  const { width, height, pixels } = readPpm(path.join(folder, name));
  const tensor = tf.tensor3d(pixels, [height, width, 3], 'int32');
  found[name] = {};
  for (const [id, options] of Object.entries(detectors)) {
    const faces = await faceapi.detectAllFaces(tensor, options);
    found[name][id] = faces.map((face) => Number(face.score.toFixed(3)));
    found[name][`${id}_boxes`] = faces.map(({ box }) => [box.x, box.y, box.width, box.height].map(Math.round));
  }
  tensor.dispose();
}
console.log(JSON.stringify(found));
