"""DAGs and plugins loaded as Airflow loads them, in a process of their own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_PROGRAM = """
import json, sys
from pathlib import Path
from airflow.dag_processing.dagbag import BundleDagBag
from airflow.plugins_manager import _get_plugins
dags = Path(sys.argv[1])
bag = BundleDagBag(dag_folder=str(dags), bundle_path=dags, bundle_name="b")
import include, sagemaker_jobs
plugins, errors = _get_plugins()
print(json.dumps({
    "dags": sorted(bag.dags),
    "import_errors": bag.import_errors,
    "modules": [include.__file__, sagemaker_jobs.__file__],
    "plugins": [plugin.name for plugin in plugins],
    "plugin_errors": errors,
}))
"""


def load_dags(dags: Path, environment: dict[str, str], *options: str) -> Any:
    """Return what Airflow finds in a folder: DAGs, import errors, plugins and their errors.

    Args:
        dags: The folder with DAG files.
        environment: All environment variables of the process.
        options: Options of the Python interpreter.
    """
    result = subprocess.run(
        [sys.executable, *options, "-c", _PROGRAM, str(dags)],
        cwd=dags.parent,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])
