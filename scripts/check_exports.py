#!/usr/bin/env python3
"""Checks what `taster export` writes with tools that are not ours.

    check_exports.py TASTER

Croissant is read by mlcroissant, the reference implementation, which also loads the rows and checks the digests of the
files; CycloneDX is validated against the published schema of version 1.7, as cyclonedx-python-lib carries it. A file with
another digest must be refused by mlcroissant, and a scan with --croissant must find the same. Both come from PyPI into
target/venvs/exports. Where that cannot be reached, the check is skipped and says so. Exits 0 if all holds or the check was
skipped, else 1.
"""

import json
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from environment import ROOT, require_or_skip

PACKAGES = ["mlcroissant==1.1.1", "cyclonedx-python-lib[json-validation]==11.12.0"]
LOANS = ROOT / "fixtures" / "loans"
ABOUT = ["--name", "loans", "--url", "https://example.com/loans", "--license", "CC0-1.0", "--creator", "Example Bank"]
ABOUT += ["--published", "2026-01-31", "--dataset-version", "1.2.3"]


def taster(*args: str, folder: Path, status: int = 0) -> str:
    done = subprocess.run([TASTER, *args], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == status, f"{args}: status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def check_croissant(folder: Path, columns: int, rows: int) -> None:
    import mlcroissant as mlc

    path = folder / "croissant.json"
    dataset = mlc.Dataset(jsonld=str(path))  # raises where it does not validate
    assert not dataset.metadata.issues.errors, dataset.metadata.issues.report()
    assert dataset.metadata.ctx.conforms_to.to_json() == "http://mlcommons.org/croissant/1.1"
    assert len(dataset.metadata.record_sets[0].fields) == columns
    found = sum(1 for _ in dataset.records("rows"))
    assert found == rows, f"{found} rows and not {rows}"
    print(f"croissant: mlcroissant {version('mlcroissant')} validates it and loads {found} rows")


def check_digest_is_looked_at(folder: Path) -> None:
    import mlcroissant as mlc

    path = folder / "croissant.json"
    described = json.loads(path.read_text(encoding="utf-8"))
    described["distribution"][0]["sha256"] = "0" * 64
    (folder / "wrong.json").write_text(json.dumps(described), encoding="utf-8")
    try:
        next(iter(mlc.Dataset(jsonld=str(folder / "wrong.json")).records("rows")))
    except mlc.GenerationError as e:
        assert "Hash of downloaded file" in str(e.__cause__), e
    else:
        raise AssertionError("mlcroissant did not look at the digest")
    data = described["distribution"][0]["name"]
    told = taster("scan", data, "--croissant", "wrong.json", "--out", "wrong", folder=folder, status=1)
    assert "is not the file that was declared" in told, told
    print("croissant: a wrong digest is refused by mlcroissant and by scan --croissant")


def check_cyclonedx(folder: Path, files: int) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = (folder / "bom.json").read_text(encoding="utf-8")
    error = JsonStrictValidator(SchemaVersion.V1_7).validate_str(text)
    assert error is None, error
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(text.replace('"dataset"', '"data set"')), "nothing is wrong"
    [component] = json.loads(text)["components"]
    assert len(component["components"]) == files
    print(f"cyclonedx: valid against the schema of 1.7, strictly; {files} files")


def check(folder: Path, data: str, files: int, rows: int, label: str) -> None:
    scan = ["scan", data, "--label", label, "--sign", "key.pem", "--log", "log", "--log-key", "log.pem"]
    subprocess.run([TASTER, *scan, "--out", "report"], cwd=folder, check=False, capture_output=True)
    taster("threat-model", "report", "--quiet", folder=folder)
    bom = ["--cyclonedx", "--threat-model", "THREAT-MODEL.json"]
    for form, name in [(["--croissant"], "croissant.json"), (bom, "bom.json")]:
        taster("export", "report/manifest.json", *form, "--key", "key.pub.pem", "--out", name, *ABOUT, folder=folder)
    columns = len(json.loads((folder / "report" / "findings.json").read_text(encoding="utf-8"))["dataset"]["columns"])
    check_croissant(folder, columns, rows)
    check_cyclonedx(folder, files)


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        taster("keygen", "--out", "key", folder=folder)
        taster("keygen", "--out", "log", "--algorithm", "ed25519", folder=folder)
        lines = (LOANS / "loans.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / "loans.csv").write_text("".join(lines), encoding="utf-8")
        check(folder, "loans.csv", 1, len(lines) - 1, "approved")
        check_digest_is_looked_at(folder)
        for part in range(3):
            rows = lines[1 + 400 * part : 401 + 400 * part]
            (folder / f"part-{part}.csv").write_text("".join(lines[:1] + rows), encoding="utf-8")
        check(folder, "part-*.csv", 3, len(lines) - 1, "approved")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    TASTER = str(Path(sys.argv[1]).resolve())
    require_or_skip("exports", PACKAGES)
    sys.exit(main())
