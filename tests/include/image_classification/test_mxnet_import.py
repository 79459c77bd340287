"""Every process that computes uses all of its processors, unless it is limited explicitly."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import include.image_classification
from include.image_classification.mxnet_import import use_all_processors

PACKAGE = Path(include.image_classification.__file__).parent
ROOT = PACKAGE.parents[1]


@pytest.mark.parametrize(
    ("given", "threads"),
    [({}, "3"), ({"OMP_NUM_THREADS": ""}, "3"), ({"OMP_NUM_THREADS": "2"}, "2")],
)
def test_the_threads_are_the_processors_unless_they_are_set(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], threads: str
) -> None:
    """The affinity mask counts, which a container's limit sets, and not the host's processors."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 5, 7})
    use_all_processors()
    assert os.environ["OMP_NUM_THREADS"] == threads
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"


def test_the_number_is_set_before_mxnet_is_imported() -> None:
    """MXNet reads it at its import."""
    program = (
        "import os, sys\n"
        "sys.modules['mxnet'] = None\n"
        "try:\n"
        "    import include.image_classification.mxnet_import\n"
        "except ImportError:\n"
        "    print(os.environ['OMP_NUM_THREADS'])\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    printed = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert printed.stdout.split() == [str(len(os.sched_getaffinity(0)))], printed.stderr


def test_mxnet_is_imported_without_scipy_which_others_can_import() -> None:
    program = (
        "import sys\n"
        "from include.image_classification.mxnet_import import mx\n"
        "print(mx.contrib.quantization.stats, [name for name in sys.modules if 'scipy' in name])\n"
        "import scipy.stats\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True
    )
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.split() == ["None", "[]"]


def test_no_other_module_of_the_container_imports_mxnet_when_it_is_loaded() -> None:
    found = [
        path.name
        for path in PACKAGE.rglob("*.py")
        if re.search(r"^(import|from) mxnet", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert found == []
