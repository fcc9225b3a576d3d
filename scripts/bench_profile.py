#!/usr/bin/env python3
"""Comparing a large dataset with a profile: wall and CPU seconds, cells a second, peak memory, and the profile's size.

    python3 scripts/bench_profile.py [--rows 3000000] [--columns 100] [--folder DIR]

The data, numbers of several distributions in row groups of 100,000 rows, is written to a temporary folder and removed at the
end. Two profiles are made of one seed's data, with and without rows, and another seed's data is scanned against them: by
`shift` alone, and by every detector.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from environment import require
from measure import TASTER

GROUP = 100_000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--folder", help="where to put the data")
    args = parser.parse_args()
    require("memory", ["numpy", "pyarrow"])
    if not TASTER.exists():
        sys.exit("build first: cargo build --release")
    cells = args.rows * args.columns
    with tempfile.TemporaryDirectory(prefix="taster-profile-", dir=args.folder) as folder:
        old, new = Path(folder, "old.parquet"), Path(folder, "new.parquet")
        generate(old, args.rows, args.columns, 1)
        generate(new, args.rows, args.columns, 2)
        print("| | wall s | CPU s | M cells / s | M cells / CPU s | peak MiB |\n| --- | ---: | ---: | ---: | ---: | ---: |")
        profiles = {}
        for name, flags in [("profile", []), ("profile --no-rows", ["--no-rows"])]:
            profiles[name] = Path(folder, f"{name}.taster".replace(" ", ""))
            run(name, cells, "profile", old, "--out", profiles[name], "--seed", "7", "--quiet", *flags)
        only = [f"--level={d}=off" for d in detectors() if d != "shift"]
        for name, profile in profiles.items():
            for what, flags in [("shift alone", only), ("every detector", [])]:
                report = f"{folder}/report"
                command = ["scan", new, "--reference", profile, "--seed", "7", "--quiet", "--out", report, *flags]
                run(f"scan against {name}, {what}", cells, *command)
        print()
        for name, profile in profiles.items():
            print(f"{name}: {profile.stat().st_size / 1e6:.2f} MB")


def detectors():
    listed = subprocess.run([TASTER, "detectors"], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in listed.splitlines() if line and line[0].islower()]


def run(name, cells, *command):
    started = time.perf_counter()
    child = subprocess.Popen([str(part) for part in (TASTER, *command)])
    _, status, usage = os.wait4(child.pid, 0)
    wall, cpu = time.perf_counter() - started, usage.ru_utime + usage.ru_stime
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        raise SystemExit(f"{name} ended with status {child.returncode}")
    rates = f"{cells / wall / 1e6:.1f} | {cells / cpu / 1e6:.1f}"
    print(f"| {name} | {wall:.1f} | {cpu:.1f} | {rates} | {usage.ru_maxrss / 1024:.0f} |", flush=True)


def generate(path, rows, columns, seed):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(f"x{i}", pa.float64()) for i in range(columns)])
    rng = np.random.default_rng(seed)
    draws = [
        lambda n: rng.normal(size=n),
        lambda n: rng.lognormal(size=n),
        lambda n: rng.uniform(1.7e9, 1.8e9, size=n).round(),
        lambda n: rng.poisson(7.0, size=n).astype(float),
    ]
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, GROUP):
            n = min(GROUP, rows - start)
            writer.write_table(pa.table([draws[i % len(draws)](n) for i in range(columns)], schema=schema))


if __name__ == "__main__":
    main()
