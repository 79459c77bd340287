"""The command line: a usage error is one line on stderr and status 2, and nothing is started."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from include.config.discovery import FOLDERS_VARIABLE
from include.local_run import __main__ as command_line
from include.local_run import project_paths
from include.local_run.__main__ import main


@pytest.fixture(autouse=True)
def _state_in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        project_paths.ProjectPaths, "local", property(lambda self: tmp_path / ".local")
    )
    monkeypatch.setenv(FOLDERS_VARIABLE, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--pipeline", "merch"], "PIPELINE=merch needs photos"),
        (["run", "--data", "/no/such/folder"], "DATA=/no/such/folder does not exist"),
        (["run", "--ui-port", "0"], "UI_PORT=0 is not a port"),
        (["predict", "--image", "/no/such.jpg"], "IMAGE=/no/such.jpg does not exist"),
        (["predict", "--image", ""], "no photo given"),
    ],
)
def test_a_usage_error_is_one_line_and_status_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("ERROR: ")
    assert message in error
    assert error.count("\n") == 1


def test_a_port_in_use_is_reported_before_anything_starts(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert main(["run", "--ui-port", str(port)]) == 2
    assert f"port {port} for Airflow's UI is in use" in capsys.readouterr().err
    assert not (tmp_path / ".local" / "logs").exists()


@pytest.mark.parametrize("seed", ["-1", "one"])
def test_a_seed_is_a_number_from_0(seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--seed", seed])
    assert f"{seed} is no seed: give 0, 1, 2" in capsys.readouterr().err


def test_the_two_ports_must_differ(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--ui-port", "4570", "--aws-port", "4570"]) == 2
    assert "UI_PORT and AWS_PORT are both 4570" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_to_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / ".local").write_text("a file in its place")
    assert main(["run"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"ERROR: {tmp_path / '.local'}")
    assert error.count("\n") == 1


def test_predict_without_a_running_stack_names_make_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    photo = tmp_path / "car.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe0rest")
    assert main(["predict", "--image", str(photo)]) == 1
    error = capsys.readouterr().err
    assert "no stack is running" in error
    assert "`make run`" in error


def test_a_file_that_is_no_photo_is_not_sent(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    note = tmp_path / "note.jpg"
    note.write_text("hello")
    assert main(["predict", "--image", str(note)]) == 2
    assert "neither JPEG nor PNG" in capsys.readouterr().err


def test_check_prints_pipeline_and_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--seed", "3"]) == 0
    assert "pipeline stanford_cars, layout stanford_cars: drawn cars, seed 3" in (
        capsys.readouterr().out
    )


def test_ports_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UI_PORT", "9090")
    monkeypatch.setenv("AWS_PORT", "")
    options = command_line._parser().parse_args(["run"])
    assert (options.ui_port, options.aws_port) == (9090, 4566)
