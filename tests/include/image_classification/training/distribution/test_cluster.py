"""The hosts of a training job, and their addresses."""

import json
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.training.distribution.cluster import (
    Cluster,
    address_of,
    read_cluster,
)
from include.image_classification.training.distribution.supervise import needs_supervisor

TWO = Cluster("algo-2", ("algo-1", "algo-2"))


@pytest.fixture
def resource_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of resourceconfig.json."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    folder = tmp_path / "input/config"
    folder.mkdir(parents=True)
    return folder / "resourceconfig.json"


def test_without_a_file_there_is_one_host(resource_config: Path) -> None:
    assert read_cluster() == Cluster("algo-1", ("algo-1",))


def test_the_first_host_is_the_first_of_the_list(resource_config: Path) -> None:
    resource_config.write_text(
        json.dumps({"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]})
    )
    assert read_cluster() == TWO
    assert (TWO.rank, TWO.first, TWO.is_first, TWO.rest) == (1, "algo-1", False, ("algo-1",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"hosts": "algo-1"}, "hosts is 'algo-1', not a list"),
        ({"hosts": []}, r"hosts is \[\], not a list"),
        ({"hosts": ["a", "b"]}, "current_host None is not among hosts"),
        ({"hosts": ["a"], "current_host": "c"}, "current_host 'c' is not among hosts"),
    ],
)
def test_an_invalid_file_is_rejected(resource_config: Path, content: object, message: str) -> None:
    resource_config.write_text(json.dumps(content))
    with pytest.raises(CommandError, match=message):
        read_cluster()


def test_host_addresses_override_name_resolution(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert address_of("localhost") == "127.0.0.1"
    monkeypatch.setenv("HOST_ADDRESSES", "algo-1=127.1.1.1, algo-2=127.1.1.2")
    assert address_of("algo-2") == "127.1.1.2"
    with pytest.raises(CommandError, match="must contain algo-3=<address>"):
        address_of("algo-3")


def test_several_hosts_need_kv_store() -> None:
    with pytest.raises(CommandError, match="InstanceCount is 2: set the hyperparameter kv_store"):
        needs_supervisor(TWO, None)
    assert needs_supervisor(TWO, "dist_sync")
    assert not needs_supervisor(Cluster("algo-1", ("algo-1",)), "dist_sync")
