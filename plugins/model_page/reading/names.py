"""Names in addresses that become parts of S3 keys: checked before they are used."""

from __future__ import annotations

import re

from fastapi import HTTPException

JOB = re.compile(r"[A-Za-z0-9](-*[A-Za-z0-9]){0,62}")
VERSION = re.compile(r"[A-Za-z0-9_\-]{1,64}")
BATCH = re.compile(r"[A-Za-z0-9_\-]{1,100}")


def check_job(job: str) -> None:
    """Check the name of a training job.

    Raises:
        HTTPException: 404 if it is none.
    """
    _check(JOB, job, "training job")


def check_version(version: str) -> None:
    """Check the name of a dataset version.

    Raises:
        HTTPException: 404 if it is none.
    """
    _check(VERSION, version, "dataset version")


def check_batch(batch: str) -> None:
    """Check the name of a batch.

    Raises:
        HTTPException: 404 if it is none.
    """
    _check(BATCH, batch, "batch")


def _check(pattern: re.Pattern[str], name: str, kind: str) -> None:
    if len(name) > 100 or not pattern.fullmatch(name):
        raise HTTPException(404, f"{name!r} is no name of a {kind}")
