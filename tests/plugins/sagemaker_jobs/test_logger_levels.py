"""The loggers of credentials are quiet unless an installation sets their level."""

import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[3] / "plugins"


@pytest.mark.parametrize(
    ("setup", "level"),
    [("", "WARNING"), ("logging.getLogger('botocore.credentials').setLevel('DEBUG')", "DEBUG")],
)
def test_the_level_of_botocores_credentials(setup: str, level: str) -> None:
    program = (
        f"import logging\n{setup}\nimport sagemaker_jobs\n"
        "for name in ('botocore.credentials', 'aiobotocore.credentials'):\n"
        "    print(logging.getLevelName(logging.getLogger(name).level))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(PLUGINS)},
    )
    assert done.stdout.split() == [level, "WARNING"]
