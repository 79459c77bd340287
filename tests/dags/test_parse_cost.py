"""Parsing is cheap: no heavy import, no boto3 client, no connection.

The tests count imports and calls, because seconds depend on the hardware.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent

PROBE = """
import json, socket, sys
from pathlib import Path
root = Path(sys.argv[1])
sys.path[:0] = [str(root), str(root / "plugins"), str(root / "dags")]
import botocore.session
made = []
opened = []
create = botocore.session.Session.create_client
botocore.session.Session.create_client = lambda *a, **k: made.append(a[1:]) or create(*a, **k)
connect = socket.socket.connect
socket.socket.connect = lambda self, address: opened.append(str(address)) or connect(self, address)
import pydantic, yaml, sagemaker_jobs
from airflow.sdk import DAG, Asset, CronTriggerTimetable, Param, RetryRule, Variable, task
jobs = [getattr(sagemaker_jobs, name) for name in sagemaker_jobs.__all__]
before = set(sys.modules)
import importlib
names = sorted(file.stem for file in (root / "dags").glob("*.py"))
for name in names:
    importlib.import_module(name)
added = sorted(set(sys.modules) - before)
print(json.dumps({"files": names, "modules": sorted(sys.modules), "added": added,
                  "clients": made, "connections": opened}))
"""

HEAVY = ("mxnet", "cv2", "scipy", "numpy", "PIL", "moto", "pandas", "httpx", "flask", "sagemaker")


@pytest.fixture(scope="module")
def probe() -> Any:
    """Return what a process did that imported every DAG file."""
    result = subprocess.run(
        [sys.executable, "-c", PROBE, str(ROOT)], check=True, capture_output=True, text=True
    )
    return json.loads(result.stdout.splitlines()[-1])


def test_the_probe_imports_all_dag_files(probe: Any) -> None:
    assert len(probe["files"]) == 9


def test_importing_the_dags_imports_nothing_heavy(probe: Any) -> None:
    roots = {name.partition(".")[0] for name in probe["added"]}
    assert roots.isdisjoint(HEAVY)


def test_importing_the_dags_makes_no_client_and_opens_no_connection(probe: Any) -> None:
    assert probe["clients"] == []
    assert probe["connections"] == []


def test_importing_the_dags_imports_neither_container_nor_local_aws(probe: Any) -> None:
    project = {name for name in probe["modules"] if name.startswith("include.")}
    assert {name.split(".")[1] for name in project} <= {
        "common",
        "config",
        "contracts",
        "decisions",
        "sagemaker_requests",
        "service_model",
        "storage",
    }


def test_importing_the_dags_adds_few_modules(probe: Any) -> None:
    # Beside Airflow, the jobs plugin, pydantic and YAML: the DAGs, croniter and time zones.
    project = ("include", "dag_factory")
    foreign = [name for name in probe["added"] if not name.startswith(project)]
    assert len(foreign) <= 40, foreign
