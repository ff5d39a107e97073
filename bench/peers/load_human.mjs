// Human, the npm library that ships the networks, on the WebAssembly backend, its models read from disk.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const root = path.resolve(import.meta.dirname, '..', '..', 'node_modules');
const wasmPath = path.join(root, '@tensorflow', 'tfjs-backend-wasm', 'dist') + path.sep;

// The library fetches models; here they come from the package on disk.
const realFetch = globalThis.fetch;
globalThis.fetch = async (url, options) => {
  const text = String(url);
  if (!text.startsWith('file://')) return realFetch(url, options);
  const bytes = fs.readFileSync(new URL(text));
  return new Response(bytes, { status: 200, headers: { 'content-type': text.endsWith('.json') ? 'application/json' : 'application/octet-stream' } });
};

require('@tensorflow/tfjs');
require('@tensorflow/tfjs-backend-wasm').setWasmPaths(wasmPath);
const { default: Human } = require(path.join(root, '@vladmandic', 'human', 'dist', 'human.node-wasm.js'));

// Ready to detect(); everything is off but what `options` switches on.
export async function loadHuman(options) {
  const off = { enabled: false };
  const human = new Human({
    backend: 'wasm', debug: false, async: false, wasmPath,
    modelBasePath: pathToFileURL(path.join(root, '@vladmandic', 'human-models', 'models')).href + '/',
    filter: off, gesture: off, body: off, hand: off, face: off, object: off, segmentation: off,
    ...options,
  });
  await human.tf.setBackend('wasm');
  await human.tf.ready();
  await human.load();
  return human;
}
