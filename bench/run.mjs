// The whole measurement: checks that all programs see the same faces, runs them in turns, and writes
// the numbers. Called by tools/bench.
//
//   node bench/run.mjs OUT [--rounds N] [--quick]
// OUT/results.json receives every single run; OUT/benchmarks.md the tables. --quick: one round of
// short runs, to see that everything works; its numbers mean nothing.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { compareFiles, demandAgreement } from './agree.mjs';
import { describeMachine } from './machine.mjs';
import { measure, measureJson } from './process.mjs';
import { tables } from './tables.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '7' }, quick: { type: 'boolean', default: false } },
});
const out = path.resolve(positionals[0]);
const quick = values.quick;
const rounds = quick ? 1 : Number(values.rounds);

const root = path.resolve(import.meta.dirname, '..');
const clips = path.join(out, 'clips');
const scratch = path.join(out, 'scratch');
const release = path.join(root, 'build', 'release');
const program = path.join(release, 'mien');
const folders = [path.join(root, 'models'), path.join(root, 'build', 'models')];
const clip = (name, quickName) => path.join(clips, quick ? quickName : name);
const franck = clip('franck.mp4', 'franck_2s.mp4');
const several = clip('several', 'franck_2s.mp4');
const warmUp = '10';

// The raw frames, cut short for --quick.
const size = ['360', '288'];
const frames = path.join(scratch, 'frames.rgb');
function prepareFrames() {
  const bytes = fs.readFileSync(path.join(clips, `franck_${size.join('x')}.rgb`));
  fs.writeFileSync(frames, quick ? bytes.subarray(0, 16 * size[0] * size[1] * 3) : bytes);
}

const say = (text) => process.stderr.write(`bench: ${text}\n`);
const study = path.join(scratch, 'study');

// One fresh study; the summary of --json is part of the record.
function annotate(input, flags, options) {
  fs.rmSync(study, { recursive: true, force: true });
  return measureJson(program, ['annotate', input, '--out', study, '--json', '--quiet', ...flags], options);
}
const mien = (mode, ...more) =>
  measureJson(path.join(release, 'bench', 'mien-bench-frames'), [...folders, path.join(root, 'data'), frames, ...size, mode, warmUp, ...more]);
const stages = (video) =>
  measureJson(path.join(release, 'bench', 'mien-bench-stages'), [...folders, video, quick ? '2' : '20']);
const human = (mode, ...more) =>
  measureJson(process.execPath, [path.join(root, 'bench', 'peers', 'human.mjs'), frames, ...size, mode, warmUp, ...more]);
const faceMesh = (...more) =>
  measureJson(process.execPath, [path.join(root, 'bench', 'peers', 'face_mesh.mjs'), frames, ...size, warmUp, ...more]);
const decodeByFfmpeg = () =>
  measure('ffmpeg', ['-v', 'error', '-nostdin', '-threads', '1', '-i', franck, '-map', '0:v', '-f', 'null', '-']);

async function agreement() {
  const file = (name) => path.join(scratch, `faces_${name}.json`);
  await mien('every', file('every'));
  await mien('annotate', file('annotate'));
  await mien('action', file('action'));
  await human('uncached', file('human'));
  await faceMesh(file('face_mesh'));
  const found = {
    'every, against Human': compareFiles(file('every'), file('human')),
    'annotate, against Human': compareFiles(file('annotate'), file('human')),
    'action, against face_mesh': compareFiles(file('action'), file('face_mesh')),
  };
  for (const [name, numbers] of Object.entries(found)) demandAgreement(name, numbers);
  return found;
}

// What runs in turns. Neighbours are what is divided by each other, so that a slow moment of the
// machine meets both.
const contestants = {
  human_uncached: () => human('uncached'),
  mien_every: () => mien('every'),
  mien_every_tiles: () => mien('every_tiles'),
  human_cached: () => human('cached'),
  mien_annotate: () => mien('annotate'),
  face_mesh: () => faceMesh(),
  mien_action: () => mien('action'),
  stages: () => stages(franck),
  one_thread: () => annotate(franck, ['--threads', '1']),
  two_threads: () => annotate(franck, ['--threads', '2']),
  one_thread_action: () => annotate(franck, ['--threads', '1', '--channels', 'action']),
  decode_ffmpeg: () => decodeByFfmpeg(),
  several_one: () => annotate(several, ['--threads', '1']),
  several_two: () => annotate(several, ['--threads', '2']),
  still: () => annotate(path.join(clips, 'still_320x307.jpg'), []),
  still_larger: () => annotate(path.join(clips, 'still_720x576.jpg'), []),
  ...Object.fromEntries(['1280x720', '1920x1080'].flatMap((hd) => [
    [`hd_${hd}`, () => annotate(clip(`faces_${hd}.mp4`, 'still_720x576.jpg'), ['--threads', '1'])],
    [`hd_${hd}_no_small`, () => annotate(clip(`faces_${hd}.mp4`, 'still_720x576.jpg'), ['--threads', '1', '--no-small-faces'])],
  ])),
};

// Peak memory: once, two threads, which hold more than one.
async function memory() {
  const taken = {};
  for (const name of quick ? ['franck_10s'] : ['franck_10s', 'franck_30min', 'faces_1920x1080']) {
    say(`memory: ${name}`);
    const { stages: _, failures: __, ...record } = await annotate(path.join(clips, `${name}.mp4`), ['--threads', '2'], { memory: true });
    taken[name] = record;
  }
  return taken;
}

fs.mkdirSync(scratch, { recursive: true });
prepareFrames();
const results = { machine: describeMachine(root, program), quick, rounds: [] };
const save = () => fs.writeFileSync(path.join(out, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
say('do all see the same faces?');
results.agreement = await agreement();
for (let round = 0; round < rounds; round += 1) {
  const names = Object.keys(contestants);
  // Every other round backwards: none is always the one after a pause, or after a hot run.
  if (round % 2 === 1) names.reverse();
  const records = {};
  for (const name of names) {
    say(`round ${round + 1} of ${rounds}: ${name}`);
    records[name] = await contestants[name]();
  }
  results.rounds.push(records);
  save();  // a run that breaks off keeps its whole rounds
}
results.memory = await memory();
fs.rmSync(scratch, { recursive: true, force: true });
save();
fs.writeFileSync(path.join(out, 'benchmarks.md'), tables(results));
say(`numbers: ${path.relative(root, path.join(out, 'results.json'))}, tables: ${path.relative(root, path.join(out, 'benchmarks.md'))}`);
