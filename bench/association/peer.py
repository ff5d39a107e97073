#!/usr/bin/env python3
"""The arithmetic of `mien associate` in numpy and scipy, from Parquet to a Parquet file of maps:
partial correlations within countries, standard errors by bootstrap of uploader blocks, p by t and
Benjamini-Hochberg. Mien's other columns (pooled and between estimates, effect sizes, suppression of
complements, other corrections) are left out: what is timed here is the lesser work.

    peer.py STUDY OUT.parquet [--by region] [--bootstrap 1000] [--min-count 10]
Prints JSON: seconds to read, in all, and videos.
"""
import argparse
import json
import pathlib
import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy import sparse, stats

SETS = 50  # replicates handled together: keeps the largest temporary near 60 MB


def read(study, by):
    corpus = pq.read_table(study / "corpus.parquet")
    covariates = [name for name in corpus.column_names if name.startswith("covariate_")]
    expressions = pq.read_table(study / "expressions.parquet")
    labels = [name for name in expressions.column_names if name.startswith("label_")]
    ids = corpus["video_id"].combine_chunks()
    place = pc.index_in(expressions["video_id"], value_set=ids).to_numpy()
    values = np.empty((len(corpus), len(labels) + len(covariates)))
    for k, name in enumerate(labels):
        values[place, k] = expressions[name].to_numpy()
    for k, name in enumerate(covariates):
        values[:, len(labels) + k] = corpus[name].to_numpy()
    del expressions
    codes = {}
    for name in {by, "country", "uploader"}:
        encoded = corpus[name].combine_chunks().dictionary_encode()
        codes[name] = (encoded.indices.to_numpy(), encoded.dictionary.to_pylist())
    contexts = pq.read_table(study / "contexts.parquet",
                             columns=["video_id", "context", "above_threshold"])
    contexts = contexts.filter(contexts["above_threshold"])
    rows = pc.index_in(contexts["video_id"], value_set=ids).to_numpy()
    named = contexts["context"].combine_chunks().dictionary_encode()
    x = sparse.csr_matrix((np.ones(len(rows)), (rows, named.indices.to_numpy())),
                          shape=(len(ids), len(named.dictionary)))
    return values, codes, x, named.dictionary.to_pylist(), labels


def block_slots(uploader, countries):
    slots = 16
    while slots * countries < 128:
        slots *= 2
    mixed = (uploader.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return ((mixed ^ (mixed >> np.uint64(29))) >> np.uint64(7)) % np.uint64(slots)


def associations(weights, units, block_weight, block_sums, block_products, rows, e):
    """Partial correlations (sets x contexts x E) under sets of block weights."""
    sets, (_, contexts, width) = len(weights), rows.shape
    v = block_sums.shape[1]
    s_vv = (weights @ block_products.reshape(len(block_products), -1)).reshape(sets, v, v)
    s_xv = np.zeros((sets, contexts, v))
    s_xx = np.zeros((sets, contexts))
    for unit in units:
        w = weights[:, unit]
        total = w @ block_weight[unit]
        held = total > 0
        scale = np.where(held, 1 / np.where(held, total, 1), 0)
        sums = w @ block_sums[unit]
        s_vv -= sums[:, :, None] * sums[:, None, :] * scale[:, None, None]
        of_unit = (w @ rows[unit].reshape(len(unit), -1)).reshape(sets, contexts, width)
        x = of_unit[:, :, 0]
        mean_x = x * scale[:, None]
        s_xv += of_unit[:, :, 1:] - mean_x[:, :, None] * sums[:, None, :]
        s_xx += x - mean_x * x
    s_zy, s_xz = s_vv[:, e:, :e], s_xv[:, :, e:]
    inverse = np.linalg.inv(s_vv[:, e:, e:])
    slopes = inverse @ s_zy
    s_yy = np.diagonal(s_vv[:, :e, :e], axis1=1, axis2=2) - (s_zy * slopes).sum(axis=1)
    s_xx -= ((s_xz @ inverse) * s_xz).sum(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (s_xv[:, :, :e] - s_xz @ slopes) / np.sqrt(s_xx[:, :, None] * s_yy[:, None, :])


def map_of_group(values, x, country, uploader, e, bootstrap, least, rng):
    unique, country = np.unique(country, return_inverse=True)
    slot = block_slots(uploader, len(unique)).astype(np.int64)
    _, block = np.unique(country * 65536 + slot, return_inverse=True)
    order = np.argsort(block, kind="stable")
    values, x, block, country = values[order], x[order], block[order], country[order]
    counts = np.asarray(x.sum(axis=0)).ravel()
    kept = np.flatnonzero((counts >= least) & (len(values) - counts >= least))
    x = x[:, kept]
    ends = np.append(np.flatnonzero(np.diff(block)) + 1, len(block))
    starts = np.append(0, ends[:-1])
    blocks, v = len(ends), values.shape[1]
    block_sums, block_products = np.empty((blocks, v)), np.empty((blocks, v, v))
    rows = np.empty((blocks, len(kept), v + 1))
    for b, (first, last) in enumerate(zip(starts, ends)):
        part = values[first:last]
        block_sums[b] = part.sum(axis=0)
        block_products[b] = part.T @ part
        rows[b] = x[first:last].T @ np.column_stack([np.ones(last - first), part])
    unit_of = country[starts]
    units = [np.flatnonzero(unit_of == k) for k in range(len(unique))]
    held = (units, (ends - starts).astype(float), block_sums, block_products, rows, e)
    estimate = associations(np.ones((1, blocks)), *held)[0]
    sums, squares = np.zeros(estimate.shape), np.zeros(estimate.shape)
    for first in range(0, bootstrap, SETS):
        sets = min(SETS, bootstrap - first)
        weights = np.zeros((sets, blocks))
        for unit in units:
            m = len(unit)
            if m == 1:
                weights[:, unit[0]] = 1
                continue
            for row in weights:
                row[unit] = np.bincount(rng.integers(0, m, m - 1), minlength=m) * (m / (m - 1))
        off = associations(weights, *held) - estimate
        sums += np.nansum(off, axis=0)
        squares += np.nansum(off * off, axis=0)
    se = np.sqrt(np.maximum(squares - sums * sums / bootstrap, 0) / (bootstrap - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        p = 2 * stats.t.sf(np.abs(estimate / se), blocks - len(unique))
    return kept, counts[kept], estimate, se, p


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("study", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--by", default="region")
    parser.add_argument("--bootstrap", type=int, default=1000)
    parser.add_argument("--min-count", type=int, default=10)
    args = parser.parse_args()
    begin = time.monotonic()
    values, codes, x, names, labels = read(args.study, args.by)
    read_s = time.monotonic() - begin
    values -= values.mean(axis=0)
    group, groups = codes[args.by]
    rng = np.random.default_rng(0)
    order = np.argsort(group, kind="stable")
    ends = np.searchsorted(group[order], np.arange(len(groups)), side="right")
    parts = []
    for g, first in enumerate(np.append(0, ends[:-1])):
        rows = np.sort(order[first:ends[g]])
        kept, counts, estimate, se, p = map_of_group(
            values[rows], x[rows], codes["country"][0][rows], codes["uploader"][0][rows],
            len(labels), args.bootstrap, args.min_count, rng)
        cells = estimate.size
        parts.append(pa.table({
            "region": pa.array([groups[g]] * cells),
            "context": pa.array(np.repeat(np.array(names)[kept], len(labels))),
            "expression": pa.array(np.tile([name.removeprefix("label_") for name in labels], len(kept))),
            "n_context": np.repeat(counts, len(labels)),
            "estimate": estimate.ravel(), "se": se.ravel(), "p": p.ravel()}))
    maps = pa.concat_tables(parts)
    p = maps["p"].to_numpy()
    adjusted = np.full(len(p), np.nan)
    tested = np.isfinite(p)
    adjusted[tested] = stats.false_discovery_control(p[tested])
    pq.write_table(maps.append_column("p_bh", pa.array(adjusted)), args.out, compression="zstd")
    print(json.dumps({"videos": len(values), "read_s": read_s, "seconds": time.monotonic() - begin}))


if __name__ == "__main__":
    main()
