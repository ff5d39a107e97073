// results.json -> the tables of docs/benchmarks.md.
import { isMet, summarise } from './summary.mjs';

function digits(value) {
  if (value >= 100) return value.toFixed(0);
  return value.toPrecision(value >= 10 ? 3 : 2);
}

const shown = ({ median, low, high }) => (low === high ? digits(median) : `${digits(median)} (${digits(low)}-${digits(high)})`);
const percent = (share) => `${(100 * share).toFixed(0)}%`;

function table(header, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(header), `|${header.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

function machineText({ machine, rounds, quick }, least) {
  const [version] = (machine.mien ?? 'unknown').split('\n');
  return [
    `${machine.processor}, ${machine.cores} cores (${machine.vectors}); ${machine.caches}; ${machine.memory_gb} GB; ${machine.system}; ${machine.compiler}.`,
    `${version}, revision ${machine.revision}${machine.changed ? ' with changes' : ''}; Human ${machine.human} on tfjs-backend-wasm ${machine.tfjs_wasm} (SIMD, one thread), Node ${machine.node}; @mediapipe/face_mesh ${machine.face_mesh} in Chromium ${rounds[0].face_mesh.browser}.`,
    `${rounds.length} round${rounds.length === 1 ? '' : 's'}, programs in turns; medians, in brackets the least and the greatest. Runs on one thread had at least ${percent(least)} of a processor.`,
    ...(least < 0.9 ? ['**The machine did other work at the same time: trust the ratios little and the seconds not at all.**'] : []),
    ...(quick ? ['**A quick look at whether everything runs: these numbers mean nothing.**'] : []),
  ].join('\n\n');
}

function peersTable(summary) {
  const perSecond = ({ median }) => digits(1000 / median);
  const rows = [
    ['human_uncached', 'Human, no cache', 'detection, mesh, emotion, descriptor with age and gender on every frame'],
    ['mien_every', 'Mien, every output on every frame', 'detection, mesh, pose, quality, descriptor, all channels on every frame'],
    ['mien_every_tiles', 'the same, with tiles for small faces', 'four more passes of detection on every frame'],
    ['human_cached', 'Human, its default cache', 'the same where it thinks the picture has changed'],
    ['mien_annotate', 'Mien, as `annotate` runs', 'mesh, pose, quality, all channels on every frame; detection on every 4th; descriptor where needed'],
    ['face_mesh', '@mediapipe/face_mesh', 'mesh, by tracking'],
    ['mien_action', 'Mien, `--channels action`', 'mesh, pose, quality, action channels on every frame; detection on every 4th'],
  ];
  return table(['program', 'what it does', 'ms a frame', 'frames/s', 'peak MB'],
    rows.map(([key, name, what]) => [name, what, shown(summary.ms_of[key]), perSecond(summary.ms_of[key]), summary.peak_mb_of[key] ?? 'not measured']));
}

function stagesTable(summary) {
  const rows = summary.stages.map((s) => [
    s.model ? `${s.stage} (${s.model})` : s.stage,
    s.calls,
    shown(s.seconds),
    percent(s.share.median),
    s.stage === 'decode' ? '' : shown(s.ms),
    s.bare_ms ? shown(s.bare_ms) : '',
  ]);
  const rest = 1 - summary.stages.reduce((sum, s) => sum + s.share.median, 0);
  rows.push(['all else: start, pose, quality, cuts, tracks, tables', '', '', percent(rest), '', '']);
  return table(['stage', 'calls', 'seconds', 'share', 'ms a call, with preparation', 'bare ms a call'], rows);
}

function secondsTable(summary) {
  const s = summary.seconds_of;
  const rows = [
    ['`mien annotate franck.mp4 --threads 1`', s.one_thread],
    ['the same, `--threads 2`', s.two_threads],
    ['the same, `--threads 1 --channels action`', s.one_thread_action],
    ['six clips, `--threads 1`', s.several_one],
    ['six clips, `--threads 2`', s.several_two],
    ['one still, 320 x 307', s.still],
    ['one still, 720 x 576: the tiles for small faces too', s.still_larger],
    ['decoding franck.mp4 alone (all frames)', s.decode],
    ['the same, frames of the grid brought to RGB', s.decode_and_convert],
    ['`ffmpeg -threads 1 -i franck.mp4 -f null -`, with its start', s.decode_ffmpeg],
    ['bare networks: calls of the run x bare ms a call', s.bare_networks],
  ];
  return table(['what', 'seconds'], rows.map(([what, value]) => [what, shown(value)]));
}

function smallFacesTable(summary) {
  return table(['clip', 'grid frames', 'ms a frame', 'ms a frame, `--no-small-faces`', 'ratio', 'tracks', 'tracks, `--no-small-faces`'],
    summary.hd.map((h) => [h.size, h.frames, shown(h.with_ms), shown(h.without_ms), shown(h.ratio), h.with_tracks, h.without_tracks]));
}

function memoryTable({ memory }) {
  return table(['clip, two threads', 'grid frames', 'peak MB, all processes', 'of the largest process', 'seconds'],
    Object.entries(memory).map(([clip, m]) => [clip.replace('franck_', ''), m.frames_analysed, m.peak_mb, m.largest_mb, digits(m.wall_s)]));
}

function agreementTable({ agreement }) {
  return table(['programs', 'frames', 'same number of faces', 'median overlap of meshes', 'median landmark distance, share of the eye distance'],
    Object.entries(agreement).map(([name, a]) =>
      [name, a.frames, percent(a.same_number_of_faces), a.median_overlap.toFixed(3), a.median_landmark_distance.toFixed(4)]));
}

function goalsTable(summary) {
  return table(['goal', 'measured', 'met'],
    summary.goals.map((goal) => [goal.goal, `${shown(goal)}${goal.unit}`, isMet(goal) ? 'yes' : '**no**']));
}

export function tables(results) {
  const summary = summarise(results);
  return `${[
    '### Machine and programs', machineText(results, summary.least_cpu_share),
    '### Goals', goalsTable(summary),
    '### The same frames, side by side', peersTable(summary),
    '### Checked before: the same faces', agreementTable(results),
    '### From file to tables', secondsTable(summary),
    '### Where the time goes: franck.mp4, one thread', stagesTable(summary),
    '### Memory', memoryTable(results),
    '### What small faces in large pictures cost', smallFacesTable(summary),
  ].join('\n\n')}\n`;
}
