"""The walls of the architecture: who may import whom, checked on the source itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

OURS = ("include", "sagemaker_jobs", "image_families", "model_page")

ROOMS = {
    "include/common": ("include.common",),
    "include/image_classification": ("include.image_classification", "include.common"),
    "include/local_aws": ("include.local_aws",),
    "include/pipeline": ("include.pipeline", "include.common"),
    "include/policies": ("include.policies", "include.pipeline", "include.common"),
    "plugins/sagemaker_jobs": ("sagemaker_jobs",),
    "plugins/model_page": ("model_page",),
    "dags": (
        "image_families",
        "include.common",
        "include.pipeline",
        "include.policies",
        "sagemaker_jobs",
    ),
}
"""Each room, and what of our own it may import."""

WITHOUT_AIRFLOW = (
    "include/common",
    "include/image_classification",
    "include/local_aws",
    "include/pipeline",
)
HEAVY = ("mxnet", "cv2", "scipy", "boto3", "botocore", "aiobotocore", "moto", "PIL", "numpy")


def sources(room: str) -> list[Path]:
    return [file for file in (ROOT / room).rglob("*.py") if "__pycache__" not in file.parts]


def imports(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: -node.level + 1 or None] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def top_level(file: Path) -> ast.Module:
    """Return a file without its functions' bodies and without what only type checkers read."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        ):
            node.body = []
    return tree


def package_of(file: Path) -> str:
    relative = file.relative_to(ROOT / "plugins" if "plugins" in file.parts else ROOT)
    return ".".join(relative.parent.parts)


def is_below(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in sources(room)
        for name in imports(ast.parse(file.read_text(encoding="utf-8")), package_of(file))
        if is_below(name, OURS) and not is_below(name, ROOMS[room])
    ]
    assert wrong == []


@pytest.mark.parametrize("room", [*WITHOUT_AIRFLOW, "include/policies"])
def test_a_room_knows_no_airflow(room: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in sources(room)
        for name in imports(ast.parse(file.read_text(encoding="utf-8")), package_of(file))
        if is_below(name, ("airflow",))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "room", ["dags", "plugins", "include/common", "include/pipeline", "include/policies"]
)
def test_what_airflow_parses_imports_nothing_heavy_at_module_level(room: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in sources(room)
        for name in imports(top_level(file), package_of(file))
        if is_below(name, HEAVY)
    ]
    assert wrong == []


def test_the_check_itself_sees_a_relative_and_a_nested_import() -> None:
    tree = ast.parse("from ..jobs import run\ndef f():\n    import airflow.sdk\n")
    assert list(imports(tree, "include.local_aws.api")) == [
        "include.local_aws.jobs.run",
        "airflow.sdk",
    ]


def test_only_the_plugin_files_are_executed_by_airflow() -> None:
    ignored = (ROOT / "plugins" / ".airflowignore").read_text(encoding="utf-8").splitlines()
    assert "*/" in ignored
    assert all(file.stem.endswith("_plugin") for file in (ROOT / "plugins").glob("*.py"))
