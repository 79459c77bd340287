"""Airflow executes the modules in the plugins folder: it must find only the plugin modules."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from airflow._shared.module_loading import find_path_from_directory

# Airflow uses a deprecated pattern class.
pytestmark = pytest.mark.filterwarnings("ignore:GitWildMatchPattern:DeprecationWarning")

PLUGINS = Path(__file__).parents[2] / "plugins"
PLUGIN_FILES = ["image_classification_plugin.py", "model_page_plugin.py"]


def executed(folder: Path) -> list[str]:
    found = map(Path, find_path_from_directory(str(folder), ".airflowignore", "glob"))
    return sorted(str(path.relative_to(folder)) for path in found if path.suffix == ".py")


def test_airflow_executes_only_the_plugin_modules() -> None:
    assert executed(PLUGINS) == PLUGIN_FILES


def test_airflow_executes_nothing_of_an_include_folder_in_a_bundle(tmp_path: Path) -> None:
    shutil.copytree(PLUGINS, tmp_path / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    nested = tmp_path / "plugins" / "include" / "decisions"
    nested.mkdir(parents=True)
    (nested / "promotion.py").write_text("raise RuntimeError('executed as a plugin')")
    assert executed(tmp_path / "plugins") == PLUGIN_FILES


def test_the_plugin_imports_nothing_heavy() -> None:
    """Every Airflow process loads the plugin, and the provider's operators take a second."""
    heavy = ["boto3", "botocore", "mxnet", "airflow.providers.amazon.aws.operators.sagemaker"]
    program = (
        "import sys, image_classification_plugin as plugin\n"
        "assert plugin.ImageClassificationPlugin.operator_extra_links\n"
        f"assert not set({heavy}) & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": str(PLUGINS)})


PAGE_PLUGIN = """
import sys
sys.argv = {argv}
import model_page_plugin
plugin = model_page_plugin.ModelPagePlugin
print(len(plugin.fastapi_apps), len(plugin.external_views))
print(*sorted({{"fastapi", "model_page", "botocore"}} & set(sys.modules)))
"""


@pytest.mark.parametrize("command", ["scheduler", "dag-processor", "triggerer", "celery"])
def test_the_model_page_is_loaded_in_the_api_server_only(command: str) -> None:
    """Other processes must not spend the time and memory of a web application."""
    assert loaded(["airflow", command]) == ["0 0", ""]


def test_the_api_server_gets_the_model_page() -> None:
    count, modules = loaded(["airflow", "api-server", "--port", "8080"])
    assert count == "1 4"
    assert "model_page" in modules


def loaded(argv: list[str]) -> list[str]:
    program = PAGE_PLUGIN.format(argv=argv)
    path = f"{PLUGINS}:{PLUGINS.parent}"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        env={"PYTHONPATH": path, "AIRFLOW_HOME": "/nonexistent/airflow"},
        capture_output=True,
        text=True,
    )
    return ended.stdout.split("\n")[:2]
