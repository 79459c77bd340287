"""The user's new photos, checked before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.local_run.errors import RunError
from include.local_run.run_plan.incoming import find_incoming


def write(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / "incoming" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "incoming" / name).write_bytes(b"x")
    return folder


def test_photos_are_found_and_files_of_systems_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a.jpg", "sub/b.PNG", "notes.txt", ".hidden.jpg", "@eaDir/a.jpg/thumb.jpg")
    (tmp_path / "incoming_labels.json").write_text('{"a.jpg": "cat"}')
    found = find_incoming(tmp_path)
    assert found is not None
    assert list(found.photos) == ["a.jpg", "sub/b.PNG"]
    assert found.labels == {"a.jpg": "cat"}


@pytest.mark.parametrize("names", [(), ("notes.txt",)])
def test_a_folder_without_photos_is_none(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert find_incoming(write(tmp_path, *names)) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "incoming_labels.json is not valid JSON: "),
        ("[]", r'incoming_labels.json must map names of photos to classes: {"folder/photo.jpg"'),
        ('{"a.jpg": 3}', "must map names of photos to classes"),
    ],
)
def test_labels_in_another_form_are_refused_with_the_right_one(
    tmp_path: Path, text: str, message: str
) -> None:
    write(tmp_path, "a.jpg")
    (tmp_path / "incoming_labels.json").write_text(text)
    with pytest.raises(RunError, match=message):
        find_incoming(tmp_path)


def test_a_name_that_s3_does_not_take_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "caf\udce9.jpg")
    with pytest.raises(RunError, match=r"caf.xe9.jpg is not a valid name in S3: rename"):
        find_incoming(tmp_path)
