#!/usr/bin/env python3
"""Expected outputs of the networks in face_landmarker.task, run by TensorFlow Lite's own interpreter.

  python3 -m venv venv && venv/bin/pip install ai-edge-litert==2.3.0 numpy
  venv/bin/python tests/reference/bundle/expected.py face_landmarker.task > tests/reference/bundle/expected.json

Inputs are blocks(...), as tests/reference/models/expected.mjs makes them, scaled into the network's range by
`low` and `high`; the points of the blendshapes are a picture of 146 rows, two columns and one channel. The seed is
the first whose outputs tell something. Of every output are kept: at most 32 evenly spaced elements, the 32
largest by magnitude, and the sum of all magnitudes.

  venv/bin/pip install onnxruntime pillow
  venv/bin/python tests/reference/bundle/expected.py face_landmarker.task --onnx build/models PICTURE...

compares instead the converted networks with the interpreter on real pictures (each whole, and its points): the
largest difference of every output, as a share of the output's largest magnitude.
"""
import argparse
import io
import json
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

MANIFESTS = Path(__file__).resolve().parents[3] / 'models' / 'bundle'


def grid(state, size, rows, columns, channels):
    values = np.zeros((-(-rows // size), -(-columns // size), channels))
    for index in np.ndindex(values.shape):
        state = (state * 1664525 + 1013904223) & 0xffffffff
        values[index] = state / 4294967296
    return state, values.repeat(size, 0).repeat(size, 1)[:rows, :columns]


def blocks(shape, seed, low, high):
    rows, columns, channels = shape
    state, coarse = grid(seed, 8, rows, columns, channels)
    _, fine = grid(state, 2, rows, columns, channels)
    return (low + (high - low) * (0.75 * coarse + 0.25 * fine)).astype(np.float32)


def as_picture(manifest):
    """Rows, columns, channels of the input that blocks() makes."""
    shape = manifest['input']['shape'][1:]
    return shape if len(shape) == 3 else [*shape, 1]


def rounded(x):
    return float(f'{x:.8g}')


def sample(output):
    data = output.astype(np.float64).ravel()
    spaced = range(0, data.size, max(1, data.size // 32))[:32]
    largest = sorted(range(data.size), key=lambda i: (-abs(data[i]), i))[:32]
    return {'size': data.size, 'largest': rounded(abs(data[largest[0]])), 'magnitudes': rounded(np.abs(data).sum()),
            'elements': [[i, rounded(data[i])] for i in sorted({*spaced, *largest})]}


def tells(output):
    high = sum(abs(x) > 0.01 * output['largest'] for _, x in output['elements'])
    return output['largest'] > 0 and high >= min(3, output['size'])


class Network:
    def __init__(self, bundle, manifest):
        self.manifest = manifest
        self.interpreter = Interpreter(model_content=bundle.read(manifest['source']['files'][0]['path']), num_threads=1,
                                       experimental_preserve_all_tensors=True)
        self.interpreter.allocate_tensors()
        self.tensors = {t['name']: t['index'] for t in self.interpreter.get_tensor_details()}

    def run(self, values):
        entry = self.interpreter.get_input_details()[0]
        self.interpreter.set_tensor(entry['index'], values.reshape(entry['shape']))
        self.interpreter.invoke()
        return {o['name']: self.interpreter.get_tensor(self.tensors[o['source']]).copy() for o in self.manifest['outputs']}


RANGES = {'mediapipe_face_detector': (-1, 1), 'mediapipe_face_landmarks': (0, 1), 'mediapipe_blendshapes': (0, 256)}


def expected(networks):
    models = {}
    for name, network in networks.items():
        low, high = RANGES[name]
        for seed in range(1, 51):
            outputs = {key: sample(value) for key, value in network.run(
                blocks(as_picture(network.manifest), seed, low, high)).items()}
            if all(map(tells, outputs.values())):
                break
        else:
            raise SystemExit(f'{name}: no seed gives outputs that tell anything')
        models[name] = {'seed': seed, 'low': low, 'high': high, 'outputs': outputs}
    return {'by': f"ai-edge-litert {version('ai-edge-litert')}", 'models': models}


# The 146 landmarks that the blendshapes take, of the 478 (kLandmarksSubsetIdxs in MediaPipe's face_blendshapes_graph.cc).
POINTS = json.loads('''[
  0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81, 82,
  84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157,
  158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270,
  276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 332, 334,
  336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398,
  400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477]''')


def compare(networks, folder, pictures):
    import onnxruntime
    from PIL import Image
    sessions = {name: onnxruntime.InferenceSession(str(folder / n.manifest['onnx_file'])) for name, n in networks.items()}
    worst = {}
    for path in pictures:
        whole = Image.open(path).convert('RGB')
        points = None
        for name, network in networks.items():
            low, high = RANGES[name]
            if name == 'mediapipe_blendshapes':
                values = points
            else:
                rows, columns, _ = as_picture(network.manifest)
                pixels = np.asarray(whole.resize((columns, rows)), dtype=np.float32)
                values = (low + (high - low) * pixels / 255).astype(np.float32)
            wanted = network.run(values)
            entry = sessions[name].get_inputs()[0]
            shape = [1 if not isinstance(e, int) else e for e in entry.shape]
            actual = sessions[name].run([o['name'] for o in network.manifest['outputs']], {entry.name: values.reshape(shape)})
            for (key, value), other in zip(wanted.items(), actual):
                share = float(np.abs(value.ravel() - other.ravel()).max() / np.abs(value).max())
                worst[f'{name} {key}'] = max(worst.get(f'{name} {key}', 0), share)
            if name == 'mediapipe_face_landmarks':
                points = wanted['mesh'].reshape(478, 3)[POINTS, :2].astype(np.float32)
    for key, value in worst.items():
        print(f'{key}: {value:.2e} of the largest, {len(pictures)} pictures')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--onnx', nargs='+', type=Path, metavar=('FOLDER', 'PICTURE'))
    options = parser.parse_args()
    bundle = zipfile.ZipFile(io.BytesIO(options.bundle.read_bytes()))
    networks = {name: Network(bundle, json.loads((MANIFESTS / f'{name}.json').read_text())) for name in RANGES}
    if options.onnx:
        compare(networks, options.onnx[0], options.onnx[1:])
    else:
        json.dump(expected(networks), sys.stdout, indent=1)
        print()


if __name__ == '__main__':
    main()
