#!/usr/bin/env python3
"""Seconds that polars' streaming engine takes to read every column of the files and to sum each.

    floor_polars.py FILE...

Prints the median of three runs in one process: neither the interpreter's start nor imports count.
"""

import statistics
import sys
import time

from environment import require


def main(files):
    require("floor", ["polars==2.1.0"])
    import polars as pl

    scan = pl.scan_parquet if files[0].endswith(".parquet") else pl.scan_csv
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        scan(files).select(pl.all().sum()).collect(engine="streaming")
        seconds.append(time.perf_counter() - started)
    print(f"{statistics.median(seconds):.4f}")


if __name__ == "__main__":
    main(sys.argv[1:])
