"""Two weeks of nightly training that are backfilled in Airflow start no second training."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.dags import backfilled_nights
from tests.dags.task_calls import DEPLOYMENT

VARIABLES = {
    "DEPLOYMENT": DEPLOYMENT.name,
    "ARTIFACT_BUCKET": DEPLOYMENT.bucket,
    "SAGEMAKER_ROLE_ARN": DEPLOYMENT.role_arn,
    "IMAGE_URI": DEPLOYMENT.image_uri,
}


def test_one_night_and_two_backfilled_weeks_are_one_training(
    airflow_database: Path, tmp_path: Path
) -> None:
    shutil.copy(airflow_database / "airflow.db", tmp_path)
    environment = {
        **os.environ,
        **{f"AIRFLOW_VAR_{name}": value for name, value in VARIABLES.items()},
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in (".", "dags", "plugins")),
    }
    program = [sys.executable, backfilled_nights.__file__, str(ROOT / "dags")]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=900)
    log = done.stdout + done.stderr
    printed = [line for line in log.splitlines() if line.split(" ")[0].isupper()]
    assert "NIGHT success" in printed, log[-5000:]
    assert "TRAININGS 1" in printed, log[-5000:]
    (backfill,) = [line for line in printed if line.startswith("BACKFILL")]
    assert backfill.startswith("BACKFILL 14 {'skipped': "), backfill
    assert log.count("a backfill has nothing to do here") >= 14
