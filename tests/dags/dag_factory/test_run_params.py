"""`airflow dags test` runs a DAG, and fails one whose configuration has a key that is no param."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

DAG_FILE = """
from datetime import timedelta

from airflow.sdk import ParamsDict, task
from dag_factory import params
from dag_factory.builder import installation_dag
from include.config import find_pipeline

with installation_dag("one_task", None, schedule=None, timeout=timedelta(hours=1)) as dag:

    @task
    def first():
        print("FIRST RAN", params.run_params()["epochs"])

    first()

dag.params = ParamsDict(
    {"force": params.force("x"), **params.training_changes(find_pipeline("merch"))}
)

if __name__ == "__main__":
    for conf in ({"epochs": 7, "force": True}, {"epoch": 7, "lr": 1}):
        print("RUN", dag.test(run_conf=conf).state)
"""


def test_a_test_run_has_the_result_of_its_tasks_and_an_unknown_key_fails_the_first_one(
    airflow_database: Path, tmp_path: Path
) -> None:
    shutil.copy(airflow_database / "airflow.db", tmp_path)
    file = tmp_path / "dags" / "nothing.py"
    file.parent.mkdir()
    file.write_text(DAG_FILE)
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__DAGS_FOLDER": str(file.parent),
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in (".", "dags", "plugins")),
    }
    done = subprocess.run(
        [sys.executable, file], env=environment, capture_output=True, text=True, timeout=200
    )
    log = done.stdout + done.stderr
    states = [line.split()[1] for line in log.splitlines() if line.startswith("RUN")]
    assert states == ["success", "failed"], log[-5000:]
    assert log.count("FIRST RAN") == 1
    # It has neither deadline alerts nor notifications, for which a test run lacks what they need.
    assert log.count("is a test of its DAG: it is not reported") == 2
    assert "SUPERVISOR_COMMS" not in log
    assert "'epoch' is no param of this DAG (did you mean epochs?); 'lr' is no param" in log
    assert "allowed are force, epochs, num_layers, learning_rate: trigger" in log
