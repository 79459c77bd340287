"""A small trained model, shared by all tests because training is slow."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.include.image_classification.training.job_data import (
    EFFICIENTNET,
    make_job,
    start_program,
)


@dataclass(frozen=True)
class Trained:
    """A finished training job."""

    base: Path
    output: str


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Run the command `train` as SageMaker does."""
    return _train(tmp_path_factory.mktemp("job"))


@pytest.fixture(scope="session")
def trained_efficientnet(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Run the command `train` with the network that is no ResNet."""
    return _train(tmp_path_factory.mktemp("efficientnet"), **EFFICIENTNET)


@pytest.fixture(params=["trained", "trained_efficientnet"])
def trained_family(request: pytest.FixtureRequest) -> Trained:
    """A finished job of each kind of network, for what must hold for all of them."""
    trained: Trained = request.getfixturevalue(request.param)
    return trained


def _train(folder: Path, **changes: str | None) -> Trained:
    base = make_job(folder, 50, **changes)
    names = base / "input" / "data" / "classes" / "classes.json"
    names.parent.mkdir()
    names.write_text('["red", "green", "blue"]')
    process = start_program(base, "train")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return Trained(base, output)
