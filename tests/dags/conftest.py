"""All DAGs, loaded once as Airflow loads them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent

LoadDags = Callable[[], Any]


def load() -> Any:
    from airflow.dag_processing.dagbag import BundleDagBag

    folder = ROOT / "dags"
    return BundleDagBag(dag_folder=str(folder), bundle_path=folder, bundle_name="dags-folder")


@pytest.fixture(scope="session")
def dag_bag() -> Any:
    """Give the DAGs of the project's own pipelines."""
    return load()


@pytest.fixture
def load_dags() -> LoadDags:
    """Give the function that loads all DAGs anew."""
    return load


@pytest.fixture
def pipelines_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a user's folder in which pipelines are looked for."""
    monkeypatch.setenv("IMAGE_PIPELINES_PATH", str(tmp_path))
    return tmp_path
