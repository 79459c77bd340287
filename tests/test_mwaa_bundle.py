"""The MWAA bundle is complete: all DAGs load from it without the repository."""

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from include.mwaa_bundle import build_bundle
from tests.dag_loading import load_dags


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Airflow home with the bundle, as on MWAA."""
    bundle = tmp_path_factory.mktemp("bundle")
    build_bundle(bundle)
    home = tmp_path_factory.mktemp("mwaa")
    (bundle / "dags").rename(home / "dags")
    with zipfile.ZipFile(bundle / "plugins.zip") as archive:
        archive.extractall(home / "plugins")
    (bundle / "requirements.txt").rename(home / "requirements.txt")
    return home


@pytest.fixture(scope="module")
def loaded(home: Path) -> Any:
    """The DAGs and plugins that Airflow loads in a process without other folders."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")
    } | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(home / "plugins"),
    }
    return load_dags(home / "dags", environment)


def test_all_dags_load_from_the_bundle_alone(loaded: Any, home: Path) -> None:
    assert loaded["import_errors"] == {}
    assert len(loaded["dags"]) == 14
    assert all(Path(module).is_relative_to(home) for module in loaded["modules"])


def test_airflow_loads_only_the_plugin_files(loaded: Any) -> None:
    assert loaded["plugin_errors"] == {}
    assert "image_classification" in loaded["plugins"]


def test_the_bundle_has_neither_container_code_nor_caches(home: Path) -> None:
    names = {path.relative_to(home).as_posix() for path in (home / "plugins").rglob("*")}
    assert "plugins/include/pipelines/merch.yaml" in names
    assert not any("image_classification/" in name or "local_aws" in name for name in names)


def test_the_bundle_is_reproducible(tmp_path: Path) -> None:
    for name in ("one", "two"):
        build_bundle(tmp_path / name)
    first, second = (tmp_path / name / "plugins.zip" for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
