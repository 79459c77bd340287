"""Where programs find their files and leave their failures."""

import os
from pathlib import Path

import pytest

from include.image_classification import container


def test_base_dir_is_sagemakers_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAGEMAKER_BASE_DIR", raising=False)
    assert container.base_dir() == Path("/opt/ml")
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", "/elsewhere")
    assert container.processing_input("source") == Path("/elsewhere/processing/input/source")


def test_outputs_are_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    assert container.processing_output("images") == tmp_path / "processing/output/images"
    assert container.processing_output("images").is_dir()


def test_a_failure_is_left_for_both_kinds_of_job_and_no_longer_than_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    container.write_failure("x" * 5000)
    assert (tmp_path / "output/failure").read_text() == "x" * 1024
    assert (tmp_path / "output/message").read_text() == "x" * 1024


def test_a_failure_may_name_a_file_whose_name_is_not_utf_8(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Protects the reason, which would be lost with the name."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    container.write_failure(os.fsdecode(b"caf\xe9.jpg") + " is missing")
    assert (tmp_path / "output/failure").read_text() == r"caf\udce9.jpg is missing"
