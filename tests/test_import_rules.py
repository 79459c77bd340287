"""Import rules that import-linter does not check: Airflow's parsing, and the plugins folder."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PARSED_BY_AIRFLOW = (
    "dags",
    "plugins",
    "include/common",
    "include/config",
    "include/contracts",
    "include/decisions",
    "include/sagemaker_requests",
    "include/service_model",
    "include/storage",
)
HEAVY = ("mxnet", "cv2", "scipy", "boto3", "botocore", "aiobotocore", "moto", "PIL", "numpy")


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "a relative import"


def top_level(source: str) -> ast.Module:
    """Return the code without function bodies and imports for type checkers."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        ):
            node.body = []
    return tree


@pytest.mark.parametrize("package", PARSED_BY_AIRFLOW)
def test_code_that_airflow_parses_imports_nothing_heavy_at_module_level(package: str) -> None:
    files = [file for file in (ROOT / package).rglob("*.py") if "__pycache__" not in file.parts]
    assert files
    wrong = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in files
        for name in imports(top_level(file.read_text(encoding="utf-8")))
        if name.partition(".")[0] in HEAVY
    ]
    assert wrong == []


def test_imports_in_functions_are_not_checked() -> None:
    source = "import boto3\nfrom numpy import array\ndef f():\n    import mxnet\n"
    assert list(imports(top_level(source))) == ["boto3", "numpy"]


def test_airflow_executes_the_plugin_files_only() -> None:
    ignored = (ROOT / "plugins" / ".airflowignore").read_text(encoding="utf-8").splitlines()
    assert "*/" in ignored
    assert all(file.stem.endswith("_plugin") for file in (ROOT / "plugins").glob("*.py"))
