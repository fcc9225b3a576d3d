#!/usr/bin/env python3
"""Verifies a manifest's signature with securesystemslib, a DSSE implementation that is not ours.

    check_dsse.py manifest.json key.pub.pem

Where securesystemslib is not installed, it is installed into a temporary virtual environment; where that cannot be done,
the check is skipped and says so. Exits 0 if the signature verifies or the check was skipped, else 1.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

PACKAGES = ["securesystemslib[crypto]>=1.1"]
STATEMENT = "https://in-toto.io/Statement/v1"


def in_an_environment_of_its_own() -> int:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "bin", "python")
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            print("skipped: securesystemslib cannot be installed:", done.stderr.strip().splitlines()[-1])
            return 0
        return subprocess.run([python, __file__, *sys.argv[1:]], check=False).returncode


def check_statement(statement: dict) -> None:
    """The rules of in-toto's Statement v1 for the parts that are not the predicate."""
    assert statement["_type"] == STATEMENT, "another type of statement"
    assert statement["subject"], "no subjects"
    for subject in statement["subject"]:
        assert subject["digest"], "a subject without digest"
        assert all(isinstance(value, str) for value in subject["digest"].values()), "a digest that is no string"
    assert "://" in statement["predicateType"], "the predicate's type is not a URI"


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        from cryptography.hazmat.primitives import serialization
        from securesystemslib.dsse import Envelope
        from securesystemslib.exceptions import VerificationError
        from securesystemslib.signer import SSlibKey
    except ImportError:
        return in_an_environment_of_its_own()
    envelope = Envelope.from_dict(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    public = serialization.load_pem_public_key(Path(sys.argv[2]).read_bytes())
    spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    key = SSlibKey.from_crypto(public, keyid=hashlib.sha256(spki).hexdigest())
    try:
        envelope.verify([key], threshold=1)
    except VerificationError as e:
        print(f"not verified: {e}", file=sys.stderr)
        return 1
    check_statement(json.loads(envelope.payload))
    print(f"verified by securesystemslib: {key.scheme} key {key.keyid}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
