"""A user can clear a run that has a deadline, and the deadline stays."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
DAG_FILE = """
from datetime import timedelta

from airflow.sdk import DAG, AsyncCallback, DeadlineAlert, task
from sagemaker_jobs.notifications.deadlines import DagRunCreatedDeadline, deadline_missed

with DAG(
    "late",
    schedule=None,
    deadline=DeadlineAlert(
        reference=DagRunCreatedDeadline(),
        interval=timedelta(hours=1),
        callback=AsyncCallback(deadline_missed, kwargs={"title": "late", "advice": ""}),
    ),
) as dag:

    @task
    def do_nothing():
        pass

    do_nothing()
"""
DEADLINES = """
from datetime import timedelta

from airflow.models.dagrun import DagRun
from airflow.models.deadline import Deadline
from airflow.utils.session import create_session
from sqlalchemy import select

with create_session() as session:
    for run, deadline in session.execute(
        select(DagRun, Deadline).join(Deadline, Deadline.dagrun_id == DagRun.id)
    ):
        late = deadline.deadline_time - run.run_after
        print("RUN", run.clear_number, abs(late - timedelta(hours=1)) < timedelta(minutes=1))
"""


@pytest.fixture
def home(airflow_database: Path, tmp_path: Path) -> Path:
    """An Airflow home with the project's plugins and one DAG."""
    shutil.copy(airflow_database / "airflow.db", tmp_path)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "late.py").write_text(DAG_FILE)
    return tmp_path


def airflow(home: Path, *command: str) -> str:
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(ROOT / "plugins"),
    }
    done = subprocess.run(
        [sys.executable, *command], env=environment, cwd=home, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_clear_keeps_the_deadline(home: Path) -> None:
    airflow(home, "-m", "airflow", "dags", "reserialize")
    airflow(home, "-m", "airflow", "dags", "trigger", "late")
    airflow(home, "-m", "airflow", "tasks", "clear", "--yes", "late")
    assert "RUN 1 True" in airflow(home, "-c", DEADLINES)
