#!/usr/bin/env python3
"""Is a changed dependence found where no column differs by itself? Against a profile without rows, and against the data.

    dependence_trials.py --taster target/release/taster --pack DATA_PACK [--trials 40]

The rows of ten real tables (10,000 at most, repeated rows left out) are dealt into a dataset and a reference at random, each
trial with its own seed, and the values of one feature of the dataset, drawn at random, are permuted: its own distribution
stays what it is, and whatever it went together with it does no more. Counted is how often `shift` reports anything, and how
often, without rows, it names the feature. Needs numpy, pandas and pyarrow.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from level_trials import DATASETS, ROWS, profiled, seen, table


def trial(taster, folder, number):
    rng = np.random.default_rng([number, 9])
    frame, label = table(folder)
    order = rng.permutation(len(frame))[:ROWS]
    middle = len(order) // 2
    data = frame.iloc[order[middle:]].copy()
    feature = rng.choice(frame.columns.drop(label))
    data[feature] = rng.permutation(data[feature].to_numpy())
    with tempfile.TemporaryDirectory() as room:
        reference = Path(room, "reference.parquet")
        frame.iloc[order[:middle]].to_parquet(reference, index=False)
        data.to_parquet(Path(room, "data.parquet"), index=False)
        profile = profiled(taster, reference, label, number)
        without, by_data = (seen(taster, known, label, number) for known in (profile, reference))
    named = any(feature in finding["columns"] for finding in without)
    print(f"{folder.name}, {feature}: without rows {bool(without)}, named {named}; data {bool(by_data)}", flush=True)
    return bool(without), named, bool(by_data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--taster", required=True)
    parser.add_argument("--pack", required=True, type=Path)
    parser.add_argument("--trials", type=int, default=40)
    args = parser.parse_args()
    folders = [args.pack / "labelflip" / name for name in DATASETS]
    outcomes = [trial(args.taster, folders[n % len(folders)], n) for n in range(args.trials)]
    without, named, by_data = np.sum(outcomes, axis=0)
    print(f"of {len(outcomes)}: found without rows {without}, feature named {named}; found with the data {by_data}")


if __name__ == "__main__":
    main()
