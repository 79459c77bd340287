"""The documentation of tasks, `doc_md`, and the failure notes in it.

A task's documentation begins with a paragraph on what the task does. Then comes a list of notes.
A note says what to do, after quotes of the error message that it is for:

    - *was never a release*, *no approved release*: choose a release that the message lists.
    - Any other failure: fix what the message names, then clear the task.
    - Skipped: that release serves already.

`...` in a quote stands for any text. Notes that begin with "Skipped" or "Logs" are about tasks that
did not fail.
"""

from __future__ import annotations

import re
from inspect import cleandoc

from airflow.sdk import DAG, BaseOperator

_HEAD = re.compile(r"((?:\*[^*]*\*|[^*:])*):")
"""The part of a note before its first colon outside of a quote."""

_NOT_ABOUT_FAILURES = ("Skipped", "Logs")


def clean_docs(dag: DAG) -> None:
    """Remove the indentation of docstrings, which Markdown would take for a block of code.

    Airflow takes the docstring of a decorated function as the task's documentation.
    """
    for task in dag.tasks:
        if task.doc_md and isinstance(task, BaseOperator):
            task.doc_md = cleandoc(task.doc_md)


def failure_notes(doc_md: str, error: str = "") -> list[str]:
    """Return the notes of a task's documentation that help with a failure, one line each.

    Args:
        doc_md: The task's documentation.
        error: Why the task failed. If notes quote the error, only these are returned.
    """
    notes = [" ".join(note.split()) for note in re.split(r"^- ", doc_md, flags=re.MULTILINE)[1:]]
    notes = [note for note in notes if not note.startswith(_NOT_ABOUT_FAILURES)]
    return [note for note in notes if _is_quoted(error, quotes(note))] or notes


def quotes(note: str) -> list[str]:
    """Return the quotes of error messages with which a note begins."""
    head = _HEAD.match(note)
    return re.findall(r"\*([^*]+)\*", head[1]) if head else []


def _is_quoted(error: str, candidates: list[str]) -> bool:
    return any(all(part.strip() in error for part in quote.split("...")) for quote in candidates)
