#!/usr/bin/env python3
"""Verifies what a scan attests with implementations that are not ours.

    check_dsse.py TASTER

A dataset is scanned and signed, once with each kind of key and once with two keys. The signatures of manifest.json and of
test-result.json are verified by securesystemslib, an implementation of DSSE; their statements are read and checked by
in-toto-attestation, the reference implementation of in-toto's Statement v1, and the test result against its definition of
that predicate. Another key, another payload and a lone signature where two are needed must not verify. Both come from PyPI
into target/venvs/dsse; where that cannot be reached, the check is skipped and says so. Exits 0 if all holds or the check was
skipped, else 1.
"""

import base64
import copy
import hashlib
import json
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from environment import ROOT, require_or_skip

PACKAGES = ["securesystemslib[crypto]>=1.1,<2", "in-toto-attestation==0.9.3"]
LOANS = ROOT / "fixtures" / "loans" / "loans.csv"
SCAN = "https://taster.dev/attestation/dataset-scan/v0.1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
ALGORITHMS = ["ed25519", "p256", "p384", "p521"]


def taster(folder: Path, *args: object, most: int = 0) -> None:
    done = subprocess.run([TASTER, *map(str, args)], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode <= most, f"{args}: status {done.returncode}\n{done.stdout}\n{done.stderr}"


def public_key(path: Path):
    """The key as securesystemslib knows it, by the id that a manifest gives it: SHA-256 of its SPKI."""
    from cryptography.hazmat.primitives import serialization
    from securesystemslib.signer import SSlibKey

    public = serialization.load_pem_public_key(path.read_bytes())
    spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return SSlibKey.from_crypto(public, keyid=hashlib.sha256(spki).hexdigest())


def verifies(envelope: dict, keys: list, threshold: int = 1) -> bool:
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError

    try:
        return len(Envelope.from_dict(copy.deepcopy(envelope)).verify(keys, threshold)) >= threshold
    except VerificationError:
        return False


def statement_of(envelope: dict, predicate_type: str) -> dict:
    """The statement, after in-toto's own rules for one: its type, subjects with digests, a predicate and its type."""
    from google.protobuf import json_format
    from in_toto_attestation.v1 import statement, statement_pb2
    from securesystemslib.dsse import Envelope

    payload = Envelope.from_dict(copy.deepcopy(envelope)).payload
    read = json_format.Parse(payload, statement_pb2.Statement())  # refuses unknown fields
    statement.Statement.copy_from_pb(read).validate()
    told = json.loads(payload)
    assert envelope["payloadType"] == "application/vnd.in-toto+json", envelope["payloadType"]
    assert told["predicateType"] == predicate_type, told["predicateType"]
    return told


def check_rules_bite(envelope: dict) -> None:
    """That what in-toto demands is really looked at."""
    for wrong in ({"_type": "https://in-toto.io/Statement/v2"}, {"subject": []}, {"predicateType": ""}, {"more": 1}):
        told = json.loads(base64.b64decode(envelope["payload"])) | wrong
        edited = dict(envelope, payload=base64.b64encode(json.dumps(told).encode()).decode())
        try:
            statement_of(edited, told["predicateType"])
        except Exception:  # in protobuf's or in-toto's words
            continue
        raise AssertionError(f"{wrong} is not refused")


def check_test_result(told: dict) -> None:
    from google.protobuf import json_format
    from in_toto_attestation.predicates.test_result.v0 import test_result_pb2

    read = json_format.ParseDict(told["predicate"], test_result_pb2.TestResult())
    assert read.result in ("PASSED", "WARNED", "FAILED"), read.result
    assert read.configuration, "nothing says what was tested with"


def check(folder: Path, names: list[str]) -> None:
    sign = [part for name in names for part in ("--sign", f"{name}.pem")]
    out = "-".join(names)
    taster(folder, "scan", "loans.csv", "--label", "approved", *sign, "--out", out, "--quiet", most=1)
    keys = [public_key(folder / f"{name}.pub.pem") for name in names]
    stranger = public_key(folder / "stranger.pub.pem")
    data = hashlib.sha256((folder / "loans.csv").read_bytes()).hexdigest()
    for file, predicate_type in [("manifest.json", SCAN), ("test-result.json", TEST_RESULT)]:
        envelope = json.loads((folder / out / file).read_text(encoding="utf-8"))
        assert verifies(envelope, keys, len(keys)), f"{out}/{file} does not verify"
        assert not verifies(envelope, [stranger]), f"{out}/{file} verifies with another key"
        assert not verifies(envelope, [*keys, stranger], len(keys) + 1), f"{out}/{file} counts a key too many"
        payload = bytearray(base64.b64decode(envelope["payload"]))
        payload[len(payload) // 2] ^= 1
        changed = dict(envelope, payload=base64.b64encode(payload).decode())
        assert not verifies(changed, keys), f"{out}/{file} verifies although it was changed"
        told = statement_of(envelope, predicate_type)
        assert data in [subject["digest"]["sha256"] for subject in told["subject"]], f"{file} is about other data"
        check_rules_bite(envelope)
        if predicate_type == TEST_RESULT:
            check_test_result(told)
        print(f"{file}: {' and '.join(key.scheme for key in keys)} verified by securesystemslib, the statement by in-toto")


def main() -> int:
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        (folder / "loans.csv").write_bytes(LOANS.read_bytes())
        for name, algorithm in [*zip(ALGORITHMS, ALGORITHMS), ("stranger", "p256")]:
            taster(folder, "keygen", "--out", name, "--algorithm", algorithm)
        for names in [*([algorithm] for algorithm in ALGORITHMS), ["ed25519", "p256"]]:
            check(folder, names)
        print(f"with securesystemslib {version('securesystemslib')} and in-toto-attestation {version('in-toto-attestation')}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    TASTER = str(Path(sys.argv[1]).resolve())
    require_or_skip("dsse", PACKAGES)
    sys.exit(main())
