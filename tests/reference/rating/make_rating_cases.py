#!/usr/bin/env python3
"""Expected reliabilities of small rating tables, by other people's programs: krippendorff (alpha),
pingouin (ICC), statsmodels (Fleiss' kappa), scikit-learn (Cohen's kappa); the variance components by
maximising the restricted likelihood of the whole covariance matrix with scipy.

    make_rating_cases.py --inputs   writes the tables cases/*.csv anew
    make_rating_cases.py            writes expected.json from cases/*.csv
    make_rating_cases.py --check    computes again and compares with the committed file
"""
import csv
import json
import math
import pathlib
import sys
import warnings

import krippendorff
import numpy as np
import pandas
import pingouin
import scipy
import scipy.optimize
import sklearn
import sklearn.metrics
import statsmodels
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

HERE = pathlib.Path(__file__).resolve().parent
CANONICAL = [[1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
             [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None]]
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def tables():
    """Name -> raters x clips, NaN where a rater did not rate."""
    random = np.random.default_rng(20211)
    result = {"canonical": np.array(CANONICAL, dtype=float), "shrout_fleiss": np.array(SHROUT_FLEISS, dtype=float).T}

    def rated(raters, clips, clip_sd, rater_sd, missing):
        value = 4 + clip_sd * random.standard_normal(clips) + rater_sd * random.standard_normal((raters, 1))
        value = value + random.standard_normal((raters, clips))
        value[random.random(value.shape) < missing] = np.nan
        return value

    result["points"] = np.clip(np.round(rated(5, 40, 1.5, 0.5, 0.25)), 1, 7)
    result["amounts"] = np.round(rated(6, 30, 1.0, 0.7, 0.3), 3)
    result["complete"] = np.round(rated(4, 25, 1.2, 0.4, 0), 2)
    result["yes_no"] = (rated(5, 60, 1.0, 0.2, 0) > 4.5).astype(float)
    result["two_raters"] = np.clip(np.round(rated(2, 50, 1.0, 0.2, 0)), 2, 5)
    return result


def write_inputs():
    (HERE / "cases").mkdir(exist_ok=True)
    for name, table in tables().items():
        with open(HERE / "cases" / f"{name}.csv", "w", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["rater", "clip", "label", "value"])
            for r, ratings in enumerate(table):
                for c, value in enumerate(ratings):
                    if not math.isnan(value):
                        rows.writerow([f"r{r}", f"c{c:02d}", "awe", repr(float(value))])


def read(path):
    rows = pandas.read_csv(path)
    return rows, rows.pivot(index="rater", columns="clip", values="value").to_numpy(dtype=float, copy=True)


def reml(rows):
    """Variances of clip, rater and residual from the dense covariance matrix."""
    y = rows["value"].to_numpy()
    zc = (pandas.factorize(rows["clip"])[0][:, None] == np.arange(rows["clip"].nunique())).astype(float)
    zr = (pandas.factorize(rows["rater"])[0][:, None] == np.arange(rows["rater"].nunique())).astype(float)
    one = np.ones(len(y))

    def minus_twice_log(theta):
        v = theta[0] ** 2 * zc @ zc.T + theta[1] ** 2 * zr @ zr.T + theta[2] ** 2 * np.eye(len(y))
        inverse = np.linalg.inv(v)
        ones = one @ inverse @ one
        beta = one @ inverse @ y / ones
        rest = y - beta
        return np.linalg.slogdet(v)[1] + math.log(ones) + rest @ inverse @ rest

    best = min((scipy.optimize.minimize(minus_twice_log, start, method="Nelder-Mead",
                                        options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 20000})
                for start in ([1, 1, 1], [0.3, 0.1, 1])), key=lambda found: found.fun)
    return [float(t) ** 2 for t in best.x]


def expected(path):
    rows, table = read(path)
    out = {"alpha": {}}
    for level in ("nominal", "ordinal", "interval", "ratio"):
        if level == "ratio" and np.nanmin(table) < 0:
            continue
        out["alpha"][level] = float(krippendorff.alpha(reliability_data=table, level_of_measurement=level))
    complete = table[:, ~np.isnan(table).any(axis=0)]
    out["complete_clips"] = int(complete.shape[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        icc = pingouin.intraclass_corr(rows, targets="clip", raters="rater", ratings="value", nan_policy="omit")
    names = {"ICC1": "icc1", "ICC2": "icc2", "ICC3": "icc3", "ICC1k": "icc1k", "ICC2k": "icc2k", "ICC3k": "icc3k"}
    interval = next(column for column in icc.columns if column.startswith("CI95"))
    out["icc"] = {names[row["Type"]]: [float(row["ICC"]), *(float(b) for b in row[interval])]
                  for _, row in icc.iterrows()}  # intervals are rounded to 2 digits there
    if complete.shape[1] == table.shape[1]:
        out["fleiss"] = float(fleiss_kappa(aggregate_raters(table.T)[0]))
    if len(table) == 2:
        out["cohen"] = float(sklearn.metrics.cohen_kappa_score(table[0], table[1]))
    out["components"] = reml(rows)
    return out


def main():
    if "--inputs" in sys.argv:
        write_inputs()
    result = {"versions": {"python": sys.version.split()[0], "krippendorff": "0.8.1", "pingouin": pingouin.__version__,
                           "numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__,
                           "scikit-learn": sklearn.__version__},
              "cases": {path.stem: expected(path) for path in sorted((HERE / "cases").glob("*.csv"))}}
    file = HERE / "expected.json"
    if "--check" not in sys.argv:
        file.write_text(json.dumps(result, indent=1) + "\n")
        return
    before = json.loads(file.read_text())["cases"]

    def differences(a, b, place):
        if isinstance(a, dict):
            for key in a:
                differences(a[key], b[key], f"{place}.{key}")
        elif isinstance(a, list):
            for i, (x, y) in enumerate(zip(a, b, strict=True)):
                differences(x, y, f"{place}[{i}]")
        elif not math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9):
            sys.exit(f"{place}: {a} now, {b} committed")

    differences(result["cases"], before, "cases")
    print(f"{len(before)} tables as committed")


main()
