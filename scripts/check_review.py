#!/usr/bin/env python3
"""Review quarantined rows as a person would, at a terminal, and apply what was decided.

    python3 scripts/check_review.py target/release/taster [--data FILE --label COLUMN] [--screens]

Scans, decides on rows by keys, closes the terminal in the middle of it, goes on, ends, applies the decisions, and verifies
the dataset that comes of them with its lineage. With --screens the terminal is tmux, and what it shows is printed; else it
is a pseudo-terminal of Python's, and only what is written is looked at.
"""

import argparse
import base64
import json
import os
import pty
import select
import shlex
import subprocess
import tempfile
import time
from pathlib import Path

LOANS = Path(__file__).resolve().parent.parent / "fixtures" / "loans" / "poisoned.csv"
PATIENCE = 60.0
CLEAR = "\x15"  # Ctrl-U
ALTERNATE_SCREEN = b"\x1b[?1049h"


class Pty:
    """A command at a pseudo-terminal."""

    def __init__(self, command, folder):
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.environ["TERM"] = "xterm-256color"
            os.execv(command[0], command)
        # Until the review has the screen, keys are the system's line editor's.
        told = b""
        while ALTERNATE_SCREEN not in told:
            assert select.select([self.terminal], [], [], PATIENCE)[0], told
            told += os.read(self.terminal, 65536)

    def drain(self):
        """A terminal that nobody reads from stands still."""
        while select.select([self.terminal], [], [], 0.02)[0]:
            try:
                if not os.read(self.terminal, 65536):
                    return
            except OSError:
                return

    def type(self, keys):
        self.drain()
        os.write(self.terminal, keys.encode())
        self.drain()

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.process, 0)

    def ended(self):
        self.drain()
        done, status = os.waitpid(self.process, os.WNOHANG)
        return done and os.waitstatus_to_exitcode(status) == 0


class Tmux:
    """A command in tmux, whose screens are printed."""

    def __init__(self, command, folder):
        self.name = f"taster-{os.getpid()}"
        subprocess.run(
            ["tmux", "new-session", "-d", "-s", self.name, "-x", "110", "-y", "36", "-c", folder, shlex.join(command)],
            check=True,
        )
        deadline = time.monotonic() + PATIENCE
        while self.ask("display-message", "-p", "-t", self.name, "#{alternate_on}").strip() != "1":
            assert time.monotonic() < deadline, "it does not draw"
            time.sleep(0.05)
        time.sleep(0.3)
        self.show()

    @staticmethod
    def ask(*command):
        return subprocess.run(["tmux", *command], capture_output=True, text=True, check=False).stdout

    def show(self):
        print(self.ask("capture-pane", "-p", "-t", self.name).rstrip(), "\n", "=" * 110, sep="")

    def drain(self):
        pass

    def type(self, keys):
        subprocess.run(["tmux", "send-keys", "-t", self.name, "-l", keys], check=True)
        time.sleep(0.3)
        self.show()

    def close(self):
        subprocess.run(["tmux", "kill-session", "-t", self.name], check=True)

    def ended(self):
        return subprocess.run(["tmux", "has-session", "-t", self.name], capture_output=True, check=False).returncode != 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("taster", type=Path)
    parser.add_argument("--data", type=Path, default=LOANS)
    parser.add_argument("--label", default="approved")
    parser.add_argument("--relabel", default="yes", help="a label that the third quarantined row does not have")
    parser.add_argument("--screens", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        review(args.taster.resolve(), args.data.resolve(), args, Tmux if args.screens else Pty, Path(folder))


def review(taster, data, args, terminal, folder):
    def run(*command, status=0):
        done = subprocess.run([taster, *command], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == status, (command, done.stdout, done.stderr)
        return done.stdout

    for name in ["release", "ada"]:
        run("keygen", "--out", name)
    subprocess.run(
        [taster, "scan", data, "--label", args.label, "--sign", "release.pem", "--seed", "1", "--out", "raw", "--quiet"],
        cwd=folder,
        check=False,
    )
    command = [str(taster), "review", "raw", str(data), "--by", "ada@example.com", "--sign", "ada.pem"]
    journal = folder / "decisions.json.journal"

    def wait(events):
        deadline = time.monotonic() + PATIENCE
        while not (journal.exists() and journal.read_text().count("\n") == events + 1):
            assert time.monotonic() < deadline, journal.exists() and journal.read_text()
            session.drain()
            time.sleep(0.05)

    session = terminal(command, folder)
    wait(0)
    for keys, events in [("k", 0), ("known to us\r", 1), ("d", 1), ("made up\r", 2), ("d", 2), ("half a reas", 2)]:
        session.type(keys)
        wait(events)
    session.close()
    print("closed the terminal after 2 decisions, with a third half typed")

    session = terminal(command, folder)
    for keys, events in [("r", 2), (f"{CLEAR}{args.relabel}\r", 2), ("read it again\r", 3)]:
        session.type(keys)
        wait(events)
    for keys, events in [("u", 4), ("r", 4), (f"{CLEAR}{args.relabel}\r", 4), ("\r", 5)]:
        session.type(keys)
        wait(events)
    session.type("q")
    deadline = time.monotonic() + PATIENCE
    while not session.ended():
        assert time.monotonic() < deadline, "it does not end"
        time.sleep(0.05)

    envelope = json.loads((folder / "decisions.json").read_text())
    made = json.loads(base64.b64decode(envelope["payload"]))["decisions"]
    told = [(d["decision"], d.get("label"), d["why"], d["by"]) for d in made]
    by = "ada@example.com"
    expected = [("release", None, "known to us", by), ("confirm", None, "made up", by), ("relabel", args.relabel, None, by)]
    assert told == expected, told
    print(f"went on, relabelled, undid it, did it again, ended: {len(made)} decisions, signed")

    apply = ["apply", "raw", str(data), "--decisions", "decisions.json", "--out", "clean.parquet", "--report", "clean"]
    run(*apply, "--decisions-key", "release.pub.pem", status=2)
    subprocess.run(
        [taster, *apply, "--decisions-key", "ada.pub.pem", "--sign", "release.pem", "--quiet"], cwd=folder, check=False
    )
    run("verify", "clean/manifest.json", "clean.parquet", "--key", "release.pub.pem")
    chain = run("lineage", "raw/manifest.json", "clean/manifest.json", "--key", "release.pub.pem")
    assert "reviewed" in chain and by in chain, chain
    print("applied; the dataset verifies, and its lineage holds. Another's key is refused")


if __name__ == "__main__":
    main()
