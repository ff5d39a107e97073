#!/usr/bin/env python3
"""Expected associations, from the definitions, row by row: no sufficient statistics, no blocks but
those of the bootstrap. Needs numpy, scipy and statsmodels (versions.txt says which made the files).

    make_association_cases.py --inputs   writes the tables cases/*.csv anew
    make_association_cases.py            writes expected/*.csv from cases/*.csv
    make_association_cases.py --check    computes again and compares with the committed files
"""
import csv
import math
import pathlib
import sys

import numpy as np
import scipy
import scipy.stats
import statsmodels
from statsmodels.stats.multitest import multipletests

HERE = pathlib.Path(__file__).resolve().parent
MASK = (1 << 64) - 1


# The seeded generator of the program (SplitMix64) and its uploader hash, so that replicates agree.
def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


class Random:
    def __init__(self, seed):
        self.state = seed & MASK

    def fork(self, index):
        return Random(mix(self.state ^ mix((index + 0x9E3779B97F4A7C15) & MASK)))

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        return mix(self.state)

    def below(self, bound):
        threshold = ((1 << 64) - bound) % bound
        while True:
            draw = self.next()
            if draw >= threshold:
                return draw % bound


def text_hash(text):
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return mix(h)


def slots_for(countries):
    if countries <= 1:
        return 128
    slots = 1
    while slots < max(math.ceil(128 / countries), 16):
        slots *= 2
    return slots


def read_case(name):
    with open(HERE / "cases" / f"{name}.csv", newline="") as file:
        return list(csv.DictReader(file))


def contexts_of(row):
    pairs = [entry.split(":") for entry in row["contexts"].split(";") if entry]
    return {name: float(score) for name, score in pairs}


class Group:
    """The videos of one region as arrays."""

    def __init__(self, rows, region, vocabulary, expressions, use, weighted):
        rows = [r for r in rows if r["region"] == region]
        self.n = len(rows)
        self.w = np.array([float(r["weight"]) if weighted else 1.0 for r in rows])
        self.country = np.array([r["country"] for r in rows])
        self.uploader = np.array([r["uploader"] for r in rows])
        self.y = np.array([[float(r[e]) for e in expressions] for r in rows])
        found = [contexts_of(r) for r in rows]
        scores = np.array([[f.get(c, 0.0) for c in vocabulary] for f in found])
        self.present = scores >= 0.5
        self.x = self.present.astype(float) if use == "present" else scores
        numeric = [k for k in rows[0] if k.startswith("covariate_") and k != "covariate_device"]
        z = [np.array([float(r[k]) for r in rows]) for k in numeric]
        devices = sorted({r.get("covariate_device") for r in rows} - {None})
        z += [np.array([float(r["covariate_device"] == d) for r in rows]) for d in devices[:-1]]
        self.z = np.array(z).T if z else np.zeros((self.n, 0))


def residual(v, basis, w):
    """v minus its weighted projection on the columns of basis (SVD, so that rank does not matter)."""
    root = np.sqrt(w)[:, None]
    scale = np.abs(basis).max(axis=0)
    basis = basis[:, scale > 0] / scale[scale > 0]
    left, singular, _ = np.linalg.svd(basis * root, full_matrices=False)
    left = left[:, singular > 1e-10 * singular.max()]
    scaled = v * root
    for _ in range(2):
        scaled = scaled - left @ (left.T @ scaled)
    return scaled  # already times sqrt(w)


def dummies(country):
    return np.array([country == c for c in sorted(set(country))]).T.astype(float)


def estimate(group, kind, within, control, w):
    keep = w > 0
    x, y, z, w, country = group.x[keep], group.y[keep], group.z[keep], w[keep], group.country[keep]
    ones = np.ones((len(w), 1))
    base = dummies(country) if within == "country" else ones
    if within == "between":
        names = sorted(set(country))
        mean = lambda v: np.array(
            [np.average(v[country == c], axis=0, weights=w[country == c]) for c in names])
        x, y, z = mean(x), mean(y), mean(z)
        w = np.array([w[country == c].sum() for c in names])
        base = np.ones((len(names), 1))
        ones = base
    design = base if kind == "correlation" else np.hstack([base, z])
    result = np.full((x.shape[1], y.shape[1]), np.nan)
    total_x = residual(x, ones, w)
    base_x = residual(x, base, w)
    total_y = residual(y, ones, w)
    base_y = residual(y, base, w)
    for e in range(y.shape[1]):
        others = np.delete(y, e, axis=1)
        full = design
        if control == "expressions":
            others = others[:, residual(others, base, w).std(axis=0) > 1e-9]
            full = np.hstack([design, others])
        ry = residual(y[:, e:e + 1], full, w)[:, 0]
        rx = residual(x, full, w)
        if (base_y[:, e] ** 2).sum() <= 1e-10 * max((total_y[:, e] ** 2).sum(), 1e-20):
            continue
        if (ry ** 2).sum() <= 1e-10 * (base_y[:, e] ** 2).sum():
            continue
        for c in range(x.shape[1]):
            xx = (rx[:, c] ** 2).sum()
            bx = (base_x[:, c] ** 2).sum()
            tx = (total_x[:, c] ** 2).sum()
            if tx <= 1e-12 * (w * x[:, c] ** 2).sum() or bx <= 1e-10 * tx or xx <= 1e-10 * bx:
                continue
            xy = rx[:, c] @ ry
            yy = ry @ ry
            if kind in ("correlation", "partial"):
                result[c, e] = xy / math.sqrt(xx * yy)
            elif kind == "semipartial":
                result[c, e] = (total_x[:, c] @ ry) / math.sqrt(tx * yy)
            else:
                result[c, e] = xy / xx
                if kind == "standardised_slope":
                    result[c, e] /= math.sqrt((total_y[:, e] ** 2).sum() / w.sum())
    return result


def blocks_of(group):
    countries = sorted(set(group.country))
    slots = slots_for(len(countries))
    keys = [(c, text_hash(u) % slots) for c, u in zip(group.country, group.uploader)]
    order = sorted(set(keys))
    return order, np.array([order.index(k) for k in keys])


def strata_of(order):
    count = {}
    for country, _ in order:
        count[country] = count.get(country, 0) + 1
    small = [c for c in sorted(count) if count[c] < 4]
    target = "small"
    if small and sum(count[c] for c in small) < 4:
        large = [c for c in sorted(count) if count[c] >= 4]
        if large:
            target = min(large, key=lambda c: (count[c], c))
    names = [target if country in small else country for country, _ in order]
    numbers = {}
    return [numbers.setdefault(n, len(numbers)) for n in names]


def bootstrap_se(group, region, options, replicates, seed):
    order, block = blocks_of(group)
    strata = strata_of(order)
    members = [[b for b, s in enumerate(strata) if s == k] for k in range(max(strata) + 1)]
    base = Random(seed).fork(text_hash(region))
    maps = []
    for i in range(replicates):
        draws = base.fork(i)
        weight = np.zeros(len(order))
        for blocks in members:
            m = len(blocks)
            if m == 1:
                weight[blocks[0]] = 1
                continue
            for _ in range(m - 1):
                weight[blocks[draws.below(m)]] += m / (m - 1)
        maps.append(estimate(group, *options, group.w * weight[block]))
    maps = np.array(maps)
    present = np.isfinite(maps).sum(axis=0)
    with np.errstate(invalid="ignore"):
        se = np.nanstd(maps, axis=0, ddof=1)
    se[present < 0.95 * replicates] = np.nan
    # Degrees of freedom: shares of S_xx by block.
    within = options[1]
    share = np.zeros((len(order), group.x.shape[1]))
    unit = group.country if within == "country" else np.repeat("all", group.n)
    centred = group.x.copy()
    for u in set(unit):
        at = unit == u
        centred[at] -= np.average(group.x[at], axis=0, weights=group.w[at])
    np.add.at(share, block, group.w[:, None] * centred ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        effective = share.sum(axis=0) ** 2 / (share ** 2).sum(axis=0)
    df = np.maximum(1.0, effective * (1 - (max(strata) + 1) / len(order)))
    return se, np.repeat(df[:, None], se.shape[1], axis=1)


def jackknife_se(group, options):
    countries = sorted(set(group.country))
    g = len(countries)
    if g < 10:
        nan = np.full((group.x.shape[1], group.y.shape[1]), np.nan)
        return nan, nan
    maps = np.array([estimate(group, *options, group.w * (group.country != c)) for c in countries])
    spread = ((maps - maps.mean(axis=0)) ** 2).sum(axis=0)
    return np.sqrt((g - 1) / g * spread), np.full(maps[0].shape, float(g - 1))


def effect_sizes(group, e, c):
    y, w, at = group.y[:, e], group.w, group.present[:, c]
    n1, n0 = at.sum(), (~at).sum()
    if n1 == 0 or n0 == 0 or np.ptp(y) == 0:
        return math.nan, math.nan
    m1, m0 = np.average(y[at], weights=w[at]), np.average(y[~at], weights=w[~at])
    ss1, ss0 = (w[at] * (y[at] - m1) ** 2).sum(), (w[~at] * (y[~at] - m0) ** 2).sum()
    n = n1 + n0
    smd = (m1 - m0) / math.sqrt((ss1 + ss0) / w.sum() * n / (n - 2))
    if n1 < 2 or n0 < 2:
        return smd, math.nan
    spread = ss1 / w[at].sum() * n1 / (n1 - 1) + ss0 / w[~at].sum() * n0 / (n0 - 1)
    return smd, scipy.stats.norm.cdf((m1 - m0) / math.sqrt(spread))


# name, use, weighted, kind, within, control, cluster
RUNS = [("mixed", "present", False, kind, within, control, "uploader")
        for kind in ("correlation", "partial", "semipartial", "slope", "standardised_slope")
        for within in ("country", "none")
        for control in ("none", "expressions")
        if not (kind == "correlation" and control == "expressions")]
RUNS += [("mixed", "score", True, kind, "country", "none", cluster)
         for kind in ("partial", "semipartial", "slope") for cluster in ("uploader", "country")]
RUNS += [("small", "present", False, kind, "none", "none", "uploader")
         for kind in ("correlation", "partial", "slope")]
REPLICATES = 40
SEED = 20211
FIELDS = ["case", "use", "weighted", "kind", "within", "control", "cluster", "region", "context",
          "expression", "estimate", "se", "df", "lower", "upper", "p", "p_bh", "p_holm", "p_by",
          "smd", "superiority", "estimate_pooled", "estimate_between", "n", "n_context",
          "n_uploaders"]


def compute(run):
    name, use, weighted, kind, within, control, cluster = run
    rows = read_case(name)
    vocabulary = sorted({c for r in rows for c in contexts_of(r)})
    expressions = [k for k in rows[0] if k.startswith("label_")]
    out = []
    for region in sorted({r["region"] for r in rows}):
        group = Group(rows, region, vocabulary, expressions, use, weighted)
        options = (kind, within, control)
        value = estimate(group, *options, group.w)
        pooled = estimate(group, kind, "none", control, group.w)
        between = estimate(group, kind, "between", control, group.w)
        countries = len(set(group.country))
        taken = 0 if kind == "correlation" else group.z.shape[1]
        taken += len(expressions) - 1 if control == "expressions" else 0
        if countries - 1 - taken - 1 < 1:
            between[:] = math.nan
        if cluster == "uploader":
            se, df = bootstrap_se(group, region, options, REPLICATES, SEED)
        else:
            se, df = jackknife_se(group, options)
        for c, context in enumerate(vocabulary):
            at = group.present[:, c]
            for e, expression in enumerate(expressions):
                estimable = math.isfinite(value[c, e])
                has_se = estimable and math.isfinite(se[c, e])
                half = scipy.stats.t.ppf(0.975, df[c, e]) * se[c, e] if has_se else math.nan
                smd, superiority = effect_sizes(group, e, c)
                out.append({
                    "case": name, "use": use, "weighted": int(weighted), "kind": kind,
                    "within": within, "control": control, "cluster": cluster, "region": region,
                    "context": context, "expression": expression, "estimate": value[c, e],
                    "se": se[c, e] if has_se else math.nan,
                    "df": df[c, e] if has_se else math.nan,
                    "lower": value[c, e] - half, "upper": value[c, e] + half,
                    "p": 2 * scipy.stats.t.sf(abs(value[c, e] / se[c, e]), df[c, e])
                    if has_se else math.nan,
                    "smd": smd, "superiority": superiority,
                    "estimate_pooled": pooled[c, e], "estimate_between": between[c, e],
                    "n": group.n, "n_context": int(at.sum()),
                    "n_uploaders": len(set(group.uploader[at]))})
    tested = [r for r in out if math.isfinite(r["p"])]
    for field, method in (("p_bh", "fdr_bh"), ("p_holm", "holm"), ("p_by", "fdr_by")):
        for r in out:
            r[field] = math.nan
        if tested:
            for r, p in zip(tested, multipletests([r["p"] for r in tested], method=method)[1]):
                r[field] = p
    return out


def write_inputs():
    """Tables small enough to read, seeded; what is special about them is written beside them."""
    rng = np.random.default_rng(653)
    (HERE / "cases").mkdir(exist_ok=True)

    def write(name, rows):
        with open(HERE / "cases" / f"{name}.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    rows = []
    for i in range(24):
        happy = i % 3 == 0
        score = 0.3 + 0.3 * happy + 0.1 * rng.normal()
        contexts = ["party:1"] if happy != (i % 8 == 0) else []
        contexts += ["sea:1"] if rng.random() < 0.4 else []
        rows.append({"video_id": f"v{i:02}", "region": "North" if i < 14 else "South",
                     "country": "AA" if i < 14 else "BB", "uploader": f"u{i // 2}", "weight": 1,
                     "covariate_year": 2010 + i % 6, "label_joy": round(min(max(score, 0), 1), 2),
                     "label_awe": round(rng.uniform(0.1, 0.9), 2), "contexts": ";".join(contexts)})
    write("small", rows)

    rows = []
    for i in range(700):
        region = "Wide" if i % 7 else "Narrow"
        country = f"W{rng.integers(11):02}" if region == "Wide" else f"N{rng.integers(3)}"
        uploader = f"{country}-{int(rng.pareto(1.2) * 4) % 25}"
        taste = text_hash(uploader) % 1000 / 1000
        year = 2008 + int(rng.integers(12))
        duration = float(np.round(rng.lognormal(3.5, 0.8), 1))
        device = "phone" if rng.random() < 0.5 + 0.02 * (year - 2014) else "camera"
        device = "tablet" if rng.random() < 0.1 else device
        level = 0.02 * (year - 2014) + 0.3 * taste
        score = lambda base: float(np.round(rng.beta(1.2, 1.2) * 0.6 + base, 3))
        contexts = {"everywhere": 1.0}
        if rng.random() < 0.25 + 0.3 * taste:
            contexts["beach"] = score(0.35)
        if rng.random() < 0.3:
            contexts["sport"] = score(0.1 + 0.2 * (device == "phone"))
        if rng.random() < 0.06:
            contexts["wedding"] = score(0.3)
        if region == "Wide" and rng.random() < 0.1:
            contexts["snow"] = score(0.35)
        if device == "tablet":
            contexts["tablet"] = 0.9
        contexts = {k: min(v, 1.0) for k, v in contexts.items()}
        clip = lambda v: round(float(min(max(v, 0), 1)), 4)
        beach = contexts.get("beach", 0) >= 0.5
        elation = 0.25 + level + 0.15 * beach + 0.1 * rng.normal()
        awe = 0.2 + 0.5 * elation + 0.1 * rng.normal() + 0.05 * ("snow" in contexts)
        rows.append({"video_id": f"v{i:03}", "region": region, "country": country,
                     "uploader": uploader, "weight": round(float(rng.uniform(0.5, 2)), 2),
                     "covariate_year": year, "covariate_duration": duration,
                     "covariate_minutes": repr(duration / 60), "covariate_device": device,
                     "label_elation": clip(elation), "label_awe": clip(awe),
                     "label_doubt": clip(rng.beta(0.5, 5)), "label_fixed": 0.125,
                     "contexts": ";".join(f"{k}:{v}" for k, v in contexts.items())})
    write("mixed", rows)


def text(value):
    if isinstance(value, (float, np.floating)):
        return "" if not math.isfinite(value) else repr(float(value))
    return str(value)


def main():
    if "--inputs" in sys.argv:
        write_inputs()
    (HERE / "expected").mkdir(exist_ok=True)
    path = HERE / "expected" / "associations.csv"
    rows = [{k: text(r[k]) for k in FIELDS} for run in RUNS for r in compute(run)]
    if "--check" in sys.argv:
        with open(path, newline="") as file:
            committed = list(csv.DictReader(file))
        assert len(committed) == len(rows), "another number of cells"
        worst = 0.0
        for old, new in zip(committed, rows):
            for field in FIELDS:
                if old[field] == new[field]:
                    continue
                a, b = float(old[field] or "nan"), float(new[field] or "nan")
                worst = max(worst, abs(a - b) / max(1e-3, abs(a)))
                assert abs(a - b) <= 1e-9 * max(1e-3, abs(a)), (old, new, field)
        print(f"{len(rows)} cells agree; largest relative difference {worst:.1e}")
        return
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    versions = f"python {sys.version.split()[0]}\nnumpy {np.__version__}\n"
    versions += f"scipy {scipy.__version__}\nstatsmodels {statsmodels.__version__}\n"
    (HERE / "versions.txt").write_text(versions)
    print(f"{len(rows)} cells written")


if __name__ == "__main__":
    main()
