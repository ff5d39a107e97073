"""How long contexts from words take, and in how much memory.

    python3 bench/text/run.py build/release/mien [--rows 300000] [--encoded 20000] [--labels 3000]
        [--model use_lite]... [--threads 1]

Makes titles with descriptions (corpus.py), trains a classifier on some, and names the contexts of
`rows` videos with it and of `encoded` videos with every sentence encoder named: the whole command,
from the study's corpus to closed tables. Prints one line of JSON a run; per_second counts videos,
cpu_s is user and system time of the process.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import corpus


def run(words):
    """Wall and processor seconds, peak MB and what the command printed."""
    began = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"run.py: failed: {' '.join(map(str, words))}")
    return {
        "wall_s": round(time.monotonic() - began, 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": round(usage.ru_maxrss / 1024),
    }, out


def study(mien, folder, rows):
    """A study of so many titles, and its bytes of words a video."""
    folder.mkdir(parents=True)
    corpus.write(rows, folder / "list.csv")
    size = (folder / "list.csv").stat().st_size
    run([mien, "ingest", folder / "list.csv", "--out", folder / "study"])
    (folder / "list.csv").unlink()
    return folder / "study", round(size / rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mien")
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--encoded", type=int, default=20_000)
    parser.add_argument("--labels", type=int, default=3_000)
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    work = pathlib.Path("build/bench/text")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    corpus.write(options.labels, work / "labels.csv")
    classifier = work / "classifier"
    trained, _ = run([options.mien, "train", "context-text", "--labels", work / "labels.csv",
                      "--out", classifier, "--id", "bench"])
    print(json.dumps({"train": options.labels, **trained}), flush=True)
    large, width = study(options.mien, work / "large", options.rows)
    small, _ = study(options.mien, work / "small", options.encoded)
    for place, model, rows in [(large, classifier / "manifest.json", options.rows)] + [
            (small, model, options.encoded) for model in options.model]:
        load = round(os.getloadavg()[0], 1)
        spent, out = run([options.mien, "contexts", "text", "--study", place, "--model", model,
                          "--threads", str(options.threads), "--json", "--redo"])
        told = json.loads(out)
        print(json.dumps({
            "model": told["model"], "videos": rows, "bytes_a_video": width,
            "different_texts": told["texts"], "rows": told["context_rows"], **spent,
            "per_second": round(rows / spent["wall_s"]), "per_cpu_second": round(rows / spent["cpu_s"]),
            "load_before": load}), flush=True)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
