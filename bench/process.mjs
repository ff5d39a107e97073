// Runs one program to its end and says what it took.
import { spawn } from 'node:child_process';
import fs from 'node:fs';

const POLL_MS = 20;

function textOf(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';  // the process is gone
  }
}

// High-water marks of resident memory (kB) of a process and all below it, by process id.
function noteMemory(pid, peaks) {
  const peak = /VmHWM:\s+(\d+)/.exec(textOf(`/proc/${pid}/status`));
  if (peak) peaks.set(pid, Math.max(peaks.get(pid) ?? 0, Number(peak[1])));
  for (const child of textOf(`/proc/${pid}/task/${pid}/children`).split(' ')) {
    if (child) noteMemory(Number(child), peaks);
  }
}

// {wall_s, cpu_s, stdout} and, with `memory`, {peak_mb, largest_mb}: the sum of the high-water marks of all
// processes started (pages that they share count more than once), and the largest one's. CPU seconds
// are those of the program and of the children it waited for. An exit status other than 0 throws.
export function measure(command, args, { memory = false, env = {}, cwd } = {}) {
  const timed = ['-c', 'TIMEFORMAT="%3R %3U %3S"; time "$@"', 'measure', command, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn('bash', timed, { env: { ...process.env, LC_ALL: 'C', ...env }, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (bytes) => { stdout += bytes; });
    child.stderr.on('data', (bytes) => { stderr += bytes; });
    const peaks = new Map();
    const poll = memory ? setInterval(() => noteMemory(child.pid, peaks), POLL_MS) : null;
    child.on('error', reject);
    child.on('close', (status) => {
      if (poll) clearInterval(poll);
      peaks.delete(child.pid);  // the shell that keeps the time
      const lines = stderr.trimEnd().split('\n');
      if (status !== 0) {
        reject(new Error(`${command} ${args.join(' ')}: exit status ${status}\n${lines.slice(-6).join('\n')}`));
        return;
      }
      const [wall_s, user_s, system_s] = lines.at(-1).split(' ').map(Number);
      const record = { wall_s, cpu_s: user_s + system_s, stdout };
      if (memory) {
        const kb = [...peaks.values()];
        record.peak_mb = Math.round(kb.reduce((sum, value) => sum + value, 0) / 1024);
        record.largest_mb = Math.round(Math.max(...kb) / 1024);
      }
      resolve(record);
    });
  });
}

export async function measureJson(command, args, options) {
  const record = await measure(command, args, options);
  const { stdout, ...rest } = record;
  return { ...rest, ...JSON.parse(stdout) };
}
