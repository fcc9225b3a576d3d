#!/usr/bin/env python3
"""Run what hosting services would run of us, as far as that goes without them.

    python3 scripts/check_ci.py target/release/taster

The action, the GitLab template and the pre-commit manifest must validate against the services' own schemas; the template's
script runs in a shell with the template's variables; the hook is run by pre-commit in a repository that takes it from
another, as users do. Each must stop the poisoned loans and let the clean ones through. The action's script is run by
`tests/ci.rs`. Where PyPI cannot be reached it says so and ends well.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from environment import ROOT, require_or_skip

PACKAGES = ["check-jsonschema==0.39.0", "pre-commit==4.7.0"]
LOANS = ROOT / "fixtures" / "loans"
ARGS = ["--label", "approved", "--seed", "1"]


def main(taster):
    schemas()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bin").mkdir()
        shutil.copy(taster, folder / "bin" / "taster")
        author = {f"GIT_{who}_{what}": "nobody" for who in ["AUTHOR", "COMMITTER"] for what in ["NAME", "EMAIL"]}
        environment = os.environ | author | {"PRE_COMMIT_HOME": str(folder / "home"), "GIT_CONFIG_GLOBAL": os.devnull}
        environment["PATH"] = f"{folder / 'bin'}{os.pathsep}{environment['PATH']}"
        for data, status in [("poisoned.csv", 1), ("loans.csv", 0)]:
            gitlab(folder / f"gitlab-{status}", data, status, environment)
        pre_commit(folder, environment)


def tool(module, *args, **options):
    return subprocess.run([sys.executable, "-m", module, *args], capture_output=True, text=True, check=False, **options)


def schemas():
    for schema, path in [("vendor.github-actions", "action.yml"), ("vendor.gitlab-ci", "ci/gitlab.yml")]:
        done = tool("check_jsonschema", "--builtin-schema", schema, str(ROOT / path))
        assert done.returncode == 0, done.stdout
        print(f"{path} validates as {schema}")
    done = tool("pre_commit", "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml"))
    assert done.returncode == 0, done.stdout
    print(".pre-commit-hooks.yaml validates")


def gitlab(folder, data, status, environment):
    """The template's job, in a shell as a runner has it."""
    import yaml

    job = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text())["taster"]
    (folder / "data").mkdir(parents=True)
    shutil.copy(LOANS / data, folder / "data")
    variables = job["variables"] | {"TASTER_ARGS": " ".join(ARGS)}
    script = "\n".join(["set -eo pipefail", *job["script"]])
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment | variables, capture_output=True, check=False)
    assert done.returncode == status, done.stderr.decode()
    for kept in [*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]]:
        assert (folder / kept).exists(), f"the job keeps {kept}, which is not there"
    print(f"the GitLab job ends with {status} on {data}")


def pre_commit(folder, environment):
    """The hook, from a repository of hooks, on a repository with data."""
    hooks, user = folder / "hooks", folder / "user"

    def git(where, *args):
        done = subprocess.run(["git", *args], cwd=where, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    for repository in [hooks, user]:
        repository.mkdir()
        git(repository, "init", "--quiet")
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    git(hooks, "add", ".")
    git(hooks, "commit", "--quiet", "--message", "hooks")
    hook = {"id": "taster", "args": ["data/", *ARGS]}
    config = {"repos": [{"repo": str(hooks), "rev": git(hooks, "rev-parse", "HEAD"), "hooks": [hook]}]}
    (user / ".pre-commit-config.yaml").write_text(json.dumps(config))  # JSON is YAML
    (user / "readme.txt").write_text("nothing to taste\n")
    (user / "data").mkdir()
    for data, status, told in [(None, 0, "Skipped"), ("poisoned.csv", 1, "Failed"), ("loans.csv", 0, "Passed")]:
        if data:
            shutil.copy(LOANS / data, user / "data" / "loans.csv")
        git(user, "add", ".pre-commit-config.yaml", "readme.txt", "data")
        done = tool("pre_commit", "run", cwd=user, env=environment)
        assert done.returncode == status and told in done.stdout, done.stdout + done.stderr
        print(f"the hook: {told.lower()} on {data or 'a commit without data'}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    require_or_skip("ci", PACKAGES)
    main(Path(sys.argv[1]).resolve())
