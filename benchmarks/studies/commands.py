"""Run the container's commands in folders with SageMaker's layout."""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.conversion import environment
from include.image_classification.container import CommandError


@dataclass(frozen=True)
class DataSet:
    """A dataset.

    Attributes:
        folder: The folder of its processing job.
        counts: The number of images by split, and of `classes`.
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
        """The folder of its images, named by content."""
        return _outputs(self.folder) / "images"


def refresh(source: Sequence[Path], folder: Path, *flags: str) -> DataSet:
    """Create a dataset from archives, unless an earlier run has created it.

    Raises:
        CommandError: The command failed.
    """
    report = _outputs(folder) / "result" / "dataset.json"
    if not report.exists():
        inputs = _empty(folder) / "processing" / "input" / "source"
        inputs.mkdir(parents=True)
        for archive in source:
            (inputs / archive.name).symlink_to(archive)
        _run(folder, "refresh", "--layout", "stanford_cars", *flags)
    data = DataSet(folder, json.loads(report.read_text("utf-8"))["counts"])
    shutil.copy(report, data.version)  # as in S3
    return data


def convert(data: DataSet, folder: Path, fit: str, side: int) -> Path:
    """Convert a dataset's images to record files of squares with this side in pixels."""
    if not (_outputs(folder) / "result" / "recordio.json").exists():
        inputs = _empty(folder) / "processing" / "input"
        inputs.mkdir(parents=True)
        (inputs / "version").symlink_to(data.version)
        (inputs / "images").symlink_to(data.images)
        _run(folder, "im2rec", "--fit", fit, "--resize", str(side))
    return _outputs(folder)


def train(records: Path, folder: Path, settings: Mapping[str, object]) -> dict[str, Any]:
    """Train, and return the content of training.json. A finished training is not repeated.

    An interrupted training resumes from its last checkpoint, also one that SIGTERM has ended with
    its best model so far. `cpu_seconds` in the result is the time of all processors together.

    Raises:
        CommandError: The command failed.
    """
    history, used = folder / "output" / "data" / "training.json", folder / "cpu_seconds"
    if not _is_complete(history, settings):
        _prepare_training(records, folder, settings)
        before = _cpu_seconds()
        try:
            _run(folder, "train")
        finally:
            earlier = float(used.read_text()) if used.exists() else 0.0
            used.write_text(str(earlier + _cpu_seconds() - before))
    content: dict[str, Any] = json.loads(history.read_text("utf-8"))
    return content | {"cpu_seconds": float(used.read_text())}


def _is_complete(history: Path, settings: Mapping[str, object]) -> bool:
    if not history.exists():
        return False
    planned = sum(int(str(settings.get(name, 0))) for name in ("head_epochs", "epochs"))
    return bool(json.loads(history.read_text("utf-8"))["epochs"] >= planned)


def kill_training(records: Path, folder: Path, settings: Mapping[str, object], text: str) -> None:
    """Start a training, and kill it (SIGKILL) when a log line contains a text."""
    _prepare_training(records, folder, settings)
    with (
        (folder / "log").open("a", encoding="utf-8") as log,
        subprocess.Popen(
            _command("train"), env=_environment(folder), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process,
    ):  # fmt: skip
        for line in process.stdout or ():
            log.write(line)
            if text in line:
                process.kill()


def _prepare_training(records: Path, folder: Path, settings: Mapping[str, object]) -> None:
    data = folder / "input" / "data"
    if not data.exists():
        data.parent.mkdir(parents=True)
        data.symlink_to(records)
    (folder / "checkpoints").mkdir(exist_ok=True)
    config = folder / "input" / "config" / "hyperparameters.json"
    config.parent.mkdir(exist_ok=True)
    config.write_text(json.dumps({name: str(value) for name, value in settings.items()}))


def pack_model(folder: Path) -> tuple[Path, str]:
    """Pack the model of a finished training, and return its model.tar.gz and SHA-256."""
    archive = folder / "model.tar.gz"
    if not archive.exists():
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(folder / "model", ".")
    with archive.open("rb") as file:
        return archive, hashlib.file_digest(file, "sha256").hexdigest()


def _run(folder: Path, *arguments: str) -> None:
    log = folder / "log"
    with log.open("ab") as file:
        completed = subprocess.run(
            _command(*arguments), env=_environment(folder), stdout=file, stderr=file
        )
    if completed.returncode:
        raise CommandError(f"{arguments[0]} failed: {_last_line(log)} (see {log})")


def _cpu_seconds() -> float:
    """Return the processor time of all child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _last_line(log: Path) -> str:
    return log.read_text("utf-8", errors="replace").rstrip().rpartition("\n")[2]


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "include.image_classification", *arguments]


def _environment(folder: Path) -> dict[str, str]:
    return environment() | {"SAGEMAKER_BASE_DIR": str(folder)}


def _outputs(folder: Path) -> Path:
    return folder / "processing" / "output"


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
