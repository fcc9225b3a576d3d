"""Wall time and peak memory of one process."""

import os
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TASTER = ROOT / "target" / "release" / "taster"


def run(command, accept=(0, 1)):
    """Seconds, peak resident MiB and standard output of the command."""
    started = time.perf_counter()
    child = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in accept:
        raise SystemExit(f"{' '.join(map(str, command))} ended with status {child.returncode}")
    return seconds, usage.ru_maxrss / 1024, output.decode()
