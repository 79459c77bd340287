"""What all tests share: an Airflow home, no way to a real AWS account, repeatable examples."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent
_HOME = tempfile.mkdtemp(prefix="airflow-home-")

# Before anything imports Airflow: it reads these once.
os.environ |= {
    "AIRFLOW_HOME": _HOME,
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN"):
    os.environ.pop(name, None)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it runs in the background deaf to Ctrl-C, and its children after it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


# No test may fail because the machine is busy. Hypothesis derandomizes what has no profile in CI
# (where CI or a variable like it is set), so the parent is named.
_UNTIMED = settings(
    settings.get_profile("default"),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("fixed", _UNTIMED, derandomize=True)
settings.register_profile("explore", _UNTIMED, print_blob=True)


def pytest_configure(config: pytest.Config) -> None:
    """Make property-based tests try the same examples in each run, unless others are asked for.

    `--hypothesis-seed` has no effect on a derandomized test, so the profile depends on it.
    """
    if not config.getoption("--hypothesis-profile"):
        seeded = config.getoption("--hypothesis-seed") is not None
        settings.load_profile("explore" if seeded else "fixed")


@pytest.fixture(scope="session")
def airflow_database() -> Path:
    """Give Airflow's home with a migrated database, for what cannot do without one."""
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True
    )
    return Path(_HOME)


@pytest.fixture
def told() -> Callable[[Any], list[str]]:
    """Let a hook, operator or trigger log where the test can read it; return the list of lines.

    Airflow's own loggers write past the logging module.
    """
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger = logging.Logger("told")
    logger.addHandler(Lines())

    def listen(speaker: Any) -> list[str]:
        # Triggers and hooks keep theirs in the one attribute, operators in the other.
        speaker._log = speaker._cached_logger = logger
        return lines

    return listen


def pytest_unconfigure() -> None:
    """Remove the Airflow home, whatever the tests left in it."""
    shutil.rmtree(_HOME, ignore_errors=True)
