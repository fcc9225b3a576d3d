#!/usr/bin/env python3
"""Peak memory of a full scan at 2 and at 20 million rows of 20 numeric columns and a label.

    python3 scripts/bench_memory.py [--small 2000000] [--large 20000000] [--folder DIR] [-- FLAGS OF SCAN]

Memory is bounded if the second figure is hardly larger than the first. The data (about 170 bytes a row) is written to a
temporary folder in row groups of a million rows and removed at the end.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from environment import require
from measure import TASTER, run

GROUP = 1_000_000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=2_000_000)
    parser.add_argument("--large", type=int, default=20_000_000)
    parser.add_argument("--folder", help="where to put the data")
    parser.add_argument("flags", nargs="*")
    args = parser.parse_args()
    require("memory", ["numpy", "pyarrow"])
    if not TASTER.exists():
        sys.exit("build first: cargo build --release")
    print("| rows | wall s | peak MiB |\n| ---: | ---: | ---: |")
    small, large = (measure(rows, args) for rows in (args.small, args.large))
    print(f"\npeak memory, large / small: {large / small:.3f}")


def measure(rows, args):
    with tempfile.TemporaryDirectory(prefix="taster-memory-", dir=args.folder) as folder:
        data = Path(folder, "data.parquet")
        generate(data, rows)
        command = [TASTER, "scan", data, "--label", "y", "--seed", "7", "--out", f"{folder}/report", "--quiet", *args.flags]
        seconds, peak, _ = run(command)
    print(f"| {rows:,} | {seconds:.1f} | {peak:.0f} |", flush=True)
    return peak


def generate(path, rows):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [f"x{i}" for i in range(20)]
    schema = pa.schema([(name, pa.float64()) for name in names] + [("y", pa.int64())])
    rng = np.random.default_rng(1)
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, GROUP):
            x = rng.normal(size=(len(names), min(GROUP, rows - start)))
            y = (x[0] + x[1] * x[2] + 0.3 * rng.normal(size=x.shape[1]) > 0).astype(np.int64)
            writer.write_table(pa.table([*x, y], schema=schema))


if __name__ == "__main__":
    main()
