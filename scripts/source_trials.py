#!/usr/bin/env python3
"""Is a planted source ranked first among 50? Seeded trials.

    source_trials.py --taster target/release/taster --pack DATA_PACK [--trials 100] [--out trials.csv]

The rows of a real table (10,000 at most) are dealt to 50 contributors of 2 % each. In some trials one contributor changes
20 % of their labels at random; in the others, half a standard deviation is added to all numeric features of their rows
(where there are any). `--clean` plants nothing: then any `source-differs`, `time-differs` or `stretch-differs` is a false alarm. `--skewed`
has contributors prefer some labels over others (Dirichlet weights), as real ones do. Each trial has its own seed; datasets
are those of at least 2,500 rows, in turn. Needs numpy, pandas and pyarrow.
"""

import argparse
import json
import subprocess
import tempfile
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

SOURCES, ROWS, LEAST_ROWS = 50, 10_000, 2500
OTHERS = ["label-flip", "conflicting-label", "outlier", "shift", "duplicate-flood", "trigger"]


def dealt(frame, label, rng, skewed):
    """A contributor for each row, all with about as many rows."""
    contributor = rng.permutation(np.arange(len(frame)) % SOURCES)
    if skewed:
        classes = pd.factorize(frame[label])[0]
        weights = rng.dirichlet(np.full(SOURCES, 5.0), classes.max() + 1)
        contributor = np.array([rng.choice(SOURCES, p=weights[c]) for c in classes])
    return contributor


def is_number(column):
    return pd.api.types.is_numeric_dtype(column) and column.nunique() > 2


def has_numbers(folder, label):
    frame = pd.read_parquet(folder / "data.parquet")
    return any(is_number(frame[name]) for name in frame.columns.drop(label))


def planted(frame, label, mine, kind, rng):
    rows = np.flatnonzero(mine)
    if kind == "labels":
        classes = np.sort(frame[label].unique())
        chosen = rng.choice(rows, round(0.2 * len(rows)), replace=False)
        old = np.searchsorted(classes, frame[label].iloc[chosen])
        frame.loc[chosen, label] = classes[(old + rng.integers(1, len(classes), len(chosen))) % len(classes)]
    elif kind == "features":
        for name in frame.columns.drop(label):
            if is_number(frame[name]):
                column = frame[name].astype(float)
                frame[name] = column.where(~mine, column + 0.5 * column.std())
    return frame


def trial(args, folder, kind, number):
    rng = np.random.default_rng([number, sum(folder.name.encode())])
    label = tomllib.loads((folder / "META.toml").read_text())["label_column"]
    frame = pd.read_parquet(folder / "data.parquet").dropna(subset=[label])
    frame = frame.iloc[rng.permutation(len(frame))[:ROWS]].reset_index(drop=True)
    contributor = dealt(frame, label, rng, args.skewed)
    one = int(rng.integers(SOURCES))
    frame = planted(frame, label, contributor == one, kind, rng)
    frame["contributor"] = [f"c{c:02}" for c in contributor]
    with tempfile.TemporaryDirectory() as room:
        room = Path(room)
        frame.to_parquet(room / "data.parquet", index=False)
        command = [args.taster, "scan", room / "data.parquet", "--label", label, "--source", "contributor"]
        command += ["--out", room / "report", "--seed", str(number), "--quiet"]
        for other in OTHERS:
            command += ["--level", f"{other}=off"]
        done = subprocess.run(command, capture_output=True)
        if done.returncode not in (0, 1):
            raise SystemExit(f"{folder.name}, trial {number}: {done.stderr.decode()}")
        findings = json.loads((room / "report" / "findings.json").read_text())["findings"]
    mine = [f for f in findings if f["detector"] == "odd-source"]
    ranking = next(f["evidence"]["sources"] for f in mine if f["evidence"].get("by") == "contributor" and "sources" in f["evidence"])
    names = [s["name"] for s in ranking]
    return dict(dataset=folder.name, trial=number, kind=kind, rank=names.index(f"c{one:02}") + 1,
                named=any(s["odd"] for s in ranking if s["name"] == f"c{one:02}"), others=sum(s["odd"] for s in ranking if s["name"] != f"c{one:02}"),
                alarm=any(f["code"] in ("source-differs", "time-differs", "stretch-differs") for f in mine),
                elsewhere=any(f["code"] in ("time-differs", "stretch-differs") for f in mine), p=ranking[0]["p_value"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--taster", required=True)
    parser.add_argument("--pack", required=True, type=Path)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--clean", action="store_true")
    parser.add_argument("--skewed", action="store_true")
    parser.add_argument("--out", default="trials.csv")
    args = parser.parse_args()
    metas = {f: tomllib.loads((f / "META.toml").read_text()) for f in sorted((args.pack / "labelflip").iterdir()) if (f / "META.toml").exists()}
    folders = [f for f, meta in metas.items() if not meta.get("real_noise") and pq.read_metadata(f / "data.parquet").num_rows >= LEAST_ROWS]
    kinds = ["none"] if args.clean else ["labels", "features"]
    trials = []
    jobs = [(folder, kind) for folder in folders for kind in kinds if kind != "features" or has_numbers(folder, metas[folder]["label_column"])]
    for n in range(args.trials):
        trials.append(trial(args, *jobs[n % len(jobs)], n))
    trials = pd.DataFrame(trials)
    trials["first"] = trials["rank"] == 1
    trials.to_csv(args.out, index=False)
    numbers = ["first", "named", "others", "alarm", "elsewhere"]
    print(trials.groupby(["kind", "dataset"])[numbers].mean().round(3).to_string())
    print(trials.groupby("kind")[[*numbers, "trial"]].agg({**dict.fromkeys(numbers, "mean"), "trial": "count"}).round(3).to_string())


if __name__ == "__main__":
    main()
