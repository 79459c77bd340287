"""Response formats: parse the requested format, and write responses."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

MediaType = Literal["application/json", "application/jsonlines"]
JSON: MediaType = "application/json"
LINES: MediaType = "application/jsonlines"
ANY = ("*/*", "application/*")
ALLOWED = f"{JSON} or {LINES}, each optionally with ;top_k=5 and ;labels"
MAX_DIGITS = 9
IGNORED_PARAMETERS = ("q", "charset")


class AnswerFormatError(Exception):
    """The requested format is not available.

    Attributes:
        status: The HTTP status of the response.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Unreadable:
    """The answer for a photo that cannot be read, in batch transform."""

    error: str


Row = NDArray[np.float32] | Unreadable
"""The probabilities of an image, or why it has none."""


@dataclass(frozen=True)
class AnswerFormat:
    """The media type, and whether to return the best classes (all, or `top_k`) with names."""

    media_type: MediaType = JSON
    top_k: int | None = None
    labels: bool = False


def parse_answer_format(accept: str, attributes: str) -> AnswerFormat:
    """Parse the headers Accept and X-Amzn-SageMaker-Custom-Attributes.

    Both may contain `top_k=<n>` and `labels` after semicolons. Accept works in batch transform,
    custom attributes in real-time inference. Unknown attributes are ignored.

    Raises:
        AnswerFormatError: 406 for an unsupported media type or parameter of Accept, 400 for a
            top_k that is not a number.
    """
    media_type, parameters = _media_type(accept)
    options = dict(filter(None, map(_parameter, parameters)))
    unknown = options.keys() - {"top_k", "labels", *IGNORED_PARAMETERS}
    if unknown:
        raise AnswerFormatError(
            406, f"Accept has unsupported parameters {', '.join(sorted(unknown))}: use {ALLOWED}"
        )
    options |= dict(filter(None, map(_parameter, attributes.split(";"))))
    labels = options.get("labels", "0").lower() not in ("0", "false")
    return AnswerFormat(media_type, _top_k(options.get("top_k")), labels)


def _media_type(accept: str) -> tuple[MediaType, list[str]]:
    if not accept.strip():
        return JSON, []
    choices = [choice.split(";") for choice in accept.split(",")]
    for kind, *parameters in sorted(choices, key=lambda choice: _quality(choice[1:]), reverse=True):
        kind = kind.strip().lower()
        if kind == LINES:
            return LINES, parameters
        if kind == JSON or kind in ANY:
            return JSON, parameters
    raise AnswerFormatError(406, f"Accept is {accept}, which is not supported: use {ALLOWED}")


def _quality(parameters: Sequence[str]) -> float:
    """Return the weight `q` of a media type; 1 without a valid one (RFC 9110, 12.4.2)."""
    text = dict(filter(None, map(_parameter, parameters))).get("q", "1")
    try:
        return float(text)
    except ValueError:
        return 1.0


def _parameter(text: str) -> tuple[str, str] | None:
    name, equals, value = text.partition("=")
    return (name.strip().lower(), value.strip() if equals else "1") if name.strip() else None


def _top_k(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or len(text) > MAX_DIGITS or not int(text):
        raise AnswerFormatError(400, f"top_k is {text[:MAX_DIGITS]}: it must be 1, 2, 3, ...")
    return int(text)


class AnswerWriter:
    """Writes probabilities in the requested format.

    Args:
        names: The class names, or None if the model has none.
        batch: Whether this is a batch transform, whose answers have the form
            `{"prediction": ...}`.
    """

    def __init__(self, names: Sequence[str] | None, *, batch: bool) -> None:
        self._names, self._batch = names, batch

    def check(self, requested: AnswerFormat) -> None:
        """Check that this model can return the format, before it computes.

        Raises:
            AnswerFormatError: 400 if names are requested but the model has none.
        """
        if requested.labels and self._names is None:
            raise AnswerFormatError(
                400, "labels: the model has no classes.json; use top_k without labels"
            )

    def write(self, rows: Sequence[Row], requested: AnswerFormat, *, several: bool) -> bytes:
        """Return the body of a response.

        Args:
            rows: The probabilities of each image. An unreadable one gets `{"error": ...}`.
            requested: The format.
            several: Whether the request's content type allows several images; if so, the body is a
                list.
        """
        lines = requested.media_type == LINES
        entries = [self._entry(row, requested, named=lines or self._batch) for row in rows]
        if lines:
            return b"".join(_json(entry) + b"\n" for entry in entries)
        return _json(entries if several else entries[0])

    def _entry(self, row: Row, requested: AnswerFormat, *, named: bool) -> Any:
        if isinstance(row, Unreadable):
            return {"error": row.error}
        answer = self._answer(row, requested)
        return {"prediction": answer} if named else answer

    def _answer(self, row: NDArray[np.float32], requested: AnswerFormat) -> list[Any]:
        if requested.top_k is None and not requested.labels:
            return list(row.tolist())
        order = np.argsort(-row, kind="stable")[: requested.top_k]
        return list(self._best_classes(order, row, requested.labels))

    def _best_classes(
        self, order: NDArray[np.intp], row: NDArray[np.float32], labels: bool
    ) -> Iterator[dict[str, Any]]:
        for label in order.tolist():
            name = {"name": self._names[label]} if labels and self._names else {}
            yield {"label": label, **name, "probability": float(row[label])}


def _json(value: object) -> bytes:
    # A diverged model returns NaN, which is not valid JSON: the request fails.
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
