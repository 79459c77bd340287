"""Jobs that cannot train a part of the layers only get one clear error."""

import json
from pathlib import Path
from typing import Any

import pytest

from include.image_classification.container import CommandError
from include.image_classification.training.fine_tuning.requirements import check_fine_tuning
from include.image_classification.training.hyperparameters import Hyperparameters, parse
from include.image_classification.training.train import main
from tests.include.image_classification.training.job_data import make_job, settings_with

PRETRAINED: dict[str, str | None] = {"use_pretrained_model": "1", "num_layers": "18"}


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The job's folder."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    return tmp_path


def settings(**changes: str | None) -> Hyperparameters:
    return parse(settings_with(**changes))


def set_mode(base: Path, channel: str, mode: str) -> None:
    config = base / "input" / "config"
    config.mkdir(parents=True, exist_ok=True)
    channels: dict[str, Any] = {
        name: {"TrainingInputMode": mode if name == channel else "File"}
        for name in ("train", "validation")
    }
    (config / "inputdataconfig.json").write_text(json.dumps(channels))


@pytest.mark.parametrize("part", ["head", "last_stages"])
def test_published_weights_or_an_earlier_model_are_sufficient(base: Path, part: str) -> None:
    check_fine_tuning(settings(fine_tune=part, **PRETRAINED), hosts=1)
    (base / "input" / "data" / "model").mkdir(parents=True)
    check_fine_tuning(settings(fine_tune=part), hosts=1)


def test_a_training_of_all_layers_has_no_further_requirements(base: Path) -> None:
    set_mode(base, "train", "Pipe")
    check_fine_tuning(settings(), hosts=3)
    check_fine_tuning(settings(fine_tune="all"), hosts=3)


@pytest.mark.parametrize("part", ["head", "last_stages"])
def test_weights_are_needed(part: str) -> None:
    with pytest.raises(CommandError, match=f"fine_tune: {part} needs use_pretrained_model 1 or a"):
        check_fine_tuning(settings(fine_tune=part), hosts=1)
    with pytest.raises(CommandError, match="head_epochs: 2 needs use_pretrained_model 1 or a"):
        check_fine_tuning(settings(head_epochs="2"), hosts=1)


def test_several_hosts_are_rejected() -> None:
    with pytest.raises(CommandError, match="fine_tune: head trains on one host, not on 2"):
        check_fine_tuning(settings(fine_tune="head", **PRETRAINED), hosts=2)
    with pytest.raises(CommandError, match=r"ema_decay: 0\.9 trains on one host, not on 3"):
        check_fine_tuning(settings(ema_decay="0.9"), hosts=3)


@pytest.mark.parametrize("channel", ["train", "validation"])
def test_pipe_mode_is_rejected(base: Path, channel: str) -> None:
    set_mode(base, channel, "Pipe")
    message = f"fine_tune: head needs channel {channel} in File or FastFile mode"
    with pytest.raises(CommandError, match=message):
        check_fine_tuning(settings(fine_tune="head", **PRETRAINED), hosts=1)


def test_the_command_checks_before_it_reads_the_channels(base: Path) -> None:
    make_job(base, fine_tune="head")
    (base / "input" / "data" / "train" / "train.rec").write_bytes(b"damaged")
    with pytest.raises(CommandError, match="needs use_pretrained_model 1 or a channel model"):
        main([])
