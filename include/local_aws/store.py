"""The state of every SageMaker resource: one SQLite file, one writer."""

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from include.local_aws.errors import ApiError, StartupError

Body = dict[str, Any]

_log = logging.getLogger(__name__)
_VERSION = 1  # of the schema and of the bodies; later versions must read files of earlier ones
_MOST_FREE_PAGES = 1024  # 4 MB: with more free pages, and a quarter of the file, space is freed
_SCHEMA = """
create table if not exists resources (
    kind text not null, name text not null, body text not null, primary key (kind, name));
create table if not exists tags (
    arn text not null, key text not null, value text not null, primary key (arn, key));
"""


class AlreadyExists(Exception):
    """A resource of this kind and name exists; `body` is the body of that resource."""

    def __init__(self, body: Body) -> None:
        super().__init__("already exists")
        self.body = body


class Store:
    """Resources by kind and name, and tags by ARN; safe to use from any thread.

    A body is the resource as its Describe call shows it, with times as epoch seconds. Fields that
    start with an underscore are internal. When a call returns, its change is on disk and survives
    a kill of the server or a loss of power. If the disk is full, a call raises ApiError and
    changes nothing.

    Raises:
        StartupError: The file is not a state file, or was written by a later version.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._path = path
        try:
            self._db = _opened(path)
            _free_space(self._db, path)
        except sqlite3.Error as error:
            raise StartupError(
                f"the state {path} cannot be opened ({error}): "
                "free some space, restore a copy of the folder, or choose another --root"
            ) from error

    def close(self) -> None:
        """Close the file; do not use the store afterwards."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("begin immediate")
                yield self._db
                self._db.execute("commit")
            except sqlite3.OperationalError as error:
                _log.warning("%s cannot be written: %s", self._path, error)
                raise ApiError(
                    f"The state of local_aws cannot be written, nothing was changed: {error} "
                    f"({self._path}).",
                    code="ServiceUnavailable",
                    status=503,
                ) from error
            finally:
                if self._db.in_transaction:
                    self._db.execute("rollback")

    def get(self, kind: str, name: str) -> Body | None:
        """Return the resource's body, or None."""
        with self._lock:
            row = self._db.execute(
                "select body from resources where kind = ? and name = ?", (kind, name)
            ).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def list_all(self, kind: str) -> list[Body]:
        """Return all bodies of a kind, in no particular order."""
        with self._lock:
            rows = self._db.execute("select body from resources where kind = ?", (kind,)).fetchall()
        return [json.loads(row[0]) for row in rows]

    def insert(self, kind: str, name: str, body: Body, arn: str = "") -> Body:
        """Add a resource, and the body's Tags under its ARN.

        Raises:
            AlreadyExists: There is a resource of this kind and name.
        """
        now = time.time()
        body = {"CreationTime": now, "LastModifiedTime": now, **body}
        with self._writing() as db:
            existing = self.get(kind, name)
            if existing is not None:
                raise AlreadyExists(existing)
            db.execute("insert into resources values (?, ?, ?)", (kind, name, json.dumps(body)))
            self._write_tags(db, arn, body.get("Tags") or [])
        return body

    def update(self, kind: str, name: str, change: Callable[[Body], None]) -> Body:
        """Let `change` modify the body inside one transaction, and return the new body.

        If `change` raises an exception, the resource is not changed.

        Raises:
            KeyError: There is no such resource.
        """
        with self._writing() as db:
            body = self.get(kind, name)
            if body is None:
                raise KeyError(f"{kind} {name}")
            change(body)
            body["LastModifiedTime"] = time.time()
            db.execute(
                "update resources set body = ? where kind = ? and name = ?",
                (json.dumps(body), kind, name),
            )
        return body

    def set(self, kind: str, name: str, **fields: Any) -> Body:
        """Set top-level fields of the body."""
        return self.update(kind, name, lambda body: body.update(fields))

    def delete(self, kind: str, name: str, arn: str = "") -> None:
        """Remove a resource and its tags, if it exists."""
        with self._writing() as db:
            db.execute("delete from resources where kind = ? and name = ?", (kind, name))
            db.execute("delete from tags where arn = ?", (arn,))

    def tags(self, arn: str) -> list[dict[str, str]]:
        """Return the tags of an ARN, sorted by key."""
        with self._lock:
            rows = self._db.execute(
                "select key, value from tags where arn = ? order by key", (arn,)
            ).fetchall()
        return [{"Key": key, "Value": value} for key, value in rows]

    def add_tags(self, arn: str, tags: list[dict[str, str]]) -> None:
        """Add tags to an ARN; an existing key gets the new value."""
        with self._writing() as db:
            self._write_tags(db, arn, tags)

    def remove_tags(self, arn: str, keys: list[str]) -> None:
        """Remove tags by key."""
        with self._writing() as db:
            db.executemany("delete from tags where arn = ? and key = ?", [(arn, k) for k in keys])

    @staticmethod
    def _write_tags(db: sqlite3.Connection, arn: str, tags: list[dict[str, str]]) -> None:
        rows = [(arn, tag["Key"], tag["Value"]) for tag in tags]
        db.executemany("insert or replace into tags values (?, ?, ?)", rows)


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    (version,) = db.execute("pragma user_version").fetchone()
    if version > _VERSION:
        raise StartupError(
            f"the state {path} was written by a later local_aws (version {version}, this one "
            f"reads {_VERSION}): upgrade, or choose another --root"
        )
    db.execute("pragma journal_mode=wal")
    db.execute("pragma synchronous=full")
    db.executescript(_SCHEMA)
    db.execute(f"pragma user_version={_VERSION}")
    return db


def _free_space(db: sqlite3.Connection, path: Path) -> None:
    """Compact the file if a large part of it is free.

    SQLite writes a new file for that. If the disk is too full, the free space stays in the file
    for new bodies.
    """
    (free,) = db.execute("pragma freelist_count").fetchone()
    (pages,) = db.execute("pragma page_count").fetchone()
    if free < _MOST_FREE_PAGES or free < pages / 4:
        return
    try:
        db.execute("vacuum")
        db.execute("pragma wal_checkpoint(truncate)")
    except sqlite3.OperationalError as error:
        _log.warning("%s keeps its deleted space: %s", path, error)
