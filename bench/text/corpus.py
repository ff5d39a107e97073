"""Titles with descriptions for measurements, as many as are asked for, out of the test titles.

    python3 bench/text/corpus.py ROWS FILE.csv [--repeats SHARE]

Each is one of data/contexts/titles.csv with words of other titles in its language put in or taken
out, and with one to three of that language's descriptions. Seeded: the same number of rows gives the
same file. SHARE of the rows (0.1 where nothing is said) repeat an earlier row's words, as copies on
video platforms do. `contexts` holds what the first title was labelled with, so that a classifier can
be trained on the file; how well it reads says nothing, since training and test come from the same
572 titles.
"""
import argparse
import csv
import pathlib
import random

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def rows(count, repeats):
    with open(ROOT / "data" / "contexts" / "titles.csv", encoding="utf-8", newline="") as file:
        titles = list(csv.DictReader(file))
    by_language = {}
    for title in titles:
        own = by_language.setdefault(title["language"], ([], []))
        own[0].extend(title["title"].split())
        if title["description"]:
            own[1].append(title["description"])
    draw = random.Random(31)
    earlier = []
    for number in range(count):
        if earlier and draw.random() < repeats:
            yield f"v{number}", *draw.choice(earlier)
            continue
        title = draw.choice(titles)
        words, descriptions = by_language[title["language"]]
        own = title["title"].split()
        for _ in range(draw.randrange(4)):
            own.insert(draw.randrange(len(own) + 1), draw.choice(words))
        if len(own) > 3 and draw.random() < 0.5:
            own.pop(draw.randrange(len(own)))
        parts = [title["description"]] if title["description"] else []
        if descriptions:
            parts += [draw.choice(descriptions) for _ in range(draw.randrange(1, 3))]
        row = (" ".join(own), "\n".join(parts), title["contexts"])
        if len(earlier) < 100_000:
            earlier.append(row)
        yield f"v{number}", *row


def write(count, path, repeats=0.1):
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["video_id", "title", "description", "contexts"])
        out.writerows(rows(count, repeats))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=int)
    parser.add_argument("file")
    parser.add_argument("--repeats", type=float, default=0.1)
    options = parser.parse_args()
    write(options.rows, options.file, options.repeats)
