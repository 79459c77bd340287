"""Every task says what it does and what to do when it fails."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from dag_factory.task_docs import failure_notes, quotes
from tests.dags.dag_factory.conftest import RUN_ID, TRAINING

ROOT = Path(__file__).parents[3]

DOC = """
Deploy a release.

- *was never a release*, *no approved release: x*: choose
  another one.
- *has no ... version*: choose a version.
- Any other failure: clear the task.
- Skipped, *serves already*: nothing has to be done.
- Logs *stale*: the model is old.
"""

FORMATTED = {"AccessDenied", "ResourceLimitExceeded", "ValidationException", "signal 9"}
"""Quotes of messages from AWS, and of values in a message."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("release 3 was never a release", ["choose another one."]),
        ("no approved release: x", ["choose another one."]),
        ("SageMaker has no such version", ["choose a version."]),
        ("", ["choose another one.", "choose a version.", "clear the task."]),
        ("serves already", ["choose another one.", "choose a version.", "clear the task."]),
    ],
)
def test_the_notes_that_quote_an_error_are_found(error: str, expected: list[str]) -> None:
    """Without a quote all notes on failures may help."""
    assert [note.rpartition(": ")[2] for note in failure_notes(DOC, error)] == expected


def test_a_task_without_notes_has_none() -> None:
    assert failure_notes("Deploy a release.") == []


def tasks(dag_bag: Any) -> list[Any]:
    return [task for dag in dag_bag.dags.values() for task in dag.tasks]


def test_every_task_has_a_sentence_and_failure_notes(dag_bag: Any) -> None:
    for task in tasks(dag_bag):
        doc = (task.doc_md or "").strip()
        summary, _, rest = doc.partition("\n\n")
        assert summary.endswith("."), f"{task.dag_id}.{task.task_id}: {summary!r}"
        assert failure_notes(rest), f"{task.dag_id}.{task.task_id} has no failure notes"


def test_no_documentation_is_indented(dag_bag: Any) -> None:
    """Markdown takes lines that are indented by four spaces for code."""
    for task in tasks(dag_bag):
        assert "\n    " not in task.doc_md, f"{task.dag_id}.{task.task_id}"


def test_the_notes_name_tasks_of_their_dag(dag_bag: Any) -> None:
    for dag in dag_bag.dags.values():
        for task in dag.tasks:
            named = re.findall(r"[Cc]lear `(\w+)`", task.doc_md)
            optional = {"prepare_question"}
            assert set(named) - optional <= set(dag.task_ids), f"{dag.dag_id}.{task.task_id}"


def test_the_notes_quote_messages_that_the_code_writes(dag_bag: Any) -> None:
    """A quote of a message that was reworded would never be found again."""
    folders = (ROOT / "include", ROOT / "plugins", ROOT / "dags" / "dag_factory")
    source = "\n".join(
        file.read_text()
        for folder in folders
        for file in folder.rglob("*.py")
        if not {"docs.py", "job_docs.py", "task_docs.py"} & {file.name}
    )
    # Messages are often split into several literals.
    source = re.sub(r"[\"']\s*\n\s*f?[\"']", "", source)
    missing = {
        f"{task.dag_id}.{task.task_id}: {quote}"
        for task in tasks(dag_bag)
        for note in re.split(r"^- ", task.doc_md, flags=re.MULTILINE)[1:]
        for quote in quotes(" ".join(note.split()))
        if quote not in FORMATTED and not all(part.strip() in source for part in quote.split("..."))
    }
    assert sorted(missing) == []


def test_a_job_that_sagemaker_does_not_accept_is_reported_with_its_note(dag_bag: Any) -> None:
    error = "JobRequestError: SageMaker does not accept training job x: iam:PassRole"
    (note,) = failure_notes(dag_bag.dags[TRAINING].get_task("submit_train").doc_md, error)
    assert "the DAG preflight, which names the fix" in " ".join(note.split())


def test_a_failed_task_brings_its_own_notes(dag_bag: Any) -> None:
    from dag_factory.notifications import _failure

    ti = type("Ti", (), {"task_id": "track_transform"})()
    context = {"ti": ti, "reason": "task_failure"}
    notification = _failure(dag_bag.dags[TRAINING], RUN_ID, context)
    assert notification.where.endswith("/tasks/track_transform")
    assert notification.advice == (
        "*is int8, but this processor*: use another instance type in "
        "`evaluation.transform`, then clear `prepare` and its downstream tasks; or set "
        "`int8: never`, then clear `plan` and its downstream tasks, which trains again.\n"
        "Any other failure: the built-in image fails the whole job for one unreadable photo; its "
        "log names the photo."
    )
