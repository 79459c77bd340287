"""The keys of a folder: created once, and readable by their owner only."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from include.local_aws.access.keys import FILE, keys_from_environment, load_or_create_keys
from include.local_aws.errors import StartupError
from tests.include.local_aws.full_disk import no_room


def test_keys_are_created_once_with_mode_0600(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:  # like several servers that start at the same time
        created = set(pool.map(load_or_create_keys, [tmp_path] * 8))
    assert created == {load_or_create_keys(tmp_path)}
    assert [file.name for file in tmp_path.iterdir()] == [FILE]
    (tmp_path / FILE).chmod(0o644)
    (keys,) = created
    assert load_or_create_keys(tmp_path) == keys
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert re.fullmatch("LOCAL[A-Z2-7]{15}", keys.access_key_id)
    assert len(keys.secret_access_key) == 40


def test_each_folder_has_other_keys(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert load_or_create_keys(tmp_path / "a") != load_or_create_keys(tmp_path / "b")


@pytest.mark.parametrize("content", ["", "[other]", "[default]\naws_access_key_id = a", "nonsense"])
def test_a_file_without_keys_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(StartupError, match=f"keys cannot be read from {tmp_path / FILE}"):
        load_or_create_keys(tmp_path)


def test_keys_of_the_environment_are_used_unless_they_are_well_known() -> None:
    assert keys_from_environment({"PATH": "/bin"}) is None
    given = keys_from_environment({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"})
    assert given is not None
    assert (given.access_key_id, given.secret_access_key) == ("a", "b")
    with pytest.raises(StartupError, match="is known to everyone"):
        keys_from_environment(
            {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local-secret"}
        )


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"])
def test_keys_of_aws_are_rejected_and_not_printed(key: str) -> None:
    secret = "of-production"
    with pytest.raises(StartupError, match=f"begins with {key[:4]}.*unset AWS_ACCESS") as rejected:
        keys_from_environment({"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret})
    assert secret not in str(rejected.value)
    assert key not in str(rejected.value)


def test_a_session_token_identifies_keys_of_aws() -> None:
    token = {"AWS_SESSION_TOKEN": "of-production"}
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    with pytest.raises(StartupError, match="AWS_SESSION_TOKEN is set"):
        keys_from_environment({**keys, **token})
    assert keys_from_environment(token) is None


def test_keys_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    with no_room(), pytest.raises(StartupError, match=rf"written to {tmp_path / FILE} \(File too"):
        load_or_create_keys(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StartupError, match=r"No such file or directory"):
        load_or_create_keys(tmp_path / "none")
