"""Deployments: listed by their keys, and read one by one for those that a page shows."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from include.contracts.records import ReleaseRecord
from include.decisions.endpoint.release import MANIFEST, RELEASED_BY
from include.storage.layout import Layout
from model_page.reading.objects import ObjectReader

MAX_LISTS = 10
"""Lists of 1,000 keys that one page reads; a deployment has four keys."""

MAX_AGE_SECONDS = 20.0
KEPT = 1000
"""Lists in memory."""

_FOLDER = re.compile(r"(?P<version>\d+)/(?:(?P<moment>\d{8}T\d{6}Z)/)?" + re.escape(MANIFEST))


@dataclass(frozen=True)
class Deployment:
    """A deployment that passed its smoke test.

    Attributes:
        version: The number of its model package.
        deployed: When; None for a record of earlier versions, whose key has no time.
        key: The key of its release.json.
    """

    version: int
    deployed: datetime | None
    key: str


@dataclass(frozen=True)
class DeploymentList:
    """Deployments, the last first; `complete` is False if there are more than a page reads."""

    deployments: list[Deployment]
    complete: bool

    @property
    def last(self) -> Deployment | None:
        """The last deployment, or None."""
        return next(iter(self.deployments), None)

    @property
    def releases(self) -> list[Deployment]:
        """The last deployment of each package, the latest first."""
        last: dict[int, Deployment] = {}
        for deployment in self.deployments:
            last.setdefault(deployment.version, deployment)
        return list(last.values())


class ReleaseReader:
    """Lists the deployments of pipelines, and keeps each list for some seconds."""

    def __init__(self, objects: ObjectReader, clock: Callable[[], float] = time.monotonic) -> None:
        self._objects, self._clock = objects, clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[DeploymentList, float]] = {}

    def deployments(self, layout: Layout) -> DeploymentList:
        """Return all deployments of a pipeline, without reading their records."""
        return self._read(layout, layout.releases)

    def of_package(self, layout: Layout, version: int) -> DeploymentList:
        """Return the deployments of one package, from a list of their keys alone."""
        return self._read(layout, layout.release(version))

    def record(self, deployment: Deployment) -> ReleaseRecord | None:
        """Return a deployment's record, or None if it was deleted meanwhile."""
        return self._objects.record(deployment.key, ReleaseRecord, RELEASED_BY)

    def _read(self, layout: Layout, prefix: str) -> DeploymentList:
        with self._lock:
            known = self._known.get(prefix)
        if known and self._clock() - known[1] < MAX_AGE_SECONDS:
            return known[0]
        found = self._list(layout, prefix)
        with self._lock:
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[prefix] = (found, self._clock())
        return found

    def _list(self, layout: Layout, prefix: str) -> DeploymentList:
        found: list[Deployment] = []
        more: dict[str, str] = {}
        for _ in range(MAX_LISTS):
            listed = self._objects.s3.list_objects_v2(
                Bucket=self._objects.bucket, Prefix=prefix, **more
            )
            keys = (item["Key"] for item in listed.get("Contents", []))
            found += (made for key in keys if (made := _deployment(layout, key)))
            if not listed.get("IsTruncated"):
                break
            more = {"ContinuationToken": listed["NextContinuationToken"]}
        earliest = datetime.min.replace(tzinfo=UTC)
        found.sort(key=lambda made: (made.deployed or earliest, made.version), reverse=True)
        return DeploymentList(found, not listed.get("IsTruncated", False))


def _deployment(layout: Layout, key: str) -> Deployment | None:
    match = _FOLDER.fullmatch(key.removeprefix(layout.releases))
    if match is None:
        return None
    moment = match["moment"]
    deployed = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if moment else None
    return Deployment(int(match["version"]), deployed, key)
