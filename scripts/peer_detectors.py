#!/usr/bin/env python3
"""Seconds of taster and of the usual Python detectors on the evaluation's cases, in one run on one machine.

    python3 scripts/peer_detectors.py --evaluation DIR --pack DIR [--task label-flip] [--task outlier] [--every N]

`--evaluation` is the folder with the evaluation's `cases.py`. For label flips the peers are cleanlab's label quality over
5-fold out-of-fold probabilities of scikit-learn's HistGradientBoosting (up to 10 classes), and over the mean of three
models: that one, a random forest of 100 trees and a logistic regression. For outliers the peer is PyOD's IForest on the
tables (embeddings left out). taster is measured as a process, from start to the finished report, twice: with every detector
on, and with only the one that does the peers' work. The peers are measured inside a process that has imported everything,
without reading the data, and IForest also as a process of its own, from start over reading the file to its scores. CPU seconds
stand beside wall seconds: they mean something on a machine that is busy with other work, too.
"""

import argparse
import functools
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from environment import require
from measure import TASTER

PACKAGES = ["numpy", "pandas", "pyarrow", "scipy", "scikit-learn", "cleanlab", "pyod"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evaluation", required=True, help="folder with cases.py")
    parser.add_argument("--pack", required=True, help="the data pack")
    parser.add_argument("--task", action="append", choices=["label-flip", "outlier"])
    parser.add_argument("--every", type=int, default=1, help="take each N-th case only")
    args = parser.parse_args()
    if not TASTER.exists():
        sys.exit("build first: cargo build --release")
    require("detectors", PACKAGES)
    sys.path.insert(0, args.evaluation)
    sys.dont_write_bytecode = True
    import cases

    print("| task | tool | cases | wall s | CPU s | taster | wall s | CPU s | ratio, wall | ratio, CPU |")
    print("| --- | --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |")
    for task in args.task or ["label-flip", "outlier"]:
        measure = {"label-flip": label_flip_peers, "outlier": outlier_peers}[task]
        chosen = [c for i, c in enumerate(cases.TASKS[task](args.pack)) if i % args.every == 0 and not c.embedding]
        report(task, ((ours(case, task), measure(case)) for case in chosen))


def report(task, measured):
    """For each peer, over the cases that it was run on, one line for each way taster is run."""
    totals = {}
    for mine, theirs in measured:
        for peer, seconds in theirs.items():
            for run, our_seconds in mine.items():
                total = totals.setdefault((peer, run), [0, 0.0, 0.0, 0.0, 0.0])
                for i, value in enumerate([1, *seconds, *our_seconds]):
                    total[i] += value
    for (peer, run), (count, wall, cpu, our_wall, our_cpu) in totals.items():
        print(f"| {task} | {peer} | {count} | {wall:.1f} | {cpu:.1f} | {run} | {our_wall:.1f} | {our_cpu:.1f} | {wall / our_wall:.1f} | {cpu / our_cpu:.1f} |")


def ours(case, task):
    """Wall and CPU seconds of a scan, process start included, with all detectors and with that of the task alone."""
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory(prefix="taster-detectors-") as folder:
        data = Path(folder, "data.parquet")
        pq.write_table(case.table, data)
        out = {}
        for run, off in {"all detectors": [], f"{task} alone": [d for d in detectors() if d != task]}.items():
            command = [TASTER, "scan", data, "--out", Path(folder, run), "--scores", "--seed", "7", "--quiet"]
            command += ["--label", case.label] if case.label else []
            status, out[run] = of_process(command + [f"--level={detector}=off" for detector in off])
            if status not in (0, 1):
                sys.exit(f"taster ended with status {status} on {case.dataset}")
    return out


@functools.cache
def detectors():
    """Their names, as `taster detectors` lists them below a heading."""
    lines = subprocess.run([TASTER, "detectors"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split()[0] for line in lines[1:lines.index("")]]


def of_process(command):
    """A command's exit status, and its wall and CPU seconds."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    status = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return status, (wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def timed(work):
    """What the work gives, and its wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, (time.perf_counter() - wall, time.process_time() - cpu)


def label_flip_peers(case):
    import pandas as pd
    from cleanlab.rank import get_label_quality_scores
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    frame = case.table.to_pandas()
    y, _ = pd.factorize(frame[case.label], sort=True)
    x = encoded(frame.drop(columns=case.label))
    models = {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)),
        "random forest": RandomForestClassifier(100, random_state=1),
    }
    if y.max() < 10:
        models["HistGradientBoosting"] = HistGradientBoostingClassifier(random_state=1)
    seconds = {}
    for name, model in models.items():
        def work(model=model):
            return get_label_quality_scores(y, cross_val_predict(model, x, y, cv=5, method="predict_proba"))
        seconds[name] = timed(work)[1]
    out = {"cleanlab, mean of models": tuple(map(sum, zip(*seconds.values())))}
    if "HistGradientBoosting" in seconds:
        out["cleanlab, HistGradientBoosting"] = seconds["HistGradientBoosting"]
    return out


def outlier_peers(case):
    import pyarrow.parquet as pq
    from pyod.models.iforest import IForest

    x = encoded(case.table.to_pandas())
    seconds = {"PyOD IForest": timed(lambda: IForest(random_state=1).fit(x))[1]}
    with tempfile.TemporaryDirectory(prefix="taster-detectors-") as folder:
        data = Path(folder, "data.parquet")
        pq.write_table(case.table, data)
        code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import peer_detectors; peer_detectors.iforest({str(data)!r})"
        seconds["PyOD IForest, as a process"] = of_process([sys.executable, "-c", code])[1]
    return seconds


def iforest(data):
    """What a user of PyOD would run on a file."""
    import pandas as pd
    from pyod.models.iforest import IForest

    return IForest(random_state=1).fit(encoded(pd.read_parquet(data))).decision_scores_


def encoded(frame):
    """Numbers as they are, nulls at the median; everything else by ordinal code."""
    import numpy as np
    import pandas as pd

    columns = []
    for name in frame:
        if pd.api.types.is_numeric_dtype(frame[name]) or pd.api.types.is_bool_dtype(frame[name]):
            values = pd.to_numeric(frame[name]).astype(float)
            columns.append(values.fillna(values.median()).fillna(0.0).to_numpy())
        else:
            columns.append(pd.factorize(frame[name].astype(str))[0].astype(float))
    return np.column_stack(columns)


if __name__ == "__main__":
    main()
