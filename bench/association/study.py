#!/usr/bin/env python3
"""Times the study's commands on simulated videos beside numpy and scipy; called by tools/bench_study.

    study.py PROGRAM OUT [--quick] [--write-docs DOCUMENT]
Writes OUT/study.json and OUT/study.md. --quick: a tenth of the videos; its numbers mean nothing.
"""
import argparse
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import time

import duckdb

HERE = pathlib.Path(__file__).resolve().parent
BEGIN = "<!-- measured study: begin, written by tools/bench_study --write-docs -->"
END = "<!-- measured study: end -->"


def run(command):
    """Seconds, seconds of CPU, peak resident MB (10^6 bytes) and standard output; its errors end all."""
    print("bench_study:", " ".join(str(part) for part in command), file=sys.stderr)
    begin = time.monotonic()
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True) as child:
        text = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"bench_study: exit status {child.returncode}")
    return {"wall_s": time.monotonic() - begin, "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_mb": usage.ru_maxrss * 1024 / 1e6, "text": text}


def scan(study):
    """DuckDB over the columns that `mien associate` reads, every value looked at, two threads."""
    sql = f"""SET threads = 2;
SELECT max(COLUMNS(*)) FROM (SELECT COLUMNS('video_id|country|region|uploader|language|covariate_.*')
  FROM read_parquet('{study}/corpus.parquet'));
SELECT max(COLUMNS('video_id|label_.*')) FROM read_parquet('{study}/expressions.parquet');
SELECT max(video_id), max(status), max(source) FROM read_parquet('{study}/context_status.parquet');
SELECT max(video_id), max(context), max(score_prob), max(above_threshold), max(source)
  FROM read_parquet('{study}/contexts.parquet')"""
    return run([sys.executable, "-c", "import duckdb, sys\nfor s in sys.argv[1].split(';'): "
                "duckdb.execute(s).fetchall()", sql])


def agreement(maps, peer):
    """The same estimates, or nothing is worth comparing."""
    cells, furthest, se_ratio = duckdb.sql(f"""
SELECT count(*), max(abs(m.estimate - p.estimate)), median(m.se / p.se)
FROM '{maps}' m JOIN '{peer}' p USING (region, context, expression) WHERE m.estimate IS NOT NULL""").fetchall()[0]
    if furthest > 1e-9 or not 0.95 < se_ratio < 1.05:
        sys.exit(f"bench_study: {maps} and {peer} disagree: {furthest} in estimates, se {se_ratio}")
    return {"cells": cells, "furthest": furthest, "se_ratio": se_ratio}


def write_list(path, rows):
    duckdb.sql(f"""COPY (SELECT 'v' || i AS video_id, 'clips/' || i || '.mp4' AS uri,
  ['US','BR','IN','DE','JP','NG','MX','FR','ID','EG','Chile','Kenya'][1 + i % 12] AS country,
  'A day number ' || (hash(i) % 5000000) AS title, 'en' AS language,
  '2015-0' || (1 + i % 9) || '-1' || (i % 10) AS uploaded_on, 'u' || (hash(i + 1) % 900000) AS uploader,
  (hash(i + 2) % 1000) / 10.0 AS covariate_age FROM range({rows}) t(i)) TO '{path}' (HEADER)""")


def measure(program, out, million, shared, results, save):
    study, maps, peer = out / "study", out / "maps.parquet", out / "peer.parquet"

    def note(name, record):
        record.pop("text", None)
        results[name] = record
        save()  # a run that breaks off keeps what it has

    def simulate(name, videos, contexts=653):
        shutil.rmtree(study, ignore_errors=True)
        note(f"simulate {name}", run([program, "simulate", "--out", study, "--videos", int(videos * million),
                                      "--contexts", contexts]))

    def associate(name, by):
        record = run([program, "associate", "--study", study, "--by", by, "--threads", 2, "--json"])
        record["stages"] = json.loads(record["text"])["seconds"]
        note(f"associate {name} {by}", record)

    try:
        simulate("3", 3)
        note("scan", scan(study))
        for by in ("region", "country"):
            associate("3", by)
            shutil.move(study / "maps" / "maps.parquet", maps)
            shutil.rmtree(study / "maps")
            note(f"peer {by}", run([sys.executable, HERE / "peer.py", study, peer, "--by", by]))
            results[f"agreement {by}"] = agreement(maps, peer)
        simulate("3x1953", 3, 1953)
        for by in ("region", "country"):
            associate("3x1953", by)
        shutil.rmtree(study)
        write_list(out / "list.csv", 6 * million)
        note("ingest", run([program, "ingest", out / "list.csv", "--out", study]))
        published = [program, "compare", "--maps", shared / "data" / "published-maps", "--experiment", 1, "--json"]
        if (shared / "data" / "published-maps").exists():
            note("compare none", run([*published, "--permutations", 0]))
            note("compare all", run(published))
        for name, videos in (("0.3", 0.3), ("6", 6)):
            simulate(name, videos)
            associate(name, "region")
    finally:
        shutil.rmtree(study, ignore_errors=True)
        for path in (out / "list.csv", maps, peer):
            path.unlink(missing_ok=True)


ROWS = [
    ("simulate 3", "`mien simulate`, 3 million x 653", "180 s, 2,000 MB"),
    ("scan", "reading its columns alone: DuckDB, two threads", ""),
    ("associate 3 region", "`mien associate --by region`, 3 million x 653", "30 s, 2,000 MB"),
    ("peer region", "the same in numpy and scipy", ""),
    ("associate 3 country", "`mien associate --by country`, 3 million x 653", "30 s, 2,000 MB"),
    ("peer country", "the same in numpy and scipy", ""),
    ("associate 3x1953 region", "`mien associate --by region`, 3 million x 1,953", "60 s, 3,000 MB"),
    ("associate 3x1953 country", "`mien associate --by country`, 3 million x 1,953", "60 s, 3,000 MB"),
    ("associate 0.3 region", "`mien associate --by region`, 0.3 million x 653", "linear"),
    ("associate 6 region", "the same, 6 million x 653", "linear"),
    ("ingest", "`mien ingest`, 6 million rows of CSV", "60 s, 2,000 MB"),
    ("compare none", "`mien compare`, published maps, `--permutations 0`", "2 s"),
    ("compare all", "the same, 9,999 permutations", "20 s"),
]


def table(results):
    machine = results["machine"]
    lines = [f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, Linux; Mien "
             f"{machine['revision']}; {machine['libraries']}. Load before the run: {machine['load']:.1f}.", ""]
    if results["quick"]:
        lines += ["**A tenth of the videos, a look whether everything runs: these numbers mean nothing.**", ""]
    lines += ["| what | seconds | of CPU | peak MB | goal |", "|---|---|---|---|---|"]
    for key, name, goal in ROWS:
        if key in results:
            r = results[key]
            lines.append(f"| {name} | {r['wall_s']:.1f} | {r['cpu_s']:.1f} | {r['peak_mb']:,.0f} | {goal} |")
    lines.append("")
    for by in ("region", "country"):
        if f"agreement {by}" not in results:
            continue
        mien, peer, same = (results[f"{name} {by}"] for name in ("associate 3", "peer", "agreement"))
        lines.append(f"By {by} Mien took {peer['wall_s'] / mien['wall_s']:.1f} times less than the script "
                     f"({peer['cpu_s'] / mien['cpu_s']:.1f} times less CPU; goal 5); {same['cells']:,} estimates differ by "
                     f"{same['furthest']:.0e} at most. Stages of Mien, seconds: "
                     + ", ".join(f"{stage} {s:.1f}" for stage, s in mien["stages"].items()) + ".\n")
    sizes = [(videos, results.get(f"associate {videos} region")) for videos in ("0.3", "3", "6")]
    if all(record for _, record in sizes):
        (_, low), (_, middle), (_, high) = sizes
        slope = lambda a, b, millions, kind: (b[kind] - a[kind]) / millions
        lines.append("By region, a further million videos took "
                     f"{slope(low, middle, 2.7, 'wall_s'):.1f} s ({slope(low, middle, 2.7, 'cpu_s'):.1f} of CPU) from 0.3 to "
                     f"3 million and {slope(middle, high, 3, 'wall_s'):.1f} s ({slope(middle, high, 3, 'cpu_s'):.1f} of CPU) "
                     "from 3 to 6: linear where the two agree. What remains at 0.3 million are the replicates.\n")
    return "\n".join(lines)


def describe():
    said = lambda *command: subprocess.run(command, capture_output=True, text=True, cwd=HERE).stdout.strip()
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    import numpy
    import pyarrow
    import scipy
    return {"processor": names[0] if names else platform.processor(), "cores": len(names),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "revision": said("git", "rev-parse", "--short=10", "HEAD"), "load": os.getloadavg()[0],
            "libraries": f"Python {platform.python_version()}, numpy {numpy.__version__}, scipy {scipy.__version__}, "
                         f"pyarrow {pyarrow.__version__}, DuckDB {duckdb.__version__}"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write-docs", type=pathlib.Path)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    results = {"machine": describe(), "quick": args.quick}
    shared = HERE.parent.parent.parent / "shared"

    def save():
        (args.out / "study.json").write_text(json.dumps(results, indent=1) + "\n")

    measure(args.program, args.out, 100_000 if args.quick else 1_000_000, shared, results, save)
    save()
    text = table(results)
    (args.out / "study.md").write_text(text)
    print(text)
    if args.write_docs:
        if args.quick:
            sys.exit("bench_study: a quick run is not for the documentation")
        document = args.write_docs.read_text()
        first, last = document.index(BEGIN) + len(BEGIN), document.index(END)
        args.write_docs.write_text(f"{document[:first]}\n\n{text}\n{document[last:]}")


if __name__ == "__main__":
    main()
