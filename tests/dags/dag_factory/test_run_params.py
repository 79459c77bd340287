"""Airflow fails a run whose configuration has a key that is no param of the DAG."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

DAG_FILE = """
from airflow.sdk import DAG, task
from dag_factory import params
from dag_factory.builder import _default_args
from include.config import find_pipeline

with DAG(
    "one_task",
    schedule=None,
    default_args=_default_args("x"),
    params={"force": params.force("x"), **params.training_changes(find_pipeline("merch"))},
) as dag:

    @task
    def first():
        print("FIRST RAN", params.run_params()["epochs"])

    first()

if __name__ == "__main__":
    for conf in ({"epochs": 7, "force": True}, {"epoch": 7, "lr": 1}):
        print("RUN", dag.test(run_conf=conf).state)
"""


def test_an_unknown_key_fails_the_first_task_before_it_does_anything(
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
    assert "'epoch' is no param of this DAG (did you mean epochs?); 'lr' is no param" in log
    assert "allowed are force, epochs, num_layers, learning_rate: trigger" in log
