"""The package index restricted by MWAA's constraints: one version of each package.

`airflow-3.3.1.json` has the packages that the bundle's requirements need under the constraints of
MWAA's image for Airflow 3.3.1 (Airflow's own constraints-3.3.1/constraints-3.12.txt, and MWAA's
essential ones from amazon-mwaa-docker-images), each with what its published metadata requires on
Python 3.12 and Linux. `python -m tests.mwaa --record` writes it.
"""

import json
import zipfile
from pathlib import Path

FILE = Path(__file__).with_name("airflow-3.3.1.json")

Recorded = dict[str, list[str]]
"""The requirements of each package, by `<name>==<version>`."""


def recorded() -> Recorded:
    """Read the recorded packages."""
    packages: Recorded = json.loads(FILE.read_text(encoding="utf-8"))
    return packages


def write_wheels(packages: Recorded, folder: Path) -> None:
    """Write a wheel for each package, with metadata and no content."""
    for pin, requirements in packages.items():
        name, _, version = pin.partition("==")
        stem = f"{name.replace('-', '_')}-{version}"
        metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
        extras = sorted({r.partition("extra == '")[2].rstrip("'") for r in requirements} - {""})
        metadata += [f"Provides-Extra: {extra}" for extra in extras]
        metadata += [f"Requires-Dist: {requirement}" for requirement in requirements]
        with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
            info = f"{stem}.dist-info"
            wheel.writestr(f"{info}/METADATA", "\n".join(metadata) + "\n")
            tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            wheel.writestr(f"{info}/WHEEL", tags)
            wheel.writestr(f"{info}/RECORD", "")
