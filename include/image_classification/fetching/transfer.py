"""Transfer of a file from its mirrors to the source's folder."""

from __future__ import annotations

import logging
from collections.abc import Callable

from include.common.addresses import redact_url
from include.common.guarded_http import AllowedHosts
from include.common.web_request import (
    PUBLIC_ONLY,
    ConnectionCutError,
    FileResponse,
    MirrorError,
    RangeNotSatisfiableError,
    request_file,
)
from include.common.web_state import FileState, address_of
from include.contracts.records import WebFileRequest
from include.image_classification.fetching import draft_store
from include.image_classification.fetching.draft import BLOCK, Draft, DraftLocation

TRIES = 3
"""The number of successive connections to a mirror without progress before it is given up."""

Progress = Callable[[int, int | None], None]

log = logging.getLogger(__name__)


class Transfer:
    """Downloads a file from one mirror after another, and resumes after the last stored byte.

    It resumes if the server confirms the state (If-Range), if another mirror has the same size and
    strong ETag, or if the file's SHA-256 is known. Otherwise it starts again.

    Args:
        location: The draft's location and the target.
        file: The file with its expected size and SHA-256.
        present: The mark of the state that is in the source already, or None.
        progress: Called with the number of stored bytes, and with the file's size or None.
        allowed: Hosts and networks whose addresses need not be public.
    """

    def __init__(
        self,
        location: DraftLocation,
        file: WebFileRequest,
        present: str | None,
        progress: Progress,
        allowed: AllowedHosts = PUBLIC_ONLY,
    ) -> None:
        self._allowed = allowed
        self._location, self._file, self._present = location, file, present
        self._name, self._progress = file.name, progress
        self._draft = self._usable(draft_store.find_draft(location))

    def fetch(self, url: str) -> bool:
        """Fetch the file from this mirror; return False if the source has this state already.

        Raises:
            MirrorError: The mirror does not have the file, or has a wrong one.
        """
        while (draft := self._download(url)) is not None:
            self._draft = None
            problem, digest = self._verify(draft, draft.complete())
            if not problem:
                draft_store.publish_draft(
                    self._location, draft_store.source_metadata(url, draft.state, digest)
                )
                origin = redact_url(url)
                log.info("Fetched %s: %d bytes from %s", self._name, draft.offset, origin)
                return True
            draft_store.delete_draft(self._location)
            if draft.pure:
                raise MirrorError(problem, permanent=True)
            origin = redact_url(url)
            log.warning("%s: %s: fetching all of it again from %s", self._name, problem, origin)
        return False

    def _usable(self, draft: Draft | None) -> Draft | None:
        """Return an earlier task's draft if the expected SHA-256 is the same and it can resume."""
        if draft is None:
            return None
        same = draft.expected == self._file.sha256
        return draft if same and (draft.expected or draft.state.validator) else None

    def _download(self, url: str) -> Draft | None:
        """Connect until the draft is complete; return None if the source has this state."""
        tries, furthest = 0, self._draft.offset if self._draft else 0
        while True:
            try:
                return self._connect(url)
            except ConnectionCutError as cut:
                reached = self._draft.offset if self._draft else 0
                tries = 0 if reached >= furthest + BLOCK else tries + 1
                furthest = max(furthest, reached)
                if tries == TRIES:
                    raise MirrorError(f"{cut} ({reached} bytes received)", permanent=False) from cut
            except RangeNotSatisfiableError:
                self._draft = None

    def _connect(self, url: str) -> Draft | None:
        """Resume the download, or start again if resuming is not safe, and read to the end."""
        whole = self._draft if self._draft is not None and self._draft.whole else None
        if whole is not None and whole.expected:
            return whole
        offset, validator = self._range(url)
        with request_file(url, offset, validator, self._allowed) as response:
            if whole is not None and whole.state == response.state:
                return whole
            self._check_announced(response)
            if not self._continues(url, response):
                if response.offset:
                    self._draft = None
                    raise ConnectionCutError(f"the response starts at byte {response.offset}")
                if self._present is not None and response.state.mark == self._present:
                    return None
                self._draft = draft_store.create_draft(
                    self._location, response.state, self._file.sha256
                )
            assert self._draft is not None
            return self._store(response, self._draft)

    def _range(self, url: str) -> tuple[int, str | None]:
        """Return the offset to request, and the validator."""
        draft = self._draft
        if draft is None or draft.whole:
            return 0, None
        validator = draft.state.validator
        if draft.expected:
            return draft.offset, validator if draft.state.address == address_of(url) else None
        return (draft.offset, validator) if self._can_validate(url, draft.state) else (0, None)

    def _can_validate(self, url: str, state: FileState) -> bool:
        """Return whether a server that accepts If-Range is known to have the same bytes."""
        strong_tag = state.validator is not None and state.validator == state.etag
        return state.validator is not None and (
            state.address == address_of(url) or (strong_tag and state.size is not None)
        )

    def _continues(self, url: str, response: FileResponse) -> bool:
        """Return whether the response continues the draft."""
        draft = self._draft
        if draft is None or response.offset != draft.offset or not draft.offset:
            return False
        if draft.state.size not in (None, response.state.size):
            return False
        if draft.state.address != address_of(url) or draft.state.validator is None:
            draft.pure = False
        log.info("%s: resuming at byte %d from %s", self._name, draft.offset, redact_url(url))
        return True

    def _check_announced(self, response: FileResponse) -> None:
        """Check the size that the response's headers announce."""
        size, expected = response.state.size, self._file.size
        if size is not None and expected is not None and size != expected:
            raise MirrorError(f"it has {size} bytes, expected are {expected}", permanent=True)
        if size is not None and size > self._file.largest:
            raise MirrorError(self._too_large(f"it has {size} bytes"), permanent=True)
        if size == 0:
            raise MirrorError("it is empty", permanent=True)
        if not (response.has_end or expected):
            reason = "the response does not give the file's size: set `size` in the YAML"
            raise MirrorError(reason, permanent=True)

    def _store(self, response: FileResponse, draft: Draft) -> Draft:
        """Append the response's bytes to the draft."""
        size = draft.state.size or self._file.size
        while content := response.read(BLOCK):
            if draft.offset + len(content) > self._file.largest:
                self._draft = None
                draft_store.delete_draft(self._location)
                raise MirrorError(self._too_large("it does not end"), permanent=True)
            draft.add(content)
            self._progress(draft.offset, size)
        if size is not None and draft.offset < size:
            raise ConnectionCutError(f"the connection ended {size - draft.offset} bytes early")
        return draft

    def _too_large(self, found: str) -> str:
        setting = "max_bytes" if self._file.size is None else "size"
        return f"{found}, and {setting} allows {self._file.largest}: raise it if that is right"

    def _verify(self, draft: Draft, digest: str | None) -> tuple[str, str | None]:
        """Return the problem with the complete file, or "", and its SHA-256 if known."""
        size = self._file.size or draft.state.size
        if size not in (None, draft.offset):
            return f"{draft.offset} bytes received, expected are {size}", digest
        expected = self._file.sha256
        if expected and digest is None:
            digest = draft_store.compute_sha256(self._location)
        if expected and digest != expected:
            return f"its sha256 is {digest}, expected is {expected}", digest
        return "", digest
