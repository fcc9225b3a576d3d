#!/usr/bin/env python3
"""Is a cluster planted in a class of embeddings found? Seeded trials.

    embedding_trials.py --taster target/release/taster --pack DATA_PACK [--seeds 3] [--only resnet18] [--out trials.csv]

Labelled sets are made of the pack's embedding sets in two ways: the sets of one model together, each a class; and each
large set alone, cut into four classes by k-means on its first eight principal components. Rows of other classes, 2 % of
the target class and at least 5, get one common offset and the target's label. The offset's direction is random in units
of each dimension's spread; its length is `--lengths` times the root mean square distance of rows from the mean. Seed -1
plants nothing. Prints the average precision of `suspicion` and of each detector that scored, and the share of rows in
the quarantine. Needs numpy, pandas and pyarrow.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

LARGE, PARTS, COMPONENTS, SHARE, CLEAN = 2000, 4, 8, 0.02, -1


def vectors(folder):
    return np.stack(pd.read_parquet(folder / "data.parquet")["embedding"]).astype(np.float32)


def parts(rows):
    """Four classes of one set, by k-means on its first principal components."""
    centred = rows - rows.mean(0)
    points = centred @ np.linalg.eigh(centred.T @ centred)[1][:, -COMPONENTS:]
    rng = np.random.default_rng(0)
    centres = points[rng.choice(len(points), PARTS, replace=False)]
    for _ in range(50):
        part = ((points[:, None] - centres) ** 2).sum(2).argmin(1)
        centres = np.array([points[part == p].mean(0) if (part == p).any() else centres[p] for p in range(PARTS)])
    return part


def labelled_sets(pack):
    """Name, vectors and classes of each set."""
    models = {}
    for folder in sorted((pack / "outlier").glob("emb_*")):
        models.setdefault(folder.name.split("_")[1], []).append((folder.name, vectors(folder)))
    for model, sets in models.items():
        if len(sets) > 1:
            yield model, np.vstack([rows for _, rows in sets]), np.repeat(range(len(sets)), [len(r) for _, r in sets])
        for name, rows in sets:
            if len(rows) >= LARGE:
                yield name, rows, parts(rows)


def planted(rows, classes, length, rng):
    """The poisoned vectors and classes, and which rows were touched."""
    target = rng.integers(classes.max() + 1)
    count = max(5, round(SHARE * (classes == target).sum()))
    chosen = rng.choice(np.flatnonzero(classes != target), count, replace=False)
    direction = rng.normal(size=rows.shape[1]) * rows.std(0)
    radius = np.sqrt(((rows - rows.mean(0)) ** 2).sum(1).mean())
    rows, classes, poison = rows.copy(), classes.copy(), np.zeros(len(rows), bool)
    rows[chosen] += (length * radius * direction / np.linalg.norm(direction)).astype(np.float32)
    classes[chosen], poison[chosen] = target, True
    return rows, classes, poison


def average_precision(poison, scores):
    """With ties taken together, as scikit-learn has it."""
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], np.cumsum(poison[order])
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    return float((np.diff(hits[last], prepend=0) * hits[last] / (last + 1)).sum() / hits[-1])


def scan(taster, rows, classes):
    """Every row's scores, and the rows quarantined."""
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder, "data.parquet"), Path(folder, "report")
        pd.DataFrame({"embedding": list(rows), "label": [f"class{c}" for c in classes]}).to_parquet(data)
        command = [taster, "scan", str(data), "--label", "label", "--embedding", "embedding", "--scores", "--seed", "1"]
        done = subprocess.run([*command, "--quiet", "--out", str(out)], capture_output=True, text=True)
        if done.returncode > 1:
            raise SystemExit(f"{' '.join(command)}: {done.stderr}")
        scores = pq.read_table(out / "scores.parquet").to_pandas().sort_values("row")
        listed = pq.read_table(out / "quarantine.parquet", columns=["row"]).to_pandas()["row"].nunique()
        return scores.drop(columns=["file", "row"]), listed, done.returncode == 1


def trials(options):
    for name, rows, classes in labelled_sets(options.pack):
        if options.only not in ("", name):
            continue
        for length in [0.0, *options.lengths]:
            for seed in [CLEAN] if length == 0.0 else range(options.seeds):
                case = planted(rows, classes, length, np.random.default_rng(seed)) if seed != CLEAN else None
                scores, listed, failed = scan(options.taster, *(case[:2] if case else (rows, classes)))
                found = {d: average_precision(case[2], s.fillna(0).to_numpy()) for d, s in scores.items()} if case else {}
                yield {"set": name, "length": length, "seed": seed, "failed": failed, "listed": listed / len(rows), **found}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--taster", default="target/release/taster")
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--lengths", type=float, nargs="+", default=[0.5, 1.0, 2.0])
    parser.add_argument("--only", default="", help="name of one set")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    frame = pd.DataFrame(trials(options))
    if options.out:
        frame.to_csv(options.out, index=False)
    print(frame.drop(columns="seed").groupby(["set", "length"]).mean().round(3).to_string())


if __name__ == "__main__":
    main()
