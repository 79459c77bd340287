"""A small trained model, shared by all tests because training is slow."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.include.image_classification.training.job_data import make_job, start_program


@dataclass(frozen=True)
class Trained:
    """A finished training job."""

    base: Path
    output: str


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Run the command `train` as SageMaker does."""
    base = make_job(tmp_path_factory.mktemp("job"), 50)
    names = base / "input" / "data" / "classes" / "classes.json"
    names.parent.mkdir()
    names.write_text('["red", "green", "blue"]')
    process = start_program(base, "train")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return Trained(base, output)
