#!/usr/bin/env python3
"""Writes a study for timing: uploaders of uneven size, contexts of Zipf-like prevalence, scores that
go with both. Not a model of anything; `mien simulate` writes studies whose truth is known.

    make_study.py OUT [--videos 3000000] [--contexts 653] [--expressions 16] [--covariates 8]
"""
import argparse
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--videos", type=int, default=3_000_000)
    parser.add_argument("--contexts", type=int, default=653)
    parser.add_argument("--expressions", type=int, default=16)
    parser.add_argument("--covariates", type=int, default=8)
    parser.add_argument("--per-video", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    shard = args.out / "annotations" / "shard-00000"
    shard.mkdir(parents=True, exist_ok=True)
    step = 122_880
    countries = 144
    country_share = 1 / (np.arange(countries) + 10)
    country_share /= country_share.sum()
    context_share = 1 / (np.arange(args.contexts) + 8)
    context_share /= context_share.sum()
    text = pa.string()
    writers = {}

    def write(name, folder, table):
        if name not in writers:
            writers[name] = pq.ParquetWriter(folder / f"{name}.parquet", table.schema,
                                             compression="zstd")
        writers[name].write_table(table, row_group_size=step)

    names = np.array([f"context_{c:04d}" for c in range(args.contexts)])
    for first in range(0, args.videos, step):
        n = min(step, args.videos - first)
        ids = pa.array([f"v{i:08d}" for i in range(first, first + n)])
        country = rng.choice(countries, n, p=country_share)
        uploader = (rng.pareto(1.0, n) * 300).astype(np.int64) % 3000
        nothing = pa.nulls(n, text)
        corpus = {
            "video_id": ids, "uri": nothing,
            "country": pa.array(np.char.mod("C%03d", country)),
            "region": pa.array(np.char.mod("Region %02d", country % 12)),
            "title": nothing, "description": nothing, "language": pa.array(["en"] * n),
            "uploaded_on": nothing,
            "uploader": pa.array([f"{c}-{u}" for c, u in zip(country, uploader)])}
        z = rng.normal(size=(n, args.covariates))
        for k in range(args.covariates):
            corpus[f"covariate_{k}"] = z[:, k] + (2010 if k == 0 else 0)
        write("corpus", args.out, pa.table(corpus))
        picks = np.sort(rng.choice(args.contexts, (n, args.per_video + 4), p=context_share), axis=1)
        fresh = np.ones(picks.shape, bool)
        fresh[:, 1:] = picks[:, 1:] != picks[:, :-1]
        fresh &= np.cumsum(fresh, axis=1) <= args.per_video
        taste = ((country * 3000 + uploader) % 97) / 97
        latent = 0.05 * taste[:, None] + 0.02 * z[:, :1] + 0.0002 * picks[:, :1]
        y = np.clip(0.3 + latent + 0.1 * rng.normal(size=(n, args.expressions)), 0, 1)
        scores = {"video_id": ids, "faces": pa.array(np.ones(n, np.int64))}
        for name in ("face_seconds", "face_size_px", "yaw_deg", "pitch_deg", "sharpness",
                     "brightness", "skin_tone_ita_deg"):
            scores[name] = pa.nulls(n, pa.float64())
        for e in range(args.expressions):
            scores[f"label_{e:02d}"] = y[:, e]
        write("expressions", shard, pa.table(scores))
        status = {"video_id": ids, "source": pa.array(["visual"] * n),
                  "vocabulary": pa.array(["bench"] * n), "status": pa.array(["ok"] * n),
                  "reason": nothing, "language": nothing,
                  "language_prob": pa.nulls(n, pa.float64()),
                  "none_prob": pa.nulls(n, pa.float64())}
        write("context_status", shard, pa.table(status))
        rows, columns = np.nonzero(fresh)
        m = len(rows)
        write("contexts", shard, pa.table({
            "video_id": ids.take(pa.array(rows)), "source": pa.array(["visual"] * m),
            "context": pa.array(names[picks[rows, columns]]),
            "score_prob": np.round(rng.uniform(0.5, 1, m), 3),
            "above_threshold": pa.array(np.ones(m, bool))}))
    for writer in writers.values():
        writer.close()


if __name__ == "__main__":
    main()
