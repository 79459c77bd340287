"""The command `fetch`: its request, its retries and its report."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from include.config.sections.web_file import WebFile
from include.decisions.dataset.fetch import write_fetch_request
from include.image_classification.container import CommandError
from include.image_classification.fetching import fetch
from include.image_classification.fetching.files import FetchError, UnavailableFileError
from include.storage.layout import Layout
from tests.include.image_classification.fetching.conftest import SourceFolder
from tests.include.image_classification.fetching.files import CONTENT, OTHER, web_file
from tests.include.image_classification.fetching.mirror import Mirror


class Job:
    """A fetch job, whose request was written by the plan.

    Attributes:
        waits: The seconds that the command has waited before retries.
    """

    def __init__(self, s3: Any, layout: Layout, base: Path) -> None:
        self.s3, self.layout, self.base = s3, layout, base
        self.waits: list[float] = []

    def run(self, *files: WebFile) -> dict[str, Any]:
        write_fetch_request(self.s3, self.layout, files, "127.0.0.0/8")
        place = {"Bucket": self.layout.bucket, "Key": self.layout.fetch_request}
        path = self.base / "processing" / "input" / "request" / "request.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.s3.get_object(**place)["Body"].read())
        return self.run_again()

    def run_again(self) -> dict[str, Any]:
        source, drafts = self.layout.uri(self.layout.source), self.layout.uri(self.layout.fetching)
        fetch.main(["--source", source, "--drafts", drafts])
        result = self.base / "processing" / "output" / "result" / "fetch.json"
        report: dict[str, Any] = json.loads(result.read_bytes())
        return report


@pytest.fixture
def job(s3: Any, layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    monkeypatch.setattr(fetch, "s3_client", lambda: s3)
    job = Job(s3, layout, tmp_path)
    monkeypatch.setattr(time, "sleep", job.waits.append)
    return job


def test_the_report_names_fetched_and_unchanged_files(
    job: Job, first: Mirror, source_folder: SourceFolder
) -> None:
    one, two = web_file(first.serve("/a.tgz", CONTENT)), web_file(first.serve("/b.tgz", OTHER))
    report = job.run(one)
    assert (report["fetched"], report["unchanged"]) == (["a.tgz"], [])
    report = job.run(one, two)
    assert (report["fetched"], report["unchanged"]) == (["b.tgz"], ["a.tgz"])
    assert source_folder.content("a.tgz") == CONTENT


def test_the_request_is_kept_for_the_next_attempt_of_the_job(
    job: Job, first: Mirror, source_folder: SourceFolder
) -> None:
    """Drafts of files that are no longer wanted are deleted from the same folder."""
    job.run(web_file(first.serve("/a.tgz", CONTENT)))
    assert source_folder.keys() == [
        "stanford_cars/fetching/request.json", "stanford_cars/source/a.tgz",
    ]  # fmt: skip
    assert job.run_again()["unchanged"] == ["a.tgz"]


def test_a_retryable_error_is_retried_in_the_job_and_the_download_resumed(
    job: Job, first: Mirror, source_folder: SourceFolder
) -> None:
    """A failed job would have to be cleared by a user."""
    before = web_file(first.serve("/0.tgz", OTHER))
    file = web_file(first.serve("/a.tgz", CONTENT, cuts=[2500], statuses=[200, 503]))
    report = job.run(before, file)
    assert job.waits == [fetch.WAITS[0]]
    assert report["fetched"] == ["0.tgz", "a.tgz"]
    assert source_folder.content("a.tgz") == CONTENT
    assert "bytes=2000-" in first.ranges


def test_after_all_retries_the_job_fails(job: Job, first: Mirror) -> None:
    file = web_file(first.serve("/a.tgz", CONTENT, statuses=[503] * 9))
    with pytest.raises(FetchError, match="503"):
        job.run(file)
    assert job.waits == list(fetch.WAITS)


def test_a_permanent_error_is_not_retried(job: Job, first: Mirror) -> None:
    with pytest.raises(UnavailableFileError, match="404"):
        job.run(web_file(first.serve("/none.tgz", CONTENT, statuses=[404])))
    assert job.waits == []


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "is missing"), (b"[]", "is no request"), (b'{"files": 1}', "files")],
)
def test_a_missing_or_damaged_request_names_the_task(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "request.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=rf"{message}.*clear plan_fetch"):
        fetch.read_request(path)
