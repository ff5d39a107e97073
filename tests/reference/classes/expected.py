"""EfficientNet-Lite0 computed from the package's weights with NumPy alone, as the paper and the
package's own code define it: what the converted network is held against.

    python3 tests/reference/classes/expected.py WEIGHTS.pth PICTURE.ppm... > tests/reference/classes/expected.json

WEIGHTS.pth is what tools/optional_models keeps under build/optional. Pictures are binary PPM of
224 x 224, made by `ffmpeg -i FILE -vf "crop='min(iw,ih)':'min(iw,ih)',scale=224:224:flags=area"` and
named as the pictures of the npm packages are; the test makes the same seeded picture as `blocks`. Kept of each: 32 evenly spaced
logits and features, and the five best classes.
"""
import collections
import json
import pickle
import struct
import sys
import zipfile

import numpy as np

RUNS = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)]


class Storage:
    def __init__(self, name, count):
        self.name, self.count = name, count


def read_weights(path):
    """The state dict; only tensors and plain containers are unpickled."""

    def rebuild(storage, offset, size, stride, *_):
        return (storage, offset, tuple(size), tuple(stride))

    class Reader(pickle.Unpickler):
        def find_class(self, module, name):
            if (module, name) == ("collections", "OrderedDict"):
                return collections.OrderedDict
            if name in ("_rebuild_tensor_v2", "_rebuild_parameter"):
                return rebuild
            if module == "torch" and name.endswith("Storage"):
                return name
            raise pickle.UnpicklingError(f"{module}.{name}")

        def persistent_load(self, key):
            return Storage((key[1], key[2]), key[4])

    def laid_out(data, size, stride):  # strides count elements
        return np.lib.stride_tricks.as_strided(data, size, [s * data.itemsize for s in stride])

    kinds = {"FloatStorage": np.float32, "LongStorage": np.int64}
    weights = {}
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            root = next(n for n in archive.namelist() if n.endswith("data.pkl"))[: -len("data.pkl")]
            state = Reader(archive.open(root + "data.pkl")).load()
            for name, (storage, offset, size, stride) in state.items():
                kind, key = storage.name
                data = np.frombuffer(archive.read(f"{root}data/{key}"), kinds[kind])
                weights[name] = laid_out(data[offset:], size, stride)
        return weights
    with open(path, "rb") as file:  # the format before PyTorch 1.6: pickles, then raw storages
        for _ in range(3):
            pickle.load(file)
        state = Reader(file).load()
        keys = pickle.load(file)
        kind_of = {storage.name[1]: storage.name[0] for storage, *_ in state.values()}
        storages = {}
        for key in keys:
            (count,) = struct.unpack("<q", file.read(8))
            kind = kinds[kind_of[key]]
            storages[key] = np.frombuffer(file.read(count * np.dtype(kind).itemsize), kind)
    for name, (storage, offset, size, stride) in state.items():
        data = storages[storage.name[1]]
        weights[name] = laid_out(data[offset:], size, stride)
    return weights


def padded(x, kernel, stride):
    """TensorFlow's SAME: the odd pixel goes right and below."""
    pads = [(0, 0)]
    for size in x.shape[1:]:
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads.append((total // 2, total - total // 2))
    return np.pad(x, pads)


def convolution(x, kernel, stride=1):
    if kernel.shape[2:] == (1, 1):
        return np.tensordot(kernel[:, :, 0, 0], x, 1)
    size = kernel.shape[2]
    x = padded(x, size, stride)
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), (1, 2))[:, ::stride, ::stride]
    if kernel.shape[1] == 1 and kernel.shape[0] == x.shape[0]:
        return np.einsum("chwij,cij->chw", windows, kernel[:, 0], optimize=True)
    return np.einsum("chwij,ocij->ohw", windows, kernel, optimize=True)


def forward(weights, picture):
    def norm(x, name):
        scale = weights[name + ".weight"] / np.sqrt(weights[name + ".running_var"] + 1e-3)
        shift = weights[name + ".bias"] - scale * weights[name + ".running_mean"]
        return x * scale[:, None, None] + shift[:, None, None]

    def relu6(x):
        return np.clip(x, 0, 6)

    x = (picture.astype(np.float64).transpose(2, 0, 1) - 127) / 128
    x = relu6(norm(convolution(x, weights["_conv_stem.weight"], 2), "_bn0"))
    number = 0
    for repeats, _, first_stride, expand, channels in RUNS:
        for i in range(repeats):
            name = f"_blocks.{number}."
            stride = first_stride if i == 0 else 1
            inner = x
            if expand != 1:
                inner = relu6(norm(convolution(inner, weights[name + "_expand_conv.weight"]), name + "_bn0"))
            inner = relu6(norm(convolution(inner, weights[name + "_depthwise_conv.weight"], stride), name + "_bn1"))
            inner = norm(convolution(inner, weights[name + "_project_conv.weight"]), name + "_bn2")
            x = x + inner if stride == 1 and x.shape[0] == channels else inner
            number += 1
    features = relu6(norm(convolution(x, weights["_conv_head.weight"]), "_bn1")).mean((1, 2))
    return weights["_fc.weight"].astype(np.float64) @ features + weights["_fc.bias"], features


def blocks(seed):
    """As `blocks` of model_reference_test, rounded to whole levels of 0 to 255."""
    state = seed

    def grid(size):
        nonlocal state
        across = -(-224 // size)
        values = []
        for _ in range(across * across * 3):
            state = (state * 1664525 + 1013904223) % 2**32
            values.append(state / 2**32)
        values = np.array(values).reshape(across, across, 3)
        return values.repeat(size, 0).repeat(size, 1)[:224, :224]

    coarse, fine = grid(8), grid(2)
    return np.floor(255 * (0.75 * coarse + 0.25 * fine) + 0.5).astype(np.uint8)


def read_ppm(path):
    with open(path, "rb") as file:
        assert file.readline() == b"P6\n" and file.readline() == b"224 224\n" and file.readline() == b"255\n", path
        return np.frombuffer(file.read(), np.uint8).reshape(224, 224, 3)


def row(logits, features):
    probs = np.exp(logits - logits.max())
    probs /= probs.sum()
    spaced = lambda values: [[i, float(f"{values[i]:.7g}")] for i in range(0, len(values), len(values) // 32)][:32]
    return {
        "logits": spaced(logits),
        "features": spaced(features),
        "best": [[int(i), round(float(probs[i]), 4)] for i in np.argsort(-logits, kind="stable")[:5]],
    }


weights = read_weights(sys.argv[1])
pictures = {"blocks": row(*forward(weights, blocks(1)))}
for path in sys.argv[2:]:
    pictures[path.rsplit("/", 1)[-1]] = row(*forward(weights, read_ppm(path)))
rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in pictures.items())
print(f'{{"made_by": "tests/reference/classes/expected.py", "numpy": "{np.__version__}", "pictures": {{\n{rows}\n}}}}')
