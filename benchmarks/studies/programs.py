"""The project's own programs, each in a folder that is laid out as SageMaker lays it out."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.conversion import environment
from include.image_classification.container import ProgramError


@dataclass(frozen=True)
class DataSet:
    """A refreshed data set.

    Attributes:
        folder: That of its processing jobs.
        counts: Images by split, and `classes`.
    """

    folder: Path
    counts: Mapping[str, int]

    @property
    def version(self) -> Path:
        """The folder of its manifest."""
        (version,) = (_outputs(self.folder) / "versions").iterdir()
        return version

    @property
    def images(self) -> Path:
        """The folder of its photos, by content."""
        return _outputs(self.folder) / "images"


def refresh(source: Sequence[Path], folder: Path, *flags: str) -> DataSet:
    """Make a data set of archives; one that is there from an earlier run stays.

    Raises:
        ProgramError: The program failed.
    """
    report = _outputs(folder) / "result" / "dataset.json"
    if not report.exists():
        inputs = _empty(folder) / "processing" / "input" / "source"
        inputs.mkdir(parents=True)
        for archive in source:
            (inputs / archive.name).symlink_to(archive)
        _run(folder, "refresh", "--layout", "stanford_cars", *flags)
    data = DataSet(folder, json.loads(report.read_text("utf-8"))["counts"])
    shutil.copy(report, data.version)  # as they lie in S3
    return data


def convert(data: DataSet, folder: Path, fit: str, side: int) -> Path:
    """Make record files of a data set's photos, squares of so many pixels."""
    if not (_outputs(folder) / "result" / "recordio.json").exists():
        inputs = _empty(folder) / "processing" / "input"
        inputs.mkdir(parents=True)
        (inputs / "version").symlink_to(data.version)
        (inputs / "images").symlink_to(data.images)
        _run(folder, "im2rec", "--fit", fit, "--resize", str(side))
    return _outputs(folder)


def train(records: Path, folder: Path, settings: Mapping[str, object]) -> dict[str, Any]:
    """Train, and return the history that the program leaves; a finished one is not repeated.

    One that was cut short goes on from its last checkpoint, as a job's next attempt does.

    Raises:
        ProgramError: The program failed.
    """
    history = folder / "output" / "data" / "training.json"
    if not history.exists():
        _lay_out(records, folder, settings)
        _run(folder, "train")
    read: dict[str, Any] = json.loads(history.read_text("utf-8"))
    return read


def kill_training(records: Path, folder: Path, settings: Mapping[str, object], when: str) -> None:
    """Start training, and kill it, as `kill -9` does, when its log says something."""
    _lay_out(records, folder, settings)
    with (
        (folder / "log").open("a", encoding="utf-8") as log,
        subprocess.Popen(
            _command("train"), env=_environment(folder), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process,
    ):  # fmt: skip
        for line in process.stdout or ():
            log.write(line)
            if when in line:
                process.kill()


def _lay_out(records: Path, folder: Path, settings: Mapping[str, object]) -> None:
    data = folder / "input" / "data"
    if not data.exists():
        data.parent.mkdir(parents=True)
        data.symlink_to(records)
    (folder / "checkpoints").mkdir(exist_ok=True)
    config = folder / "input" / "config" / "hyperparameters.json"
    config.parent.mkdir(exist_ok=True)
    config.write_text(json.dumps({name: str(value) for name, value in settings.items()}))


def pack_model(folder: Path) -> tuple[Path, str]:
    """A finished training's model.tar.gz, and its SHA-256."""
    archive = folder / "model.tar.gz"
    if not archive.exists():
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(folder / "model", ".")
    with archive.open("rb") as file:
        return archive, hashlib.file_digest(file, "sha256").hexdigest()


def _run(folder: Path, *words: str) -> None:
    log = folder / "log"
    with log.open("ab") as file:
        ended = subprocess.run(_command(*words), env=_environment(folder), stdout=file, stderr=file)
    if ended.returncode:
        raise ProgramError(f"{log} says why {words[0]} failed: {_last_line(log)}")


def _last_line(log: Path) -> str:
    return log.read_text("utf-8", errors="replace").rstrip().rpartition("\n")[2]


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "include.image_classification", *words]


def _environment(folder: Path) -> dict[str, str]:
    return environment() | {"SAGEMAKER_BASE_DIR": str(folder)}


def _outputs(folder: Path) -> Path:
    return folder / "processing" / "output"


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
