#!/usr/bin/env python3
"""taster against the pipeline that people build today from Python libraries, on the same data in the same run.

    python3 scripts/peer_pipeline.py [--rows 200000]

The peers: polars to read, hashlib for the file's digest, PyOD's IForest for outliers, cleanlab on 5-fold out-of-fold
probabilities of scikit-learn's HistGradientBoosting for label errors, scipy's Kolmogorov-Smirnov test per column against
a reference. 20 numeric columns and a label; 2 % of the labels are flipped. Each side is one process, measured from
outside: wall time with start and imports, and peak memory.

taster does more in that time (digests of all rows, a Merkle tree, floods of duplicates, conflicting labels, reasons for
each quarantined row, a signed-ready manifest and reports), so the comparison is to the peers' favour.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from environment import require
from measure import TASTER, run

PACKAGES = ["polars", "pyod", "cleanlab", "scikit-learn", "scipy", "numpy"]
COLUMNS = [f"x{i}" for i in range(20)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=3, help="runs of taster, of which the median counts")
    parser.add_argument("--peers", nargs=2, metavar=("DATA", "REFERENCE"), help="run the peers alone, in this process")
    args = parser.parse_args()
    require("peers", PACKAGES)
    peers(*args.peers) if args.peers else compare(args)


def compare(args):
    if not TASTER.exists():
        sys.exit("build first: cargo build --release")
    with tempfile.TemporaryDirectory(prefix="taster-peers-") as folder:
        data, reference = Path(folder, "data.parquet"), Path(folder, "reference.parquet")
        generate(data, args.rows, seed=1)
        generate(reference, args.rows // 4, seed=2)
        command = [TASTER, "scan", data, "--label", "y", "--reference", reference, "--out", f"{folder}/report", "--scores", "--quiet"]
        runs = [run(command) for _ in range(args.runs)]
        ours = statistics.median(r[0] for r in runs), max(r[1] for r in runs)
        theirs_seconds, theirs_memory, stages = run([sys.executable, __file__, "--peers", data, reference], accept=(0,))
    print(f"{args.rows:,} rows x {len(COLUMNS)} columns and a label\n")
    print("| | wall s | peak MiB |\n| --- | ---: | ---: |")
    print(f"| taster scan --scores --reference | {ours[0]:.2f} | {ours[1]:.0f} |")
    print(f"| peers in Python | {theirs_seconds:.2f} | {theirs_memory:.0f} |")
    print(f"| ratio | {theirs_seconds / ours[0]:.1f} | {theirs_memory / ours[1]:.1f} |\n")
    print(f"peers, by stage: {stages.strip()}")


def generate(path, rows, seed):
    """Correlated columns, a label that depends on some of them, and 2 % flips."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, len(COLUMNS)))
    x[:, 10:] += 0.5 * x[:, :10]
    y = (x[:, 0] + x[:, 1] * x[:, 2] + 0.5 * np.sin(3 * x[:, 3]) > 0).astype(np.int64)
    flip = rng.random(rows) < 0.02
    y[flip] = 1 - y[flip]
    pl.DataFrame({name: x[:, i] for i, name in enumerate(COLUMNS)} | {"y": y}).write_parquet(path)


def peers(data, reference):
    stage = Stages()
    import hashlib

    import polars as pl
    from cleanlab.filter import find_label_issues
    from pyod.models.iforest import IForest
    from scipy.stats import ks_2samp
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import cross_val_predict

    stage("imports")
    with open(data, "rb") as file:
        hashlib.file_digest(file, "sha256")
    frame, trusted = pl.read_parquet(data), pl.read_parquet(reference)
    x, y, known = frame.select(COLUMNS).to_numpy(), frame["y"].to_numpy(), trusted.select(COLUMNS).to_numpy()
    stage("read and digest")
    IForest(n_jobs=-1, random_state=0).fit(x)
    stage("IForest")
    probabilities = cross_val_predict(HistGradientBoostingClassifier(random_state=0), x, y, cv=5, method="predict_proba")
    stage("boosting, 5 folds")
    find_label_issues(y, probabilities, return_indices_ranked_by="self_confidence")
    stage("cleanlab")
    for i in range(len(COLUMNS)):
        ks_2samp(x[:, i], known[:, i])
    stage("KS")
    print(stage)


class Stages:
    """Seconds from one call to the next."""

    def __init__(self):
        self.seconds, self.last = {}, time.perf_counter()

    def __call__(self, name):
        now = time.perf_counter()
        self.seconds[name], self.last = now - self.last, now

    def __str__(self):
        return ", ".join(f"{name} {seconds:.2f} s" for name, seconds in self.seconds.items())


if __name__ == "__main__":
    main()
