"""A virtual environment of its own for each measuring script, under target/venvs."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def require(name, packages):
    """Go on in a virtual environment that has these packages; it is made once."""
    home = ROOT / "target" / "venvs" / name
    if Path(sys.prefix).resolve() == home.resolve():
        return
    python = home / "bin" / "python"
    done = home / "packages.txt"
    if not done.exists() or done.read_text().split() != packages:
        print(f"making {home} with {', '.join(packages)}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "2", "--timeout", "15"]
        subprocess.run([*pip, *packages], check=True)
        done.write_text("\n".join(packages))
    os.execv(python, [str(python), *sys.argv])


def require_or_skip(name, packages):
    """As `require`, but where PyPI cannot be reached the script ends well and says that it was skipped."""
    try:
        require(name, packages)
    except subprocess.CalledProcessError:
        print(f"skipped: {', '.join(packages)} cannot be installed from PyPI")
        sys.exit(0)
