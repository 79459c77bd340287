"""select.json: the images that the command `select` found and chose."""

from __future__ import annotations

from pydantic import Field

from include.contracts.records.base import Record


class SelectionCounts(Record):
    """Numbers of images in `incoming/`.

    `listed` are all of them, `new` those that no batch has processed before. A batch takes
    `images` and leaves out `unreadable`. `changed` were replaced or deleted while they were read.
    `remaining` are new images that this batch did not process: those beyond `batch.max_images`, and
    the changed ones.
    """

    listed: int = 0
    new: int = 0
    images: int = 0
    unreadable: int = 0
    changed: int = 0
    remaining: int = 0


class Selection(Record):
    """The result of a `select` job.

    `batch` is None if there was nothing to process. `listing` is the hash of the listing, see
    `include.common.incoming`. `recorded` are the batches that had a record when the job ran.
    `examples` has the reasons of a few unreadable images, by key.
    """

    stage: str = "select"
    batch: str | None = None
    forced: bool = False
    counts: SelectionCounts = Field(default_factory=SelectionCounts)
    listing: str = ""
    recorded: list[str] = Field(default_factory=list)
    examples: dict[str, str] = Field(default_factory=dict)
    seconds: float | None = None
    created: str | None = None
