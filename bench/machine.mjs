// What a measurement was made on and with: processor, memory, versions.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

function said(command, ...args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}

function caches() {
  const folder = '/sys/devices/system/cpu/cpu0/cache';
  if (!fs.existsSync(folder)) return null;
  const read = (index, name) => fs.readFileSync(path.join(folder, index, name), 'utf8').trim();
  return fs.readdirSync(folder).filter((name) => name.startsWith('index')).sort()
    .map((index) => `L${read(index, 'level')} ${read(index, 'type').toLowerCase()} ${read(index, 'size')}`)
    .join(', ');
}

// Vector instructions that the networks' kernels choose between.
function vectors() {
  const flags = /^flags\s*:(.*)$/m.exec(fs.readFileSync('/proc/cpuinfo', 'utf8'))?.[1].split(' ') ?? [];
  return ['sse4_2', 'avx2', 'fma', 'avx512f', 'avx512_vnni', 'amx_tile'].filter((flag) => flags.includes(flag)).join(' ');
}

function packageVersion(root, name) {
  return JSON.parse(fs.readFileSync(path.join(root, 'node_modules', name, 'package.json'))).version;
}

export function describeMachine(root, program) {
  return {
    processor: os.cpus()[0].model,
    cores: os.cpus().length,
    vectors: vectors(),
    caches: caches(),
    memory_gb: Math.round(os.totalmem() / 2 ** 30),
    system: `${/^PRETTY_NAME="(.*)"$/m.exec(fs.readFileSync('/etc/os-release', 'utf8'))?.[1] ?? os.type()}, Linux ${os.release().replace(/-.*/, '')}`,
    compiler: said('c++', '--version')?.split('\n')[0] ?? null,
    mien: said(program, '--version'),
    revision: said('git', '-C', root, 'rev-parse', '--short=10', 'HEAD'),
    changed: (said('git', '-C', root, 'status', '--porcelain', '--', 'src', 'bench', 'models', 'cmake') ?? '') !== '',
    node: process.version,
    human: packageVersion(root, '@vladmandic/human'),
    tfjs_wasm: packageVersion(root, '@tensorflow/tfjs-backend-wasm'),
    face_mesh: packageVersion(root, '@mediapipe/face_mesh'),
  };
}
