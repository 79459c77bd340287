"""One file's way from its mirrors to the source's folder."""

from __future__ import annotations

import logging
from collections.abc import Callable

from include.common.addresses import redact_url
from include.common.guarded_http import AllowedHosts
from include.config.sections.web_file import WebFile
from include.decisions.dataset.web import draft_store
from include.decisions.dataset.web.draft import BLOCK, Draft, DraftLocation
from include.decisions.dataset.web.request import (
    PUBLIC_ONLY,
    ConnectionCutError,
    FileResponse,
    MirrorError,
    RangeNotSatisfiableError,
    request_file,
)
from include.decisions.dataset.web.state import FileState, address_of

TRIES = 3
"""Connections in a row to one mirror that bring the file no further."""

Progress = Callable[[int, int | None], None]

log = logging.getLogger(__name__)


class Transfer:
    """Brings a file, from one mirror after the other, going on where the last one broke off.

    Going on is safe where the server vouches for the state (If-Range), where another mirror has
    the same size and strong ETag, or where the whole file's SHA-256 is known. Else it starts again.

    Args:
        place: Where to.
        file: What is expected of it.
        present: The mark of the state that is in the source already, or None.
        progress: Called with the bytes that are there, and with all if that is known.
        allowed: Hosts and networks whose addresses need not be public.
    """

    def __init__(
        self,
        place: DraftLocation,
        file: WebFile,
        present: str | None,
        progress: Progress,
        allowed: AllowedHosts = PUBLIC_ONLY,
    ) -> None:
        self._allowed = allowed
        self._place, self._file, self._present = place, file, present
        self._name, self._progress = file.file_name, progress
        self._draft = self._usable(draft_store.find_draft(place))

    def take(self, url: str) -> bool:
        """Bring the file from this mirror; False where it is there in this state already.

        Raises:
            MirrorError: The mirror has not the file, or a wrong one.
        """
        while (draft := self._bring(url)) is not None:
            self._draft = None
            wrong, digest = self._wrong(draft, draft.complete())
            if not wrong:
                draft_store.publish_draft(
                    self._place, draft_store.source_metadata(url, draft.state, digest)
                )
                origin = redact_url(url)
                log.info("%s is fetched: %d bytes from %s", self._name, draft.offset, origin)
                return True
            draft_store.delete_draft(self._place)
            if draft.pure:
                raise MirrorError(wrong, lasting=True)
            log.warning("%s: %s: all of it again from %s", self._name, wrong, redact_url(url))
        return False

    def _usable(self, draft: Draft | None) -> Draft | None:
        """Return an earlier task's draft if it is of this file still."""
        if draft is None:
            return None
        same = draft.expected == self._file.sha256
        return draft if same and (draft.expected or draft.state.validator) else None

    def _bring(self, url: str) -> Draft | None:
        tries, furthest = 0, self._draft.offset if self._draft else 0
        while True:
            try:
                return self._connect(url)
            except ConnectionCutError as cut:
                reached = self._draft.offset if self._draft else 0
                tries = 0 if reached >= furthest + BLOCK else tries + 1
                furthest = max(furthest, reached)
                if tries == TRIES:
                    raise MirrorError(f"{cut} ({reached} bytes came)", lasting=False) from cut
            except RangeNotSatisfiableError:
                self._draft = None

    def _connect(self, url: str) -> Draft | None:
        """Read on until the file's end, or from its start where that is not safe."""
        whole = self._draft if self._draft is not None and self._draft.whole else None
        if whole is not None and whole.expected:
            return whole
        offset, validator = self._where(url)
        with request_file(url, offset, validator, self._allowed) as answer:
            if whole is not None and whole.state == answer.state:
                return whole
            self._check_announced(answer)
            if not self._continues(url, answer):
                if answer.offset:
                    self._draft = None
                    raise ConnectionCutError(f"it answered from byte {answer.offset} on")
                if self._present is not None and answer.state.mark == self._present:
                    return None
                self._draft = draft_store.create_draft(self._place, answer.state, self._file.sha256)
            assert self._draft is not None
            return self._pour(answer, self._draft)

    def _where(self, url: str) -> tuple[int, str | None]:
        draft = self._draft
        if draft is None or draft.whole:
            return 0, None
        validator = draft.state.validator
        if draft.expected:
            return draft.offset, validator if draft.state.address == address_of(url) else None
        return (draft.offset, validator) if self._vouched(url, draft.state) else (0, None)

    def _vouched(self, url: str, state: FileState) -> bool:
        """Whether a server's yes to If-Range means that the bytes are those of the draft."""
        strong_tag = state.validator is not None and state.validator == state.etag
        return state.validator is not None and (
            state.address == address_of(url) or (strong_tag and state.size is not None)
        )

    def _continues(self, url: str, answer: FileResponse) -> bool:
        draft = self._draft
        if draft is None or answer.offset != draft.offset or not draft.offset:
            return False
        if draft.state.size not in (None, answer.state.size):
            return False
        if draft.state.address != address_of(url) or draft.state.validator is None:
            draft.pure = False
        log.info("%s: going on from byte %d with %s", self._name, draft.offset, redact_url(url))
        return True

    def _check_announced(self, answer: FileResponse) -> None:
        told, expected = answer.state.size, self._file.size
        if told is not None and expected is not None and told != expected:
            raise MirrorError(f"it has {told} bytes, expected are {expected}", lasting=True)
        if told is not None and told > self._file.largest:
            raise MirrorError(self._too_large(f"it has {told} bytes"), lasting=True)
        if told == 0:
            raise MirrorError("it is empty", lasting=True)
        if not (answer.ends or expected):
            reason = "it does not say how long the file is: give its size"
            raise MirrorError(reason, lasting=True)

    def _pour(self, answer: FileResponse, draft: Draft) -> Draft:
        size = draft.state.size or self._file.size
        while content := answer.read(BLOCK):
            if draft.offset + len(content) > self._file.largest:
                self._draft = None
                draft_store.delete_draft(self._place)
                raise MirrorError(self._too_large("it does not end"), lasting=True)
            draft.add(content)
            self._progress(draft.offset, size)
        if size is not None and draft.offset < size:
            raise ConnectionCutError(f"the connection ended {size - draft.offset} bytes early")
        return draft

    def _too_large(self, found: str) -> str:
        what = "max_bytes" if self._file.size is None else "size"
        return f"{found}, and {what} allows {self._file.largest}: raise it if that is right"

    def _wrong(self, draft: Draft, digest: str | None) -> tuple[str, str | None]:
        """Say what is wrong with the whole file, or nothing; and what its SHA-256 is, if known."""
        size = self._file.size or draft.state.size
        if size not in (None, draft.offset):
            return f"{draft.offset} bytes came, expected are {size}", digest
        expected = self._file.sha256
        if expected and digest is None:
            digest = draft_store.compute_sha256(self._place)
        if expected and digest != expected:
            return f"its sha256 is {digest}, expected is {expected}", digest
        return "", digest
