"""Airflow executes the modules in the plugins folder: it must find only the plugin module."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from airflow._shared.module_loading import find_path_from_directory

# Airflow uses a deprecated pattern class.
pytestmark = pytest.mark.filterwarnings("ignore:GitWildMatchPattern:DeprecationWarning")

PLUGINS = Path(__file__).parents[2] / "plugins"


def executed(folder: Path) -> list[str]:
    found = map(Path, find_path_from_directory(str(folder), ".airflowignore", "glob"))
    return sorted(str(path.relative_to(folder)) for path in found if path.suffix == ".py")


def test_airflow_executes_only_the_plugin_module() -> None:
    assert executed(PLUGINS) == ["image_classification_plugin.py"]


def test_airflow_executes_nothing_of_an_include_folder_in_a_bundle(tmp_path: Path) -> None:
    shutil.copytree(PLUGINS, tmp_path / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    nested = tmp_path / "plugins" / "include" / "decisions"
    nested.mkdir(parents=True)
    (nested / "promotion.py").write_text("raise RuntimeError('executed as a plugin')")
    assert executed(tmp_path / "plugins") == ["image_classification_plugin.py"]


def test_the_plugin_imports_nothing_heavy() -> None:
    """Every Airflow process loads the plugin, and the provider's operators take a second."""
    heavy = ["boto3", "botocore", "mxnet", "airflow.providers.amazon.aws.operators.sagemaker"]
    program = (
        "import sys, image_classification_plugin as plugin\n"
        "assert plugin.ImageClassificationPlugin.operator_extra_links\n"
        f"assert not set({heavy}) & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": str(PLUGINS)})
