#!/usr/bin/env python3
"""Checks a transparency log of taster's with what is not ours.

    check_log.py TASTER

Signed notes, checkpoints and proofs of inclusion are verified by proofbundle, an implementation of C2SP tlog-proof from
PyPI; entries, tiles and the root are made anew here by the definition in RFC 6962. A changed entry, key and proof must not
verify. proofbundle is installed into target/venvs/log; where PyPI cannot be reached, the check is skipped and says so.
Exits 0 if all holds or the check was skipped, else 1.
"""

import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from environment import require_or_skip

PACKAGES = ["proofbundle==6.3.1"]
ORIGIN = "example.com/check"


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest()


def tile(log: Path, layer: str, index: int, width: int) -> bytes:
    path = log / "tile" / layer / f"{index:03}"  # enough for 256,000 entries
    return (path if width == 256 else path.with_name(f"{index:03}.p") / str(width)).read_bytes()


def entries(log: Path, size: int) -> list[bytes]:
    found = []
    for first in range(0, size, 256):
        bundle = tile(log, "entries", first // 256, min(256, size - first))
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            found.append(bundle[2 : 2 + length])
            bundle = bundle[2 + length :]
    assert len(found) == size, f"{len(found)} entries and not {size}"
    return found


def check_tiles(log: Path, leaves: list[bytes]) -> int:
    """Every tile of every level is the hashes that the specification says."""
    tiles, level, hashes = 0, 0, leaves
    while hashes:
        for first in range(0, len(hashes), 256):
            part = hashes[first : first + 256]
            assert tile(log, str(level), first // 256, len(part)) == b"".join(part), f"tile {level}/{first // 256}"
            tiles += 1
        hashes = [root(hashes[i : i + 256]) for i in range(0, len(hashes) - 255, 256)]
        level += 1
    return tiles


def envelope(folder: Path, i: int) -> Path:
    payload = json.dumps({"predicateType": "https://example.com/check/v1", "number": i}).encode()
    path = folder / f"{i}.json"
    body = {"payload": base64.b64encode(payload).decode(), "payloadType": "application/vnd.in-toto+json", "signatures": []}
    path.write_text(json.dumps(body), encoding="utf-8")
    return path


def main() -> int:
    from proofbundle.tlogproof import verify_tlog_proof

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def taster(*args: object) -> str:
            return subprocess.run([TASTER, *map(str, args)], cwd=folder, capture_output=True, text=True, check=True).stdout

        taster("keygen", "--out", "log", "--algorithm", "ed25519")
        taster("keygen", "--out", "other", "--algorithm", "ed25519")
        next_one = 0
        for count in [1, 254, 2, 400]:
            paths = [envelope(folder, i) for i in range(next_one, next_one + count)]
            taster("log", "append", "tlog", *paths, "--key", "log.pem", "--origin", ORIGIN)
            next_one += count
        shown = json.loads(taster("log", "show", "tlog", "--key", "log.pub.pem", "--format", "json"))
        other = json.loads(taster("log", "show", "tlog", "--key", "other.pub.pem", "--format", "json"))
        log = folder / "tlog"
        logged = entries(log, next_one)
        leaves = [leaf(entry) for entry in logged]
        assert root(leaves).hex() == shown["root"], "another root"
        print(f"{check_tiles(log, leaves)} tiles over {next_one} entries are as RFC 6962 has them")

        for i in [0, 1, 254, 255, 256, 300, next_one - 1]:
            proof = (folder / f"{i}.tlog-proof").read_text(encoding="utf-8")

            def holds(text: str, entry: bytes, key: str) -> bool:
                return verify_tlog_proof(text, entry, key, expected_origin=ORIGIN)["ok"]

            assert holds(proof, logged[i], shown["key"]), f"entry {i}"
            assert not holds(proof, logged[i] + b" ", shown["key"])
            assert not holds(proof, logged[i], other["key"])
            assert not holds(proof.replace(f"index {i}\n", f"index {i + 1}\n"), logged[i], shown["key"])
        print(f"proofs, checkpoints and signed notes verify with proofbundle {version('proofbundle')}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    TASTER = str(Path(sys.argv[1]).resolve())
    require_or_skip("log", PACKAGES)
    sys.exit(main())
