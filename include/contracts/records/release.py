"""release.json: a deployment that passed its smoke test; changed.json: the last one recorded."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from include.contracts.records.base import Record


class ReleaseRecord(Record):
    """A deployment of a model package, by the package's version number.

    `deployed` is ISO 8601 with a time zone; `run` is `<dag id>/<run id>`; `lineage` is the
    package's metadata.
    """

    stage: str = "release"
    version: int
    deployed: str
    run: str | None = None
    endpoint: str | None = None
    endpoint_config: str
    model: str
    previous_endpoint_config: str | None = None
    smoke_test: dict[str, Any] = Field(default_factory=dict)
    lineage: dict[str, Any] = Field(default_factory=dict)


class ReleaseChange(Record):
    """The deployment that was recorded last; `deployed` is as in its release.json.

    Endpoint DAGs write this record after each release.json, so that readers who keep a list of
    releases list them again only if this one object has changed.
    """

    stage: str = "release_change"
    version: int
    deployed: str
