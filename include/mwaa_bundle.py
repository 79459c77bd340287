"""Build the files for Amazon MWAA: dags/, plugins.zip and requirements.txt.

MWAA unpacks plugins.zip into Airflow's plugins folder, which is on sys.path, so plugins.zip also
contains `include`. Run `python -m include.mwaa_bundle <folder>`, then upload the folder to
the environment's bucket.
"""

from __future__ import annotations

import argparse
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

NEEDED_BY_DAGS = (
    "include/__init__.py",
    "include/common",
    "include/config",
    "include/contracts",
    "include/decisions",
    "include/pipelines",
    "include/sagemaker_requests",
    "include/service_model",
    "include/storage",
)
"""The parts of `include` that the DAGs import; the container is built separately."""

REQUIREMENTS = ROOT / "mwaa" / "requirements.txt"
"""The DAGs' requirements in addition to Airflow, in versions that MWAA's constraints allow."""

FILE_DATE = (2020, 1, 1, 0, 0, 0)
"""The date of all files in plugins.zip, so that the same content gives the same bytes."""


def build_bundle(folder: Path) -> None:
    """Write dags/, plugins.zip and requirements.txt into a folder, which is created if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(
        ROOT / "dags",
        folder / "dags",
        ignore=shutil.ignore_patterns("__pycache__"),
        dirs_exist_ok=True,
    )
    with zipfile.ZipFile(folder / "plugins.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file, name in sorted(_plugin_files()):
            entry = zipfile.ZipInfo(name, FILE_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes())
    shutil.copyfile(REQUIREMENTS, folder / "requirements.txt")


def _plugin_files() -> Iterator[tuple[Path, str]]:
    """Yield each file of plugins.zip, and its name in the archive."""
    for file in _files(ROOT / "plugins"):
        yield file, file.relative_to(ROOT / "plugins").as_posix()
    for part in NEEDED_BY_DAGS:
        for file in _files(ROOT / part):
            yield file, file.relative_to(ROOT).as_posix()


def _files(path: Path) -> list[Path]:
    found = [path] if path.is_file() else list(path.rglob("*"))
    return [file for file in found if file.is_file() and "__pycache__" not in file.parts]


def main() -> None:
    """Build the bundle into the folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write the bundle")
    folder = parser.parse_args().folder
    build_bundle(folder)
    print(f"{folder}: dags/, plugins.zip, requirements.txt")


if __name__ == "__main__":
    main()
