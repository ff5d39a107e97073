// Puts measured tables between the marks of docs/benchmarks.md.
//
//   node bench/write_docs.mjs RESULTS.json DOCUMENT.md
import fs from 'node:fs';

import { tables } from './tables.mjs';

const BEGIN = '<!-- measured: begin, written by tools/bench --write-docs -->';
const END = '<!-- measured: end -->';

export function withTables(document, text) {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the marks "${BEGIN}" and "${END}" are missing`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${text}\n${document.slice(end)}`;
}

if (process.argv[1] === import.meta.filename) {
  const [resultsFile, documentFile] = process.argv.slice(2);
  const results = JSON.parse(fs.readFileSync(resultsFile));
  if (results.quick) throw new Error(`${resultsFile} is of a quick run; run tools/bench first`);
  fs.writeFileSync(documentFile, withTables(fs.readFileSync(documentFile, 'utf8'), tables(results)));
}
