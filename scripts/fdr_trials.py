#!/usr/bin/env python3
"""Does the quarantine keep its false discovery rate? Seeded trials with a clean reference.

    fdr_trials.py --taster target/release/taster --pack DATA_PACK [--trials 25] [--out trials.csv]

`label-flip`: rows of a real table are dealt into a reference and a dataset; in the dataset, 1, 2, 5 or 10 % of the labels
are changed at random. `outlier`: rows that a benchmark calls inliers are dealt the same way, and as many of its outliers
are put among the dataset's. Each trial has its own seed. Printed: for each detector and dataset, the mean share of the
quarantined rows that were not touched (0 where none is quarantined), which `--fdr` 0.05 bounds in expectation, and the
mean share of the touched rows that were found. Needs numpy, pandas and pyarrow.
"""

import argparse
import subprocess
import tempfile
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd

RATES = (0.01, 0.02, 0.05, 0.10)
ROWS = 4000
"""Rows of a dataset and of its reference at most."""
DATASETS = {
    "label-flip": ["adult", "bank_marketing", "hotel_booking", "pmlb_magic", "pmlb_pendigits", "pmlb_satimage", "pmlb_nursery", "pmlb_phoneme"],
    "outlier": ["19_landsat", "22_magic_gamma", "23_mammography", "24_mnist", "28_pendigits", "2_annthyroid", "32_shuttle", "38_thyroid"],
}
DETECTORS = ["label-flip", "conflicting-label", "outlier", "shift", "duplicate-flood"]


def halves(frame, rng):
    order = rng.permutation(len(frame))[: 2 * ROWS]
    middle = len(order) // 2
    return frame.iloc[order[:middle]], frame.iloc[order[middle:]].reset_index(drop=True)


def flipped(folder, label, rng, rate):
    """Reference, dataset with changed labels, and which rows those are."""
    reference, data = halves(pd.read_parquet(folder / "data.parquet").dropna(subset=[label]), rng)
    classes = np.sort(reference[label].unique())
    touched = np.zeros(len(data), bool)
    touched[rng.choice(len(data), round(rate * len(data)), replace=False)] = True
    old = np.searchsorted(classes, data[label])
    new = (old + rng.integers(1, len(classes), len(data))) % len(classes)
    data[label] = classes[np.where(touched, new, old)]
    return reference, data, touched


def mixed(folder, _label, rng, rate):
    """Reference of inliers, dataset of inliers and a few outliers, and which rows those are."""
    frame = pd.read_parquet(folder / "data.parquet")
    outlier = pd.read_parquet(next(folder.glob("*truth.parquet")))["is_outlier"].to_numpy(bool)
    reference, data = halves(frame[~outlier], rng)
    count = min(round(rate * len(data)), outlier.sum())
    planted = frame[outlier].iloc[rng.choice(outlier.sum(), count, replace=False)]
    order = rng.permutation(len(data) + count)
    both = pd.concat([data, planted], ignore_index=True).iloc[order].reset_index(drop=True)
    return reference, both, order >= len(data)


def trial(taster, detector, folder, number):
    rng = np.random.default_rng([number, sum(folder.name.encode())])
    label = tomllib.loads((folder / "META.toml").read_text())["label_column"]
    rate = RATES[number % len(RATES)]
    reference, data, touched = (flipped if detector == "label-flip" else mixed)(folder, label, rng, rate)
    with tempfile.TemporaryDirectory() as room:
        room = Path(room)
        reference.to_parquet(room / "reference.parquet", index=False)
        data.to_parquet(room / "data.parquet", index=False)
        others = [f'[detectors.{other}]\nlevel = "off"\n' for other in DETECTORS if other != detector]
        (room / "taster.toml").write_text("".join(others))
        command = [taster, "scan", room / "data.parquet", "--reference", room / "reference.parquet", "--config", room / "taster.toml"]
        command += ["--out", room / "report", "--seed", str(number), "--quiet"] + (["--label", label] if label else [])
        done = subprocess.run(command, capture_output=True)
        if done.returncode not in (0, 1):
            raise SystemExit(f"{folder.name}, trial {number}: {done.stderr.decode()}")
        rows = pd.read_parquet(room / "report" / "quarantine.parquet")["row"].to_numpy(int)
    found = touched[rows].sum()
    return dict(detector=detector, dataset=folder.name, trial=number, rate=rate, quarantined=len(rows),
                fdp=1 - found / len(rows) if len(rows) else 0.0, recall=found / touched.sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--taster", required=True)
    parser.add_argument("--pack", required=True, type=Path)
    parser.add_argument("--trials", type=int, default=25, help="of each dataset")
    parser.add_argument("--out", default="trials.csv")
    args = parser.parse_args()
    rooms = {"label-flip": args.pack / "labelflip", "outlier": args.pack / "outlier"}
    jobs = [(detector, rooms[detector] / name) for detector, names in DATASETS.items() for name in names]
    trials = pd.DataFrame([trial(args.taster, detector, folder, n) for n in range(args.trials) for detector, folder in jobs])
    trials.to_csv(args.out, index=False)
    numbers = ["fdp", "recall"]
    print(trials.groupby(["detector", "dataset"])[numbers].mean().round(4).to_string())
    print(trials.groupby(["detector", "rate"])[numbers].mean().round(4).to_string())
    print(trials.groupby("detector")[numbers].agg(["mean", "count"]).round(4).to_string())


if __name__ == "__main__":
    main()
