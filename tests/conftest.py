"""Setup of all tests: an Airflow home, no access to real AWS accounts, repeatable examples."""

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
from hypothesis.internal.conjecture import providers

from tests.tiers import tier

ROOT = Path(__file__).parent.parent
_HOME = tempfile.mkdtemp(prefix="airflow-home-")

# Set before Airflow is imported, because it reads them once.
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
    # Shells start background processes with SIGINT ignored, which their children inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)


# No test may fail because the computer is slow. In CI, Hypothesis derandomizes profiles without a
# parent, so the parent is set.
_UNTIMED = settings(
    settings.get_profile("default"),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("fixed", _UNTIMED, derandomize=True)
settings.register_profile("explore", _UNTIMED, print_blob=True)


def pytest_configure(config: pytest.Config) -> None:
    """Let property-based tests use the same examples in each run, unless options say otherwise.

    `--hypothesis-seed` has no effect on a derandomized test, so the profile depends on it.
    """
    if not config.getoption("--hypothesis-profile"):
        seeded = config.getoption("--hypothesis-seed") is not None
        settings.load_profile("explore" if seeded else "fixed")
        if not seeded:
            # Hypothesis also draws constants that it reads in the modules loaded so far, so the
            # examples of a test would depend on the tests that ran before in the same process.
            providers._get_local_constants = lambda: providers._local_constants


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its tier."""
    for item in items:
        if item.path.is_relative_to(ROOT / "tests"):
            item.add_marker(tier(item.path.relative_to(ROOT / "tests").as_posix()))


@pytest.fixture(scope="session")
def airflow_database() -> Path:
    """Airflow's home with a migrated database."""
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True
    )
    return Path(_HOME)


@pytest.fixture
def log_lines() -> Callable[[Any], list[str]]:
    """Return a function that collects the log lines of a hook, operator or trigger in a list.

    Airflow's own loggers do not use the logging module.
    """
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger = logging.Logger("test")
    logger.addHandler(Lines())

    def collect(source: Any) -> list[str]:
        # Triggers and hooks use the first attribute, operators the second.
        source._log = source._cached_logger = logger
        return lines

    return collect


def pytest_unconfigure() -> None:
    """Delete the Airflow home."""
    shutil.rmtree(_HOME, ignore_errors=True)
