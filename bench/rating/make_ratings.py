#!/usr/bin/env python3
"""Ratings of the study's size, for timing `mien rate reliability`; needs numpy and pyarrow (build/bench-venv).

    make_ratings.py FOLDER   writes choice.csv, choice.parquet and value.parquet

About 300,000 judgements of 149,298 clips by 800 raters, 31 labels: one label chosen each (half of them the clip's own),
and an amount from 0 to 100 for every label.
"""
import pathlib
import sys

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.parquet

JUDGEMENTS, CLIPS, RATERS, LABELS = 300_000, 186_744, 800, 31


def names(prefix, numbers, count):
    words = pyarrow.array([f"{prefix}{n}" for n in range(count)])
    return pyarrow.DictionaryArray.from_arrays(pyarrow.array(numbers.astype("int32")), words).cast(pyarrow.string())


def main(folder):
    random = np.random.default_rng(1)
    rater = random.integers(0, RATERS, JUDGEMENTS)
    clip = random.integers(0, CLIPS, JUDGEMENTS)
    rater, clip = np.unique(np.stack([rater, clip], 1), axis=0).T
    own = random.integers(0, LABELS, CLIPS)[clip]
    n = len(rater)
    chosen = np.where(random.random(n) < 0.5, own, random.integers(0, LABELS, n))
    choice = pyarrow.table({"rater": names("r", rater, RATERS), "clip": names("clip", clip, CLIPS),
                            "label": names("label", chosen, LABELS)})
    pyarrow.csv.write_csv(choice, folder / "choice.csv")
    pyarrow.parquet.write_table(choice, folder / "choice.parquet")
    label = np.tile(np.arange(LABELS), n)
    amount = 50 + 20 * (np.repeat(own, LABELS) == label) + 15 * random.standard_normal(n * LABELS)
    value = pyarrow.table({"rater": names("r", np.repeat(rater, LABELS), RATERS),
                           "clip": names("clip", np.repeat(clip, LABELS), CLIPS),
                           "label": names("label", label, LABELS), "value": np.clip(np.round(amount), 0, 100)})
    pyarrow.parquet.write_table(value, folder / "value.parquet")


main(pathlib.Path(sys.argv[1]))
