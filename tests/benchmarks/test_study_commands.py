"""The trainings of the studies: what is repeated after an interruption."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.studies import commands

SETTINGS = {"head_epochs": 8, "epochs": 15}


def test_a_training_that_was_stopped_early_is_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM lets a training end with success, with its best model so far."""
    reached = iter([14, 23])

    def run(folder: Path, command: str) -> None:
        history = folder / "output" / "data" / "training.json"
        history.parent.mkdir(parents=True, exist_ok=True)
        history.write_text(json.dumps({"epochs": next(reached)}))

    monkeypatch.setattr(commands, "_run", run)
    folder = tmp_path / "training"
    folder.mkdir()
    epochs = [commands.train(tmp_path, folder, SETTINGS)["epochs"] for _ in range(3)]
    assert epochs == [14, 23, 23]
