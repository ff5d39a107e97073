// Runs of all rounds -> medians with their spread, ratios within a round, and the goals.
import { median } from './agree.mjs';

// {median, low, high} of one number a round.
export function spread(numbers) {
  return { median: median(numbers), low: Math.min(...numbers), high: Math.max(...numbers) };
}

// What the run's networks and the decoder would take if nothing else were done: calls that the run
// made, times what a bare call takes, and the time of bare decoding.
export function bareSeconds(run, stages) {
  let networks = 0;
  for (const network of stages.networks) {
    const stage = run.stages.find(({ stage: name }) => name === network.stage);
    if (stage) networks += (stage.calls * network.ms_mean) / 1e3;
  }
  return {
    networks,
    decode: stages.decode_seconds + networks,
    decode_and_convert: stages.decode_and_convert_seconds + networks,
  };
}

export function summarise(results) {
  const { rounds } = results;
  const over = (number) => spread(rounds.map(number));
  const franck = (name) => (r) => r[name].wall_s;
  const ratio = (above, below) => over((r) => above(r) / below(r));
  const ms = (name) => (r) => r[name].ms_per_frame;
  const bare = (r) => bareSeconds(r.one_thread, r.stages);
  const sameStages = rounds[0].one_thread.stages.map(({ stage, calls }) => {
    const seconds = over((r) => r.one_thread.stages.find((s) => s.stage === stage).seconds);
    const network = rounds[0].stages.networks.find((n) => n.stage === stage);
    return {
      stage,
      model: network?.model,
      calls,
      seconds,
      share: over((r) => r.one_thread.stages.find((s) => s.stage === stage).seconds / r.one_thread.wall_s),
      ms: over((r) => (1e3 * r.one_thread.stages.find((s) => s.stage === stage).seconds) / Math.max(calls, 1)),
      bare_ms: network ? over((r) => r.stages.networks.find((n) => n.stage === stage).ms_mean) : null,
    };
  });
  const hd = ['1280x720', '1920x1080'].map((size) => ({
    size,
    frames: rounds[0][`hd_${size}`].frames_analysed,
    with_ms: over((r) => (1e3 * r[`hd_${size}`].wall_s) / r[`hd_${size}`].frames_analysed),
    without_ms: over((r) => (1e3 * r[`hd_${size}_no_small`].wall_s) / r[`hd_${size}_no_small`].frames_analysed),
    ratio: ratio(franck(`hd_${size}`), franck(`hd_${size}_no_small`)),
    with_tracks: rounds[0][`hd_${size}`].faces,
    without_tracks: rounds[0][`hd_${size}_no_small`].faces,
  }));
  const memory = results.memory.franck_30min ?? results.memory.franck_10s;
  return {
    frames_per_run: rounds[0].one_thread.frames_analysed,
    seconds_of: {
      one_thread: over(franck('one_thread')),
      two_threads: over(franck('two_threads')),
      one_thread_action: over(franck('one_thread_action')),
      several_one: over(franck('several_one')),
      several_two: over(franck('several_two')),
      still: over(franck('still')),
      still_larger: over(franck('still_larger')),
      decode: over((r) => r.stages.decode_seconds),
      decode_and_convert: over((r) => r.stages.decode_and_convert_seconds),
      decode_ffmpeg: over(franck('decode_ffmpeg')),
      bare_networks: over((r) => bare(r).networks),
    },
    ms_of: Object.fromEntries(['human_uncached', 'human_cached', 'face_mesh', 'mien_every', 'mien_every_tiles', 'mien_annotate', 'mien_action']
      .map((name) => [name, over(ms(name))])),
    peak_mb_of: Object.fromEntries(['human_uncached', 'human_cached', 'mien_every', 'mien_every_tiles', 'mien_annotate', 'mien_action']
      .map((name) => [name, over((r) => r[name].peak_mb).median])),
    stages: sameStages,
    // Processor time over wall time of runs on one thread: 1 on a machine that does nothing else.
    least_cpu_share: Math.min(...rounds.flatMap((r) =>
      ['one_thread', 'stages', 'human_uncached', 'mien_every', 'mien_annotate', 'mien_action'].map((name) => r[name].cpu_s / r[name].wall_s))),
    hd,
    memory_ratio: memory.peak_mb / results.memory.franck_10s.peak_mb,
    goals: [
      { goal: 'every output on every frame, one thread: at least 5 times Human, uncached', least: 5, unit: 'x', ...ratio(ms('human_uncached'), ms('mien_every')) },
      { goal: 'the same, with the tiles for small faces on every frame, which Human does not look for', least: 5, unit: 'x', ...ratio(ms('human_uncached'), ms('mien_every_tiles')) },
      { goal: 'as `annotate` runs: at least 5 times Human, uncached', least: 5, unit: 'x', ...ratio(ms('human_uncached'), ms('mien_annotate')) },
      { goal: "as `annotate` runs: faster than Human's cached mode", least: 1, unit: 'x', ...ratio(ms('human_cached'), ms('mien_annotate')) },
      { goal: '`--channels action`: at least 3 times @mediapipe/face_mesh', least: 3, unit: 'x', ...ratio(ms('face_mesh'), ms('mien_action')) },
      { goal: 'end to end: at most 1.25 times bare networks and decoding to RGB', most: 1.25, unit: 'x', ...over((r) => r.one_thread.wall_s / bare(r).decode_and_convert) },
      { goal: 'end to end, strictly: bare networks and decoding without colour conversion', most: 1.25, unit: 'x', ...over((r) => r.one_thread.wall_s / bare(r).decode) },
      { goal: 'start-up: `annotate` of one still of 320 x 307 under 0.4 s', most: 0.4, unit: ' s', ...over(franck('still')) },
      { goal: 'two threads on franck.mp4 alone: at least 1.8 times one', least: 1.8, unit: 'x', ...ratio(franck('one_thread'), franck('two_threads')) },
      { goal: 'two threads on several videos: at least 1.8 times one', least: 1.8, unit: 'x', ...ratio(franck('several_one'), franck('several_two')) },
      { goal: 'peak memory, 30 min of video, two threads: under 700 MB', most: 700, unit: ' MB', ...spread([memory.peak_mb]) },
      { goal: 'peak memory of 30 min over that of 10 s: equal (at most 1.1)', most: 1.1, unit: 'x', ...spread([memory.peak_mb / results.memory.franck_10s.peak_mb]) },
    ],
  };
}

export function isMet(goal) {
  return goal.least !== undefined ? goal.median >= goal.least : goal.median <= goal.most;
}
