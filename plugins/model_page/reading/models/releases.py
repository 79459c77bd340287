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

COMPLETE_AFTER = 300.0
"""Seconds after which a list is read again though no deployment was recorded, since a user may have
deleted some."""

MAX_AGE_SECONDS = 20.0
"""The same without changed.json, as before the first deployment."""

KEPT = 50_000
"""Deployments in memory, in the lists of all pipelines and packages: about 300 bytes each."""

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


@dataclass(frozen=True)
class _Known:
    """A list, when it was read, and the ETag that changed.json had before; None without it."""

    found: DeploymentList
    read: float
    change: str | None


class ReleaseReader:
    """Lists the deployments of pipelines, and keeps the lists until a deployment is recorded.

    Whether one was, the ETag of the pipeline's changed.json says: a request without content, where
    the lists of some hundred deployments take S3 several requests and the most time of a page.
    """

    def __init__(self, objects: ObjectReader, clock: Callable[[], float] = time.monotonic) -> None:
        self._objects, self._clock = objects, clock
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def deployments(self, layout: Layout) -> DeploymentList:
        """Return all deployments of a pipeline, without reading their records."""
        return self._read(layout, layout.releases)

    def of_package(self, layout: Layout, version: int) -> DeploymentList:
        """Return the deployments of one package, from a list of their keys alone."""
        return self._read(layout, layout.release(version))

    def record(self, deployment: Deployment) -> ReleaseRecord | None:
        """Return a deployment's record, or None if it was deleted meanwhile."""
        return self._objects.record(deployment.key, ReleaseRecord, RELEASED_BY, immutable=True)

    def _read(self, layout: Layout, prefix: str) -> DeploymentList:
        # The ETag is read before the list: a deployment that is recorded in between is listed
        # once more, and never missed.
        changed = self._objects.read(layout.release_change)
        change = changed.etag if changed else None
        with self._lock:
            known = self._known.get(prefix)
        max_age = COMPLETE_AFTER if change else MAX_AGE_SECONDS
        if known and known.change == change and self._clock() - known.read < max_age:
            return known.found
        listed = _Known(self._list(layout, prefix), self._clock(), change)
        self._keep(prefix, listed)
        return listed.found

    def _keep(self, prefix: str, listed: _Known) -> None:
        with self._lock:
            # An empty list takes memory, too.
            kept = sum(len(known.found.deployments) + 1 for known in self._known.values())
            if kept + len(listed.found.deployments) >= KEPT:
                self._known.clear()
            self._known[prefix] = listed

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
