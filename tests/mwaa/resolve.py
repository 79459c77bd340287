"""Resolve the MWAA bundle's requirements with uv, for the Python of MWAA's image."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

PYTHON = "3.12"
"""The version in MWAA's image for Airflow 3.3.1."""


class UnresolvableError(Exception):
    """No set of versions satisfies the requirements; the text is uv's explanation."""


def resolve(
    requirements: Path, constraints: Iterable[str | Path] = (), wheels: Path | None = None
) -> dict[str, str]:
    """Return the version of each package that would be installed.

    Args:
        requirements: The bundle's requirements.txt.
        constraints: Constraint files, by path or address.
        wheels: A folder of wheels that replaces the package index; None uses the index.

    Raises:
        UnresolvableError: The requirements conflict with each other or with the constraints.
    """
    command = [sys.executable, "-m", "uv", "pip", "compile", str(requirements), "--quiet"]
    command += ["--python-version", PYTHON, "--no-header", "--no-annotate"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--no-config"]
    for file in constraints:
        command += ["--constraints", str(file)]
    if wheels is not None:
        command += ["--offline", "--no-index", "--no-cache", "--find-links", str(wheels)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise UnresolvableError(done.stderr)
    lines = (line.partition(";")[0] for line in done.stdout.splitlines())
    return {name: version.strip() for name, _, version in (line.partition("==") for line in lines)}
