"""The keys of a folder: made once, and readable by its owner alone."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from include.local_aws.access.keys import FILE, given_keys, kept_keys
from include.local_aws.errors import StartupError
from tests.include.local_aws.full_disk import no_room


def test_they_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:  # as several servers that start at once
        made = set(pool.map(kept_keys, [tmp_path] * 8))
    assert made == {kept_keys(tmp_path)}
    assert [file.name for file in tmp_path.iterdir()] == [FILE]
    (tmp_path / FILE).chmod(0o644)
    (keys,) = made
    assert kept_keys(tmp_path) == keys
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert re.fullmatch("LOCAL[A-Z2-7]{15}", keys.access_key_id)
    assert len(keys.secret_access_key) == 40


def test_each_folder_has_its_own(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert kept_keys(tmp_path / "a") != kept_keys(tmp_path / "b")


@pytest.mark.parametrize("content", ["", "[other]", "[default]\naws_access_key_id = a", "nonsense"])
def test_a_file_without_keys_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(StartupError, match=f"keys cannot be read from {tmp_path / FILE}"):
        kept_keys(tmp_path)


def test_given_keys_win_and_the_words_of_earlier_versions_are_none() -> None:
    assert given_keys({"PATH": "/bin"}) is None
    given = given_keys({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"})
    assert given is not None
    assert (given.access_key_id, given.secret_access_key) == ("a", "b")
    with pytest.raises(StartupError, match="is known to everyone"):
        given_keys({"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local-secret"})


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"])
def test_keys_of_aws_are_refused_and_not_quoted(key: str) -> None:
    secret = "of-production"
    with pytest.raises(StartupError, match=f"begins with {key[:4]}.*unset AWS_ACCESS") as refused:
        given_keys({"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret})
    assert secret not in str(refused.value)
    assert key not in str(refused.value)


def test_a_session_token_marks_keys_of_aws() -> None:
    token = {"AWS_SESSION_TOKEN": "of-production"}
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    with pytest.raises(StartupError, match="AWS_SESSION_TOKEN is set"):
        given_keys({**keys, **token})
    assert given_keys(token) is None


def test_keys_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    with no_room(), pytest.raises(StartupError, match=rf"written to {tmp_path / FILE} \(File too"):
        kept_keys(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StartupError, match=r"No such file or directory"):
        kept_keys(tmp_path / "none")
