#!/usr/bin/env python3
"""Does `shift` keep its level? Random halves of real tables: any change that is reported is a false alarm.

    level_trials.py --taster target/release/taster --pack DATA_PACK [--trials 300] [--no-rows] [--numbers] [--out level.csv]

The rows of ten real tables (10,000 at most, repeated rows left out) are dealt into a dataset and a reference at random, each
trial with its own seed. With `--no-rows` the reference is a profile that has none; with `--numbers` the label is a number,
of four of the tables. `alpha` is 0.01, the default. Each trial is written to the table as it ends; those that are there
already are not run again, so that a run can be stopped and go on. Needs numpy, pandas and pyarrow.
"""

import argparse
import csv
import functools
import json
import subprocess
import tempfile
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 10_000
DATASETS = ["adult", "bank_marketing", "diamonds_cut", "income_survey", "pmlb_magic", "pmlb_pendigits", "pmlb_phoneme", "pmlb_satimage", "pmlb_spambase", "pmlb_wine_quality_white"]
NUMBERS = {"adult": "age", "bank_marketing": "balance", "diamonds_cut": "price", "pmlb_wine_quality_white": "alcohol"}
COLUMNS = ["dataset", "trial", "alarm", "codes"]


@functools.cache
def table(folder):
    label = tomllib.loads((folder / "META.toml").read_text())["label_column"]
    return pd.read_parquet(folder / "data.parquet").drop_duplicates(), label


def trial(taster, folder, number, args):
    rng = np.random.default_rng([number, sum(folder.name.encode())])
    frame, label = table(folder)
    label = NUMBERS[folder.name] if args.numbers else label
    order = rng.permutation(len(frame))[:ROWS]
    middle = len(order) // 2
    with tempfile.TemporaryDirectory() as room:
        reference = Path(room, "reference.parquet")
        frame.iloc[order[:middle]].to_parquet(reference, index=False)
        frame.iloc[order[middle:]].to_parquet(Path(room, "data.parquet"), index=False)
        if args.no_rows:
            reference = profiled(taster, reference, label, number)
        found = seen(taster, reference, label, number)
    codes = [finding["code"] for finding in found]
    return [folder.name, number, int(bool(codes)), " ".join(codes)]


def profiled(taster, reference, label, number):
    """A profile of the reference beside it, without rows."""
    profile = reference.with_suffix(".taster")
    command = [taster, "profile", reference, "--label", label, "--seed", str(number), "--no-rows", "--quiet"]
    subprocess.run([*command, "--out", profile], check=True)
    return profile


def seen(taster, reference, label, number):
    """What `shift` alone finds in the data beside the reference."""
    room = reference.parent
    command = [taster, "scan", room / "data.parquet", "--reference", reference, "--label", label]
    command += ["--out", room / "report", "--seed", str(number), "--quiet"]
    for other in others(taster):
        command += ["--level", f"{other}=off"]
    done = subprocess.run(command, capture_output=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"trial {number}: {done.stderr.decode()}")
    findings = json.loads((room / "report" / "findings.json").read_text())["findings"]
    return [f for f in findings if f["detector"] == "shift" and f["severity"] != "info"]


@functools.cache
def others(taster):
    listed = subprocess.run([taster, "detectors"], capture_output=True, text=True, check=True).stdout
    every = [line.split()[0] for line in listed.splitlines() if line and line[0].islower()]
    return [detector for detector in every if detector != "shift"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--taster", required=True)
    parser.add_argument("--pack", required=True, type=Path)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--no-rows", action="store_true", help="compare with a profile without rows")
    parser.add_argument("--numbers", action="store_true", help="take a number for the label")
    parser.add_argument("--out", default="level.csv", type=Path)
    args = parser.parse_args()
    folders = [args.pack / "labelflip" / name for name in (NUMBERS if args.numbers else DATASETS)]
    done = set(pd.read_csv(args.out)["trial"]) if args.out.exists() else set()
    with args.out.open("a", newline="", buffering=1) as out:
        writer = csv.writer(out)
        if not done:
            writer.writerow(COLUMNS)
        for number in (n for n in range(args.trials) if n not in done):
            writer.writerow(trial(args.taster, folders[number % len(folders)], number, args))
    trials = pd.read_csv(args.out)
    print(trials.groupby("dataset")["alarm"].agg(["sum", "count"]).to_string())
    print(trials[trials.alarm == 1][["dataset", "trial", "codes"]].to_string())
    print(f"false alarms: {trials.alarm.sum()} of {len(trials)}")


if __name__ == "__main__":
    main()
