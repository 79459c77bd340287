"""Fixtures: all DAGs, loaded as Airflow loads them, and a training DAG with AWS in memory."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from include.storage.layout import Layout
from tests.dags.training_run import BUCKET, RECORD, REPOSITORY, TEST_PHOTO, TrainingRun

ROOT = Path(__file__).parent.parent.parent

LoadDags = Callable[[], Any]


def load() -> Any:
    from airflow.dag_processing.dagbag import BundleDagBag

    folder = ROOT / "dags"
    return BundleDagBag(dag_folder=str(folder), bundle_path=folder, bundle_name="dags-folder")


@pytest.fixture(scope="session")
def dag_bag() -> Any:
    """Return the DAGs of the project's pipelines."""
    return load()


@pytest.fixture
def load_dags() -> LoadDags:
    """Return the function that loads all DAGs again."""
    return load


@pytest.fixture
def pipelines_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a user's pipelines."""
    monkeypatch.setenv("IMAGE_PIPELINES_PATH", str(tmp_path))
    return tmp_path


@pytest.fixture
def run(dag_bag: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrainingRun]:
    with mock_aws():
        run = TrainingRun(dag_bag.dags["merch__nightly_training"], monkeypatch)
        run.s3.create_bucket(Bucket=BUCKET)
        run.ecr.create_repository(repositoryName=REPOSITORY)
        layout = Layout(BUCKET, "merch")
        for key, content in (
            (layout.recordio_pointer, RECORD),
            (f"{layout.dataset('d1')}manifest.jsonl", TEST_PHOTO),
        ):
            run.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(content).encode())
        yield run
