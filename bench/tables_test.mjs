import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';

import { compareFaces, demandAgreement, median } from './agree.mjs';
import { describeMachine } from './machine.mjs';
import { bareSeconds, isMet, spread, summarise } from './summary.mjs';
import { tables } from './tables.mjs';
import { withTables } from './write_docs.mjs';

const mesh = (x, y, side) =>
  Array.from({ length: 468 }, (_, i) => (i === 263 ? [x + side, y] : [x + (i % 22) * (side / 21), y + Math.floor(i / 22) * (side / 21)]));

function round(factor) {
  const run = (wall_s) => ({
    wall_s: wall_s * factor, cpu_s: wall_s * factor, faces: 2, frames_analysed: 100,
    stages: [{ stage: 'decode', calls: 1, seconds: 1 }, { stage: 'detect', calls: 10, seconds: 2 }, { stage: 'other', calls: 3, seconds: 0.1 }],
  });
  const peer = (ms) => ({ ms_per_frame: ms * factor, peak_mb: 100, wall_s: 10, cpu_s: 9.5, browser: '1' });
  return {
    human_uncached: peer(100), mien_every: peer(20), mien_every_tiles: peer(40), human_cached: peer(25), mien_annotate: peer(5), face_mesh: peer(12), mien_action: peer(3),
    stages: { decode_seconds: 1 * factor, decode_and_convert_seconds: 2 * factor, networks: [{ stage: 'detect', model: 'blazeface', ms_mean: 200 * factor }], wall_s: 4, cpu_s: 4 },
    one_thread: run(5), two_threads: run(2.5), one_thread_action: run(4), decode_ffmpeg: { wall_s: 1 },
    several_one: run(10), several_two: run(5), still: run(0.3), still_larger: run(0.4),
    'hd_1280x720': run(6), 'hd_1280x720_no_small': run(3), 'hd_1920x1080': run(12), 'hd_1920x1080_no_small': run(3),
  };
}
const memoryOf = (peak_mb) => ({ peak_mb, largest_mb: peak_mb - 20, frames_analysed: 60, wall_s: 1 });
const results = {
  machine: { ...describeMachine(path.resolve(import.meta.dirname, '..'), 'false'), mien: 'mien 1\nmore', revision: 'abc' },
  agreement: { 'a against b': { frames: 2, same_number_of_faces: 1, median_overlap: 1, median_landmark_distance: 0 } },
  rounds: [round(1), round(3), round(2)],
  memory: { franck_10s: memoryOf(200), franck_30min: memoryOf(210) },
};

test('median of odd, even and no numbers', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.ok(Number.isNaN(median([])));
  assert.deepEqual(spread([3, 1, 2]), { median: 2, low: 1, high: 3 });
});

test('bare time counts the calls that the run made, and only networks', () => {
  const bare = bareSeconds(results.rounds[0].one_thread, results.rounds[0].stages);
  assert.deepEqual(bare, { networks: 2, decode: 3, decode_and_convert: 4 });
});

test('ratios are taken within a round, so that a slow round changes none', () => {
  const { goals, seconds_of: seconds } = summarise(results);
  const goal = (start) => goals.find((g) => g.goal.startsWith(start));
  assert.deepEqual(spread([5, 5, 5]), { median: goal('every output').median, low: goal('every output').low, high: goal('every output').high });
  assert.equal(goal('end to end: ').median, 1.25);
  assert.ok(isMet(goal('end to end: ')));
  assert.ok(!isMet(goal('end to end, strictly')));
  assert.equal(goal('two threads on franck.mp4').median, 2);
  assert.equal(seconds.one_thread.median, 10);
  assert.equal(goal('peak memory of 30 min').median, 1.05);
});

test('the tables name every goal and put no NaN', () => {
  const text = tables(results);
  for (const { goal } of summarise(results).goals) assert.ok(text.includes(goal), goal);
  assert.ok(!/NaN|undefined/.test(text), text);
});

test('faces in the same place agree, others do not', () => {
  const here = [[{ mesh: mesh(10, 10, 50) }], [{ mesh: mesh(12, 10, 50) }]];
  const there = [[{ mesh: mesh(80, 80, 50) }], [{ mesh: mesh(82, 80, 50) }]];
  demandAgreement('same', compareFaces(here, here));
  assert.throws(() => demandAgreement('other', compareFaces(here, there)));
  assert.throws(() => demandAgreement('none', compareFaces(here, [[], []])));
});

test('tables go between the marks and nowhere else', () => {
  const marks = ['<!-- measured: begin, written by tools/bench --write-docs -->', '<!-- measured: end -->'];
  const document = `head\n${marks[0]}\nold\n${marks[1]}\ntail\n`;
  const once = withTables(document, 'new\n');
  assert.equal(once, `head\n${marks[0]}\n\nnew\n\n${marks[1]}\ntail\n`);
  assert.equal(withTables(once, 'new\n'), once);
  assert.throws(() => withTables('no marks', 'new'));
});
