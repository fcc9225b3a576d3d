#!/usr/bin/env python3
"""How fast `taster verify --files-only` is, against hashing itself and against model_signing on the same files.

    bench_verify.py TASTER [--bytes N] [--files N] [--runs N]

Writes N bytes of CSV as one file and as many files, scans them (with no detector), and verifies the manifest. The floor is
SHA-256 by OpenSSL of bytes that are already in memory: in one stream for one file (the digest of a file cannot be computed in
parallel), and in as many streams as there are cores for many files. Everything is measured in the same run, in turns, and the
best of the runs is taken, by the clock and, for a machine that is busy with other work, in CPU seconds. Files are in the page
cache. One command prints the whole table:

    bench_verify.py target/release/taster
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from environment import require

PACKAGES = ["model-signing>=1.1,<1.2", "pyopenssl"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("taster")
    parser.add_argument("--bytes", type=int, default=4_000_000_000)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", help="where to write the files [default: a temporary folder]")
    args = parser.parse_args()
    taster = str(Path(args.taster).resolve())
    print("| files | GB | floor s | taster s | floor / taster | CPU: floor s | taster s | floor / taster | model_signing s | "
          "model_signing / taster |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for files in [1, args.files]:
        with tempfile.TemporaryDirectory(dir=args.folder) as home:
            measure(taster, Path(home), args.bytes, files, args.runs)


def measure(taster, home, size, files, runs):
    write(home / "data", size, files)
    run([taster, "keygen", "--out", home / "k", "--algorithm", "p256"])
    run([taster, "sign", home / "data", "--key", home / "k.pem", "--out", home / "data.sig"])
    off = [f"--level={line.split()[0]}=off" for line in listed(taster)]
    scan = [taster, "scan", home / "data", "--sign", home / "k.pem", "--out", home / "report", "--quiet", *off]
    run(scan)
    ours = [taster, "verify", home / "report" / "manifest.json", "--key", home / "k.pub.pem", home / "data", "--files-only",
            "--quiet"]
    theirs = [Path(sys.prefix) / "bin" / "model_signing", "verify", "key", home / "data", "--signature", home / "data.sig",
              "--public_key", home / "k.pub.pem"]
    times = {"floor": [], "ours": [], "theirs": []}
    for _ in range(runs):
        times["floor"].append(timed(lambda: floor(size, files)))
        times["ours"].append(timed(lambda: run(ours)))
        times["theirs"].append(timed(lambda: run(theirs)))
    (floor_s, floor_cpu), (ours_s, ours_cpu), (theirs_s, _) = ([min(of) for of in zip(*times[name])] for name in times)
    print(f"| {files} | {size / 1e9:.2f} | {floor_s:.2f} | {ours_s:.2f} | {floor_s / ours_s:.2f} | {floor_cpu:.2f} | "
          f"{ours_cpu:.2f} | {floor_cpu / ours_cpu:.2f} | {theirs_s:.2f} | {theirs_s / ours_s:.1f} |", flush=True)


def floor(size, files):
    """SHA-256 of as many bytes that are in memory already."""
    cores = 1 if files == 1 else os.cpu_count()
    block = memoryview(os.urandom(16 << 20))  # of which a part is no copy
    length = max(size // files, 1)

    def stream(parts):
        for _ in range(parts):
            digest, left = hashlib.sha256(), length
            while left > 0:
                digest.update(block[: min(left, len(block))] if left < len(block) else block)
                left -= len(block)
            digest.digest()

    shares = [files // cores + (i < files % cores) for i in range(cores)]
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(stream, shares))


def listed(taster):
    """The detectors, one a line."""
    told = subprocess.run([taster, "detectors"], check=True, capture_output=True, text=True).stdout
    return [line for line in told.splitlines() if line.split()[1:2] and line.split()[1] in ("off", "allow", "warn", "deny")]


def write(folder, size, files):
    """Files of one column; each begins with its own number, so that no two are the same."""
    folder.mkdir()
    block = "".join(f"{i * 7919 % 1_000_003:06}.{i % 97:02}{i % 10_007:05}\n" for i in range(1 << 19)).encode()
    row = len(block) >> 19
    for i in range(files):
        left = size // files // row * row
        with open(folder / f"part-{i:05}.csv", "wb") as file:
            file.write(b"x\n")
            file.write(f"{i:0{row - 1}}\n".encode())
            while left > 0:
                left -= file.write(block[: min(left, len(block))])


def run(command):
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def timed(work):
    """Seconds by the clock, and CPU seconds of this process and its children."""
    before, start = os.times(), time.perf_counter()
    work()
    seconds, after = time.perf_counter() - start, os.times()
    return seconds, sum(after[:4]) - sum(before[:4])


if __name__ == "__main__":
    require("oms", PACKAGES)
    main()
