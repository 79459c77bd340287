"""Check that the MWAA bundle installs: `python -m tests.mwaa CONSTRAINTS...` (uses the index).

CONSTRAINTS are the files that MWAA's image has in /etc/pip or prints when it installs
requirements, by path or address: Airflow's constraints-<version>/constraints-<Python>.txt, and the
essential constraints of amazon-mwaa-docker-images. Prints the versions that would be installed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

from include.mwaa_bundle import build_bundle
from tests.mwaa.recorded import FILE, Recorded
from tests.mwaa.resolve import UnresolvableError, resolve

ENVIRONMENT = {
    "python_version": "3.12",
    "python_full_version": "3.12.0",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "sys_platform": "linux",
    "os_name": "posix",
}


def main() -> int:
    """Resolve the bundle's requirements; return 1 if they conflict, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.mwaa", description=__doc__)
    parser.add_argument("constraints", nargs="+", help="constraint files, by path or address")
    parser.add_argument("--record", action="store_true", help=f"also write {FILE.name}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        build_bundle(Path(folder))
        requirements = Path(folder) / "requirements.txt"
        try:
            found = resolve(requirements, options.constraints)
        except UnresolvableError as error:
            print(f"mwaa/requirements.txt cannot be installed:\n{error}", file=sys.stderr)
            return 1
        pins = [f"{name}=={version}" for name, version in sorted(found.items())]
        print("\n".join(pins))
        if options.record:
            FILE.write_text(json.dumps(_recorded(pins, requirements), indent=1) + "\n")
    return 0


def _recorded(pins: list[str], requirements: Path) -> Recorded:
    """Return the requirements of these versions from the index; needs Python 3.12."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--no-deps"]
    command += ["--ignore-installed", "--report", "-", *pins]
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    found = {
        f"{part['metadata']['name']}=={part['metadata']['version']}": [
            Requirement(line) for line in part["metadata"].get("requires_dist", [])
        ]
        for part in report["install"]
    }
    lines = requirements.read_text().splitlines()
    requested = [Requirement(line) for line in lines if line and not line.startswith("#")]
    requested += [needed for part in found.values() for needed in part if _holds(needed)]
    extras = {extra for requirement in requested for extra in requirement.extras}
    return {pin: list(_needed(found[pin], extras)) for pin in sorted(found)}


def _needed(requirements: list[Requirement], extras: set[str]) -> Iterator[str]:
    """Yield a package's requirements on MWAA, and those of the requested extras."""
    for requirement in requirements:
        extra = next((extra for extra in sorted(extras) if _holds(requirement, extra)), None)
        always = _holds(requirement)
        requirement.marker = None
        if always:
            yield str(requirement)
        elif extra is not None:
            yield f"{requirement}; extra == '{extra}'"


def _holds(requirement: Requirement, extra: str = "") -> bool:
    """Return whether a requirement applies on MWAA, with one extra or without extras."""
    marker = requirement.marker
    return marker is None or marker.evaluate({**ENVIRONMENT, "extra": extra})


if __name__ == "__main__":
    sys.exit(main())
