"""How long contexts from words take, and in how much memory: a table in Markdown.

    python3 bench/text/run.py build/release/mien [--rows 30000 300000] [--encoded 20000] [--labels 800]
        [--model use_lite]... [--threads 1]

Makes titles with descriptions (corpus.py), trains a classifier on some, and names the contexts of
every number of `rows` videos with it and of `encoded` videos with every sentence encoder named: the
whole command, from the study's corpus to closed tables. CPU is user and system time of the process,
which other work on the machine disturbs less than the clock. Lines of JSON go to standard error.
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


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), "unknown processor")
    return f"{model}, {os.cpu_count()} cores"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mien")
    parser.add_argument("--rows", type=int, nargs="+", default=[30_000, 300_000])
    parser.add_argument("--encoded", type=int, default=20_000)
    parser.add_argument("--labels", type=int, default=800)
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    work = pathlib.Path("build/bench/text")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    corpus.write(options.labels, work / "labels.csv")
    classifier = work / "classifier"
    run([options.mien, "train", "context-text", "--labels", work / "labels.csv", "--out", classifier,
         "--id", "bench"])
    todo = [("classifier", classifier / "manifest.json", rows) for rows in options.rows]
    todo += [(model, model, options.encoded) for model in options.model]
    print(f"{machine()}, {options.threads} thread(s).\n")
    print("| model | videos | bytes a video | different texts | rows | seconds | of CPU | videos a CPU second "
          "| peak MB | load before |\n|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for name, model, rows in todo:
        place, width = study(options.mien, work / f"of-{rows}", rows)
        load = round(os.getloadavg()[0], 1)
        spent, out = run([options.mien, "contexts", "text", "--study", place, "--model", model,
                          "--threads", str(options.threads), "--json", "--redo"])
        told = json.loads(out)
        print(json.dumps({"model": name, "videos": rows, **spent}), file=sys.stderr, flush=True)
        print(f"| {name} | {rows:,} | {width} | {told['texts']:,} | {told['context_rows']:,} | {spent['wall_s']} "
              f"| {spent['cpu_s']} | {rows / spent['cpu_s']:,.0f} | {spent['peak_mb']} | {load} |", flush=True)
        shutil.rmtree(work / f"of-{rows}")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
