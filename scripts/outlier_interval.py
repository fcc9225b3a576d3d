#!/usr/bin/env python3
"""How far outlier figures are from the peers', with a paired bootstrap interval over the sets.

    python3 scripts/outlier_interval.py --results evaluation.csv --peers outlier.csv [--against IForest]

`--results` is what `evaluate.py --task outlier --out` wrote, `--peers` the peers' figures on the same sets (columns
`dataset`, `peer`, `roc`, `ap`). Only sets in both are compared. Standard library only.
"""

import argparse
import csv
import random
import statistics

ROUNDS = 20_000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", required=True)
    parser.add_argument("--peers", required=True)
    parser.add_argument("--against", default="IForest")
    args = parser.parse_args()
    ours = {r["dataset"]: r for r in read(args.results) if r.get("task") == "outlier"}
    peers = {}
    for row in read(args.peers):
        if row["dataset"] in ours and row["roc"]:  # empty where a peer did not finish
            peers.setdefault(row["peer"], {})[row["dataset"]] = row
    sets = sorted(peers[args.against])
    print(f"{len(sets)} sets\n\n| | mean | best peer | difference from {args.against} | 95 % interval |")
    print("| --- | ---: | --- | ---: | ---: |")
    for measure in ("roc", "ap"):
        mine = [float(ours[s][measure]) for s in sets]
        whole = {name: [float(rows[s][measure]) for s in sets] for name, rows in peers.items() if set(sets) <= set(rows)}
        best = max(whole, key=lambda name: statistics.mean(whole[name]))
        gains = [a - b for a, b in zip(mine, whole[args.against])]
        low, high = interval(gains)
        print(
            f"| {measure} | {statistics.mean(mine):.3f} | {best} {statistics.mean(whole[best]):.3f} "
            f"| {statistics.mean(gains):+.3f} | [{low:.3f}, {high:.3f}] |"
        )


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def interval(gains):
    """The middle 95 % of the means of sets drawn with replacement; the seed is fixed."""
    draw = random.Random(1)
    means = sorted(statistics.mean(draw.choices(gains, k=len(gains))) for _ in range(ROUNDS))
    return means[int(0.025 * ROUNDS)], means[int(0.975 * ROUNDS)]


if __name__ == "__main__":
    main()
