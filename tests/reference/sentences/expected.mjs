// What the package's own tokenizer and graph, run by TensorFlow.js, make of texts.json.
//
//   node tests/reference/sentences/expected.mjs > tests/reference/sentences/expected.json
//
// The vocabulary is repaired first, as src/model/import/use_lite.h says. Of every text: ids, and the
// vector as little-endian 16-bit integers in units of 1/32767, base64.
import fs from 'node:fs';
import path from 'node:path';
import { useLite } from './use_lite.mjs';

const texts = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, 'texts.json'), 'utf8'));
const { tokenize, embed } = await useLite();
const rows = [];
for (const text of texts) {
  const ids = tokenize(text);
  const [vector] = await embed([ids]);
  const units = Int16Array.from(vector, (x) => Math.round(x * 32767));
  rows.push({ text, ids, vector: Buffer.from(units.buffer).toString('base64') });
}
process.stdout.write(`[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
