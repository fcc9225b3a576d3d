#!/usr/bin/env python3
"""The adapter that OpenSSF Model Signing's conformance suite runs, around taster.

    pytest test/ --entrypoint=scripts/oms_adapter.py --skip-sigstore

It speaks the suite's adapter protocol (`sign-model`, `verify-model`) and leaves everything to the taster that TASTER names,
or that is on the PATH. Sigstore's keyless method needs Sigstore's services, which taster never calls, and is refused.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

TASTER = os.environ.get("TASTER", "taster")


def main():
    arguments = parse()
    if arguments.method == "sigstore":
        sys.exit("the keyless method is not supported")
    command = sign(arguments) if arguments.command == "sign-model" else verify(arguments)
    for path in arguments.ignore_paths:
        # The suite names absolute paths; a bundle records them below the model.
        if path.is_relative_to(arguments.model_path):
            command += ["--ignore-path", path.relative_to(arguments.model_path)]
    return subprocess.run(command, check=False).returncode


def sign(arguments):
    command = [TASTER, "sign", arguments.model_path, "--key", arguments.private_key, "--out", arguments.output_bundle]
    chain = [arguments.signing_cert, *arguments.cert_chain] if arguments.method == "certificate" else []
    return command + [word for path in chain for word in ("--certificate", path)]


def verify(arguments):
    command = [TASTER, "verify", arguments.bundle, arguments.model_path]
    if arguments.method == "key":
        command += ["--key", arguments.public_key]
    else:
        command += [word for path in arguments.cert_chain for word in ("--certificate", path)]
    return command + ["--ignore-unsigned-files"] * arguments.ignore_unsigned_files


def parse():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ["sign-model", "verify-model"]:
        command = commands.add_parser(name)
        command.add_argument("--method", required=True, choices=["key", "certificate", "sigstore"])
        command.add_argument("--model-path", required=True, type=Path)
        command.add_argument("--cert-chain", action="append", default=[], type=Path)
        command.add_argument("--ignore-paths", action="append", default=[], type=Path)
        command.add_argument("--use-staging", action="store_true")
    signing, verifying = commands.choices["sign-model"], commands.choices["verify-model"]
    signing.add_argument("--output-bundle", required=True, type=Path)
    signing.add_argument("--private-key", type=Path)
    signing.add_argument("--signing-cert", type=Path)
    signing.add_argument("--identity-token")
    verifying.add_argument("--bundle", required=True, type=Path)
    verifying.add_argument("--public-key", type=Path)
    verifying.add_argument("--ignore-unsigned-files", action="store_true")
    verifying.add_argument("--identity")
    verifying.add_argument("--identity-provider")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
