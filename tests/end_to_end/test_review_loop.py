"""Review: uncertain photos of a batch are labelled on the page, and the model learns them.

It goes on in the folder of the chain's runs, on a stack of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
import pytest

from include.local_aws.processes.ports import free_port
from include.local_run.drawing import KINDS, take_photo
from include.local_run.drive.clients import create_clients
from include.local_run.project_paths import ProjectPaths
from include.local_run.stack import Ports, Stack, acquire_lock
from include.local_run.stack.aws import BUCKET
from include.storage.layout import Layout
from tests.end_to_end.chain_run import ChainRun
from tests.end_to_end.model_page_user import ModelPageUser

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1200)]

PIPELINE = "stanford_cars"
PHOTOS = 60


@pytest.fixture(scope="module")
def stack(second_run: ChainRun) -> Iterator[Stack]:
    paths = ProjectPaths(state=second_run.folder)
    with acquire_lock(paths), Stack(paths, Ports(free_port(), free_port()), _ignore) as running:
        running.start_aws_and_airflow(PIPELINE)
        running.wait_for_airflow(_ignore)
        yield running


def _ignore(line: str) -> None:
    """The stack's reports are of no interest here."""


def blend(number: int) -> bytes:
    """Return a photo of two cars, one through the other, as behind a reflecting window."""
    pictures = [
        cv2.resize(take_photo(KINDS[kind], np.random.default_rng([kind, number])).image, (160, 112))
        for kind in (number % len(KINDS), (number + 3) % len(KINDS))
    ]
    mixed = cv2.addWeighted(pictures[0], 0.55, pictures[1], 0.45, 0)
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(mixed, cv2.COLOR_RGB2BGR))
    assert done
    return encoded.tobytes()


def upload(stack: Stack) -> dict[str, tuple[bytes, str]]:
    """Put blended photos into incoming/; return each with the class of the nearer car by file."""
    with patch.dict(os.environ):
        s3 = create_clients(stack.aws).s3
    photos, folder = {}, Path("window")
    for number in range(PHOTOS):
        body, name = blend(number), f"{folder / str(number)}.jpg"
        s3.put_object(Bucket=BUCKET, Key=f"{Layout(BUCKET, PIPELINE).incoming}{name}", Body=body)
        photos[f"incoming/{name}"] = (body, KINDS[number % len(KINDS)].name)
    return photos


def label_all(user: ModelPageUser, photos: dict[str, tuple[bytes, str]]) -> dict[str, float]:
    """Label the photos of the queue; return what the model gave each one's class before."""
    before: dict[str, float] = {}
    page: Any = user.get("review")
    while (photo := page["photo"]) and photo["file"] not in before:
        _, label = photos[photo["file"]]
        chances = {guess["label"]: guess["probability"] for guess in photo["guesses"]}
        before[photo["file"]] = chances.get(label, 0.0)
        fields = {"file": photo["file"], "etag": photo["etag"], "answer": "class"}
        page = user.send("review", **fields, **{"class": label})
    assert page["photo"] is None
    return before


def test_labels_of_uncertain_photos_teach_the_model_that_serves(stack: Stack) -> None:
    user = ModelPageUser(stack.paths, stack.ports.ui, PIPELINE)
    photos = upload(stack)
    user.start("batch")
    before = label_all(user, photos)
    assert len(before) >= 3, "the model is sure of nearly all blended photos"

    converted = user.runs("im2rec_conversion")
    user.start("refresh")
    user.await_new_run("im2rec_conversion", converted)
    deployed = user.runs("endpoint_update")
    package = user.get("")["overview"]["served"]["value"]["package"]["version"]
    user.start("train")
    user.await_new_run("endpoint_update", deployed)

    after = {}
    for file in before:
        body, label = photos[file]
        answer = user.classify(body)
        assert answer["package"] > package
        chances = {guess["label"]: guess["probability"] for guess in answer["guesses"]}
        after[file] = chances.get(label, 0.0)
    assert np.mean([*after.values()]) > np.mean([*before.values()]) + 0.1
    assert user.get("review")["queue"]["value"] == {"done": len(before), "total": len(before)}
