#!/usr/bin/env python3
"""How much could any test of a drip see? A classifier that is taught which rows are of which population.

    drip_ceiling.py --pack DATA_PACK [--only NAME]

For each pair of populations: gradient boosting learns from 10,000 rows of each, and its AUC is measured on others; and the z of
the best test of an admixture of 2, 5 and 10 %, by the likelihood ratio that it has learnt, with half of the old rows (10,000
at most) on each side. `shift` must do without the lesson; where the AUC is near a half, no small admixture can be found. Text is left out. Needs numpy, pandas,
pyarrow and scikit-learn.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

ROWS = 10_000
SHARES = [0.02, 0.05, 0.1]


def ceiling(folder):
    rng = np.random.default_rng(1)
    sides = [pd.read_parquet(folder / name) for name in ("reference.parquet", "current.parquet")]
    both = numbers(pd.concat(sides, ignore_index=True))
    of_new = np.arange(len(both)) >= len(sides[0])
    learnt, asked = [], []
    for new in (False, True):
        rows = rng.permutation(np.flatnonzero(of_new == new))
        taught = min(ROWS, len(rows) // 2)
        learnt.append(rows[:taught])
        asked.append(rows[taught : taught + ROWS])
    learnt, asked = np.concatenate(learnt), np.concatenate(asked)
    model = HistGradientBoostingClassifier(max_iter=80, random_state=0).fit(both[learnt], of_new[learnt])
    odds, new = model.decision_function(both[asked]), of_new[asked]
    ratio = np.exp(odds) * (~of_new[learnt]).sum() / of_new[learnt].sum()
    rows = min(ROWS, len(sides[0]) // 2)
    return roc_auc_score(new, odds), [admixture(ratio, new, share, rows) for share in SHARES]


def admixture(ratio, new, share, rows):
    """Expected z of the mean of the score that is most powerful against this share, of so many rows on either side."""
    score = ratio / (1 - share + share * ratio)
    return share * (score[new].mean() - score[~new].mean()) / score[~new].std() * np.sqrt(rows / 2)


def numbers(frame):
    columns = []
    for name in frame:
        values = frame[name]
        if isinstance(values.iloc[0], np.ndarray):
            columns.append(np.vstack(values))
        elif values.dtype.kind in "fiub":
            columns.append(values.astype(float).to_numpy()[:, None])
        elif values.nunique() <= 200:
            columns.append(pd.factorize(values)[0].astype(float)[:, None])
    return np.hstack(columns)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", required=True, type=Path)
    parser.add_argument("--only")
    args = parser.parse_args()
    for folder in sorted((args.pack / "shift").iterdir()):
        if folder.is_dir() and not folder.name.startswith("null_") and args.only in (None, folder.name):
            auc, z = ceiling(folder)
            told = ", ".join(f"{value:.1f} at {100 * share:.0f} %" for value, share in zip(z, SHARES))
            print(f"{folder.name:32} AUC {auc:.3f}; z {told}", flush=True)


if __name__ == "__main__":
    main()
