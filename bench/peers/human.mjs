// Times the npm library @vladmandic/human (same weights, WebAssembly SIMD, one thread) on raw frames.
//
//   node bench/peers/human.mjs FRAMES.rgb WIDTH HEIGHT MODE [WARM_UP] [FACES.json]
// MODE: uncached (detection, mesh, emotion, description on every frame), cached (the library's own
// default cache), mesh (detection and mesh only, uncached).
// Prints one JSON line: {"peer", "mode", "frames", "ms_per_frame", "cpu_ms_per_frame", "peak_mb",
// "version"}. FACES.json receives boxes and landmarks, for comparison with others'.
import fs from 'node:fs';
import { loadHuman } from './load_human.mjs';

const [file, widthText, heightText, mode, warmUpText, facesFile] = process.argv.slice(2);
const width = Number(widthText);
const height = Number(heightText);
const warmUp = Number(warmUpText ?? 10);

const cached = mode === 'cached';
const all = mode !== 'mesh';
const human = await loadHuman({
  cacheSensitivity: cached ? 0.7 : 0,
  face: {
    enabled: true,
    detector: { maxDetected: 10, ...(cached ? {} : { skipFrames: 0, skipTime: 0 }) },
    mesh: { enabled: true },
    iris: { enabled: false },
    attention: { enabled: false },
    emotion: { enabled: all, ...(cached ? {} : { skipFrames: 0, skipTime: 0 }) },
    description: { enabled: all, ...(cached ? {} : { skipFrames: 0, skipTime: 0 }) },
    antispoof: { enabled: false },
    liveness: { enabled: false },
  },
});
const raw = fs.readFileSync(file);
const size = width * height * 3;
const frames = Math.floor(raw.length / size);
let faces = 0;
let milliseconds = 0;
let cpuBefore = process.cpuUsage();
const seen = [];
for (let i = 0; i < frames; i += 1) {
  const data = new Float32Array(raw.subarray(i * size, (i + 1) * size));
  const tensor = human.tf.tensor(data, [1, height, width, 3], 'float32');
  if (i === warmUp) cpuBefore = process.cpuUsage();
  const start = performance.now();
  const result = await human.detect(tensor);
  if (i >= warmUp) milliseconds += performance.now() - start;
  faces += result.face.length;
  if (facesFile) seen.push(result.face.map((face) => ({ box: face.box, mesh: face.mesh.map(([x, y]) => [x, y]) })));
  tensor.dispose();
}
const cpu = process.cpuUsage(cpuBefore);  // with making the tensors, a small part
if (facesFile) fs.writeFileSync(facesFile, JSON.stringify(seen));
console.log(JSON.stringify({
  peer: '@vladmandic/human',
  version: human.version,
  mode,
  frames: frames - warmUp,
  faces,
  ms_per_frame: milliseconds / (frames - warmUp),
  cpu_ms_per_frame: (cpu.user + cpu.system) / 1e3 / (frames - warmUp),
  peak_mb: Math.round(process.resourceUsage().maxRSS / 1024),
}));
