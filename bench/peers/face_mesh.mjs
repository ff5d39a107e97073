// Times the npm library @mediapipe/face_mesh (WebAssembly, mesh only) in headless Chromium on raw
// frames, which lie ready on a canvas when the clock starts.
//
//   node bench/peers/face_mesh.mjs FRAMES.rgb WIDTH HEIGHT [WARM_UP] [FACES.json]
// Prints one JSON line: {"peer", "mode", "frames", "faces", "ms_per_frame", "version"}. FACES.json
// receives the landmarks, for comparison with others'.
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

const [file, widthText, heightText, warmUpText, facesFile] = process.argv.slice(2);
const width = Number(widthText);
const height = Number(heightText);
const warmUp = Number(warmUpText ?? 10);
const folder = path.resolve(import.meta.dirname, '..', '..', 'node_modules', '@mediapipe', 'face_mesh');
const origin = 'http://bench.invalid';
const types = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html' };

const browser = await chromium.launch({
  executablePath: process.env.MIEN_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
});
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(`face_mesh: ${error.message}`));
  await page.route('**/*', (route) => {  // nothing leaves this machine
    const { pathname } = new URL(route.request().url());
    if (pathname === '/') {
      return route.fulfill({ contentType: 'text/html', body: '<!doctype html><canvas></canvas><script src="/face_mesh.js"></script>' });
    }
    if (pathname === '/frames') return route.fulfill({ contentType: 'application/octet-stream', body: fs.readFileSync(file) });
    const wanted = path.join(folder, path.basename(pathname));
    if (!fs.existsSync(wanted)) return route.fulfill({ status: 404 });
    return route.fulfill({ contentType: types[path.extname(wanted)] ?? 'application/octet-stream', body: fs.readFileSync(wanted) });
  });
  await page.goto(`${origin}/`);
  const result = await page.evaluate(async ({ width, height, warmUp, wantFaces }) => {
    const bytes = new Uint8Array(await (await fetch('/frames')).arrayBuffer());
    const canvas = document.querySelector('canvas');
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext('2d', { willReadFrequently: false });
    const mesh = new FaceMesh({ locateFile: (name) => `/${name}` });
    mesh.setOptions({ maxNumFaces: 1, refineLandmarks: false, minDetectionConfidence: 0.5, minTrackingConfidence: 0.5 });
    let found = [];
    mesh.onResults((results) => { found = results.multiFaceLandmarks ?? []; });
    await mesh.initialize();
    const pixels = width * height;
    const frames = Math.floor(bytes.length / (pixels * 3));
    const picture = context.createImageData(width, height);
    let milliseconds = 0;
    let faces = 0;
    const seen = [];
    for (let i = 0; i < frames; i += 1) {
      for (let p = 0, from = i * pixels * 3; p < pixels; p += 1, from += 3) {
        picture.data[4 * p] = bytes[from];
        picture.data[4 * p + 1] = bytes[from + 1];
        picture.data[4 * p + 2] = bytes[from + 2];
        picture.data[4 * p + 3] = 255;
      }
      context.putImageData(picture, 0, 0);
      found = [];
      const start = performance.now();
      await mesh.send({ image: canvas });
      if (i >= warmUp) milliseconds += performance.now() - start;
      faces += found.length;
      if (wantFaces) seen.push(found.map((points) => ({ mesh: points.map(({ x, y }) => [x * width, y * height]) })));
    }
    return { frames: frames - warmUp, faces, ms_per_frame: milliseconds / (frames - warmUp), seen };
  }, { width, height, warmUp, wantFaces: facesFile !== undefined });
  const { seen, ...numbers } = result;
  if (facesFile) fs.writeFileSync(facesFile, JSON.stringify(seen));
  const { version } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json')));
  console.log(JSON.stringify({ peer: '@mediapipe/face_mesh', version, browser: browser.version(), mode: 'mesh', ...numbers }));
} finally {
  await browser.close();
}
