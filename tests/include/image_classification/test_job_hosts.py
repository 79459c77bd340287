"""Training and processing jobs read their hosts by the same rules."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.job_hosts import (
    JobHosts,
    read_processing_hosts,
    read_training_hosts,
)

KINDS = [
    pytest.param(read_training_hosts, "input/config", id="training"),
    pytest.param(read_processing_hosts, "config", id="processing"),
]


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(("read", "folder"), KINDS)
def test_a_job_without_a_file_has_one_host(read: Callable[[], JobHosts], folder: str) -> None:
    assert read() == JobHosts("algo-1", ("algo-1",))


@pytest.mark.parametrize(("read", "folder"), KINDS)
def test_the_rank_is_the_position_in_the_list(
    base: Path, read: Callable[[], JobHosts], folder: str
) -> None:
    (base / folder).mkdir(parents=True)
    content = {"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}
    (base / folder / "resourceconfig.json").write_text(json.dumps(content))
    assert (read().rank, read().size) == (1, 2)


@pytest.mark.parametrize(("read", "folder"), KINDS)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not valid JSON"),
        ("[]", r"holds \[\], not a JSON object"),
        ('{"current_host": "algo-1"}', "hosts is None, not a list of names"),
        ('{"hosts": []}', r"hosts is \[\], not a list of names"),
        ('{"hosts": ["algo-1"]}', "current_host None is not among hosts"),
        ('{"hosts": ["a", "b"], "current_host": "c"}', "current_host 'c' is not among hosts"),
    ],
)
def test_an_invalid_file_is_named_with_its_field(
    base: Path, read: Callable[[], JobHosts], folder: str, content: str, message: str
) -> None:
    (base / folder).mkdir(parents=True)
    (base / folder / "resourceconfig.json").write_text(content)
    with pytest.raises(CommandError, match=rf"{folder}/resourceconfig\.json:? {message}"):
        read()
