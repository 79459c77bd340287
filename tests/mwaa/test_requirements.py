"""The bundle's requirements install on MWAA, and allow the versions of the project's tests."""

import ast
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from include.mwaa_bundle import NEEDED_BY_DAGS, build_bundle
from tests.mwaa.recorded import recorded, write_wheels
from tests.mwaa.resolve import UnresolvableError, resolve

ROOT = Path(__file__).parents[2]
PROJECT = {"include", "sagemaker_jobs", "model_page", "dag_factory"}
OPTIONAL = {"openlineage": ROOT / "plugins" / "sagemaker_jobs" / "lineage"}
"""Modules that may be missing, and the folder whose functions import them.

Airflow's OpenLineage provider, which requires `openlineage`, is the only caller of these functions.
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle's requirements.txt."""
    folder = tmp_path_factory.mktemp("bundle")
    build_bundle(folder)
    return folder / "requirements.txt"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Empty wheels of the package index restricted by MWAA's constraints."""
    folder = tmp_path_factory.mktemp("index")
    write_wheels(recorded(), folder)
    return folder


def test_the_requirements_install_under_mwaas_constraints(bundle: Path, index: Path) -> None:
    found = resolve(bundle, wheels=index)
    assert found["apache-airflow"] == "3.3.1"
    assert found["apache-airflow-providers-amazon"] == "9.34.0"
    assert found["aiobotocore"] == "3.9.0"
    assert not {"mxnet", "moto", "opencv-python-headless", "duckdb"} & found.keys()


def test_the_projects_pin_does_not_install(index: Path, tmp_path: Path) -> None:
    """The recorded index is narrow enough to show a conflict."""
    file = tmp_path / "requirements.txt"
    pinned = next(
        line for line in _lines(ROOT / "requirements.txt") if line.startswith("apache-airflow-prov")
    )
    file.write_text(pinned + "\n")
    with pytest.raises(UnresolvableError, match="requirements are unsatisfiable"):
        resolve(file, wheels=index)


def test_the_requirements_allow_the_tested_versions(bundle: Path) -> None:
    pins = (line.removesuffix("\\").strip() for line in _lines(ROOT / "constraints.txt"))
    tested = dict(pin.split("==") for pin in pins if "==" in pin and ";" not in pin)
    for requirement in _requirements(bundle):
        version = tested[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), str(requirement)


def test_each_requirement_names_its_versions(bundle: Path) -> None:
    """Packages that MWAA pins have a range with both ends, the others one version."""
    for requirement in _requirements(bundle):
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators in ({">=", "<"}, {"=="}), str(requirement)


def test_mwaas_constraints_remain_active(bundle: Path) -> None:
    """MWAA ignores its constraints if any line, even a comment, names other constraints."""
    text = bundle.read_text()
    assert "-c " not in text
    assert "--constraint " not in text


def test_all_imports_are_of_required_packages(bundle: Path) -> None:
    """Imports are of the requirements, their or Airflow's requirements, or of the project."""
    named = {canonicalize_name(requirement.name) for requirement in _requirements(bundle)}
    airflow = {"apache-airflow", "apache-airflow-core", "apache-airflow-task-sdk"}
    direct = {
        canonicalize_name(Requirement(line).name)
        for package in airflow | named
        for line in requires(package) or []
        if "extra ==" not in line
    }
    distributions = packages_distributions()
    for module in set(_imports()) - PROJECT:
        homes = {canonicalize_name(name) for name in distributions.get(module, [])}
        assert homes & (named | direct | airflow), module


def _lines(file: Path) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    return [line for line in lines if line]


def _requirements(file: Path) -> list[Requirement]:
    return [Requirement(line) for line in _lines(file)]


def _imports() -> Iterator[str]:
    """Yield the first part of each import of a third-party module that the bundle's code needs."""
    from sys import stdlib_module_names

    for part in ("dags", "plugins", *NEEDED_BY_DAGS):
        for file in [ROOT / part] if part.endswith(".py") else (ROOT / part).rglob("*.py"):
            tree = ast.parse(file.read_text())
            optional = {name for name, folder in OPTIONAL.items() if file.is_relative_to(folder)}
            in_functions = _nodes_in_functions(tree)
            for node in ast.walk(tree):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names.append(node.module)
                found = {name.split(".")[0] for name in names} - stdlib_module_names
                yield from found - optional if node in in_functions else found


def _nodes_in_functions(tree: ast.Module) -> set[ast.AST]:
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    return {
        inner for node in ast.walk(tree) if isinstance(node, functions) for inner in ast.walk(node)
    }
