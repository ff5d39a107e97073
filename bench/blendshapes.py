#!/usr/bin/env python3
"""From detection to blendshapes: Mien beside MediaPipe's own runtime, in one run, rounds taking turns.

  tools/build release mien-bench-blendshapes
  python3 -m venv venv && venv/bin/pip install mediapipe==1.2.3 opencv-python-headless numpy
  venv/bin/python bench/blendshapes.py face_landmarker.task CLIP [--rounds 7] [--frames 240]

Every round shows the same frames, decoded before, to MediaPipe in mode VIDEO, to MediaPipe in mode IMAGE and to Mien, one after
the other. Given is processor time a frame, of all threads: the least and the median of the rounds, so that other programs on the
machine count little. One face is asked of MediaPipe. The bundle has to be among Mien's models (mien models add).
"""
import argparse
import json
import statistics
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'tests/reference/bundle'))

import cv2  # noqa: E402
from mediapipe.tasks.python import vision  # noqa: E402
from mediapipe_faces import as_image, frames, landmarker  # noqa: E402


def mediapipe_ms(bundle, mode, pictures):
    """Milliseconds of processor time a frame of one round; opening and the first look come before."""
    with landmarker(bundle, mode, 1) as finder:
        if mode == vision.RunningMode.VIDEO:
            def look(i):
                return finder.detect_for_video(pictures[i], 40 * (i + 1))
            finder.detect_for_video(pictures[0], 0)
        else:
            def look(i):
                return finder.detect(pictures[i])
            look(0)
        begin = time.process_time()
        seen = sum(len(look(i).face_blendshapes) for i in range(len(pictures)))
        return {'ms': 1000 * (time.process_time() - begin) / len(pictures), 'faces': seen}


class Mien:
    """mien-bench-blendshapes, one round a call."""

    def __init__(self, program, clip, count):
        self.process = subprocess.Popen([program, ROOT / 'models', ROOT / 'build/models', clip, str(count)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.round()

    def round(self):
        self.process.stdin.write('round\n')
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit('mien-bench-blendshapes ended; what it wrote stands above')
        return json.loads(answer)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('clip', type=Path)
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--frames', type=int, default=240)
    parser.add_argument('--program', type=Path, default=ROOT / 'build/release/bench/mien-bench-blendshapes')
    parser.add_argument('--alone', action='store_true', help='without MediaPipe')
    options = parser.parse_args()
    cv2.setNumThreads(1)
    mien = Mien(options.program, options.clip, options.frames)
    runs = {'Mien': mien.round}
    if not options.alone:
        pictures = [as_image(picture) for _, picture in islice(frames(options.clip), options.frames)]
        runs = {'MediaPipe, mode VIDEO': lambda: mediapipe_ms(options.bundle, vision.RunningMode.VIDEO, pictures),
                'MediaPipe, mode IMAGE': lambda: mediapipe_ms(options.bundle, vision.RunningMode.IMAGE, pictures), **runs}
    measured = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            measured[name].append(run())
    mien.end()

    least = {name: min(entry['ms'] for entry in rounds) for name, rounds in measured.items()}
    middle = {name: statistics.median(entry['ms'] for entry in rounds) for name, rounds in measured.items()}
    print(f'{options.clip.name}: {measured["Mien"][0]["frames"]} frames, {options.rounds} rounds; ms of processor time a frame')
    print(f'{"":24}{"least":>8}{"median":>8}{"Mien is":>10}{"faces":>7}')
    for name, rounds in measured.items():
        times = f'{least[name] / least["Mien"]:9.2f}x' if name != 'Mien' else ''
        print(f'{name:24}{least[name]:8.2f}{middle[name]:8.2f}{times:>10}{rounds[0]["faces"]:7}')
    best = min(measured['Mien'], key=lambda entry: entry['ms'])
    print('Mien by stage: ' + ', '.join(f'{stage} {ms:.2f}' for stage, ms in best['stages'].items()))


if __name__ == '__main__':
    main()
