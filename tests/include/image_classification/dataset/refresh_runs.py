"""Runs of the command `refresh` in a folder, version after version."""

import json
import shutil
from pathlib import Path
from typing import Any

from include.image_classification.dataset import refresh
from include.image_classification.dataset.version.manifest import Version, read_version


class RefreshJob:
    """A job's folders, in which the command runs."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.source = base / "processing" / "input" / "source"
        self.previous = base / "processing" / "input" / "previous"
        self.ledger = base / "processing" / "input" / "ledger"
        self.output = base / "processing" / "output"
        self.source.mkdir(parents=True)

    def run(self, *flags: str, layout: str = "class_folders") -> dict[str, Any]:
        """Run the command with an empty output and return its report."""
        shutil.rmtree(self.output, ignore_errors=True)
        limit = [] if "--quarantine-limit" in flags else ["--quarantine-limit", "1"]
        refresh.main(["--layout", layout, "--threads", "2", *limit, *flags])
        report: dict[str, Any] = json.loads((self.output / "result" / "dataset.json").read_text())
        return report

    def follow(self, report: dict[str, Any]) -> None:
        """Use the new version and its ledger as inputs of the next run.

        An unchanged version is already the previous version.
        """
        shutil.rmtree(self.ledger, ignore_errors=True)
        shutil.copytree(self.output / "ledger", self.ledger)
        if not report["unchanged"]:
            shutil.rmtree(self.previous, ignore_errors=True)
            shutil.copytree(self.folder(report), self.previous)

    def folder(self, report: dict[str, Any]) -> Path:
        """Return the folder of the new version."""
        return self.output / "versions" / str(report["version"])

    def version(self, report: dict[str, Any]) -> Version:
        """Return the new version."""
        return read_version(self.folder(report))

    def rows(self, report: dict[str, Any], name: str) -> list[dict[str, Any]]:
        """Return the rows of a file of the new version."""
        return [json.loads(line) for line in (self.folder(report) / name).read_text().splitlines()]

    def files(self, *folders: str) -> set[str]:
        """Return the files in folders of the output."""
        found = (path for name in folders for path in (self.output / name).rglob("*"))
        return {path.relative_to(self.output).as_posix() for path in found if path.is_file()}
