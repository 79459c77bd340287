"""Folders of a job, and the files of its failure reason."""

import os
from pathlib import Path

import pytest

from include.image_classification import container


def test_base_dir_is_sagemakers_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAGEMAKER_BASE_DIR", raising=False)
    assert container.base_dir() == Path("/opt/ml")
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", "/elsewhere")
    assert container.processing_input("source") == Path("/elsewhere/processing/input/source")


def test_output_folders_are_created(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    assert container.processing_output("images") == tmp_path / "processing/output/images"
    assert container.processing_output("images").is_dir()


def test_a_failure_is_written_for_both_kinds_of_job_and_truncated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    container.write_failure("x" * 5000)
    assert (tmp_path / "output/failure").read_text() == "x" * 1024
    assert (tmp_path / "output/message").read_text() == "x" * 1024


def test_a_failure_may_name_a_file_whose_name_is_not_utf_8(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Protects the reason, which could not be written otherwise."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    container.write_failure(os.fsdecode(b"caf\xe9.jpg") + " is missing")
    assert (tmp_path / "output/failure").read_text() == r"caf\udce9.jpg is missing"
