"""In which form an answer is wanted, and how it is written."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Form = Literal["application/json", "application/jsonlines"]
JSON: Form = "application/json"
LINES: Form = "application/jsonlines"
ANY = ("*/*", "application/*")
ALLOWED = f"{JSON} or {LINES}, each perhaps with ;top_k=5 and ;labels"
PASSED_OVER = ("q", "charset")


class WishError(Exception):
    """What was asked for cannot be given.

    Attributes:
        status: The HTTP status that says so.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Wish:
    """The media type, and whether to answer the best classes (all, or `top_k`) by name."""

    form: Form = JSON
    top_k: int | None = None
    labels: bool = False


def read_wish(accept: str, attributes: str) -> Wish:
    """Read the headers Accept and X-Amzn-SageMaker-Custom-Attributes.

    Both take `top_k=<n>` and `labels`, behind semicolons: real time can send the one, batch
    transform the other. Attributes of other names are a client's own and passed over.

    Raises:
        WishError: 406 for another media type or parameter, 400 for a top_k that is no number.
    """
    form, parameters = _media_type(accept)
    asked = dict(filter(None, map(_parameter, parameters)))
    unknown = asked.keys() - {"top_k", "labels", *PASSED_OVER}
    if unknown:
        raise WishError(406, f"Accept has {', '.join(sorted(unknown))}: ask for {ALLOWED}")
    asked |= dict(filter(None, map(_parameter, attributes.split(";"))))
    return Wish(form, _top_k(asked.get("top_k")), asked.get("labels", "0") not in ("0", "false"))


def _media_type(accept: str) -> tuple[Form, list[str]]:
    if not accept.strip():
        return JSON, []
    for choice in accept.split(","):
        kind, *parameters = choice.split(";")
        kind = kind.strip().lower()
        if kind == LINES:
            return LINES, parameters
        if kind == JSON or kind in ANY:
            return JSON, parameters
    raise WishError(406, f"Accept is {accept}: ask for {ALLOWED}")


def _parameter(text: str) -> tuple[str, str] | None:
    name, equals, value = text.partition("=")
    return (name.strip().lower(), value.strip() if equals else "1") if name.strip() else None


def _top_k(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not int(text):
        raise WishError(400, f"top_k is {text}: it must be a whole number from 1")
    return int(text)


class Answers:
    """Writes probabilities as clients want them.

    Args:
        names: The classes' names, or None where the model came without.
        batch: Whether batch transform asks: then each image's answer is `{"prediction": ...}`.
    """

    def __init__(self, names: Sequence[str] | None, *, batch: bool) -> None:
        self._names, self._batch = names, batch

    def check(self, wish: Wish) -> None:
        """Refuse what this model cannot answer, before anything is computed.

        Raises:
            WishError: 400, labels are wanted but the model came without names.
        """
        if wish.labels and self._names is None:
            raise WishError(
                400, "labels: the model came without classes.json; ask for top_k without labels"
            )

    def write(self, rows: Sequence[NDArray[np.float32]], wish: Wish, *, several: bool) -> bytes:
        """The response's body for the images of one request.

        Args:
            rows: Each image's probabilities.
            wish: The form.
            several: Whether the request's form could hold several images: then a list answers.
        """
        answers = [self._one(row, wish) for row in rows]
        if wish.form == LINES:
            return b"".join(_json({"prediction": each}) + b"\n" for each in answers)
        whole = [{"prediction": each} for each in answers] if self._batch else answers
        return _json(whole if several else whole[0])

    def _one(self, row: NDArray[np.float32], wish: Wish) -> list[Any]:
        if wish.top_k is None and not wish.labels:
            return list(row.tolist())
        order = np.argsort(-row, kind="stable")[: wish.top_k]
        return list(self._named(order, row, wish.labels))

    def _named(
        self, order: NDArray[np.intp], row: NDArray[np.float32], labels: bool
    ) -> Iterator[dict[str, Any]]:
        for label in order.tolist():
            name = {"name": self._names[label]} if labels and self._names else {}
            yield {"label": label, **name, "probability": float(row[label])}


def _json(value: object) -> bytes:
    # NaN, which a model that diverged answers, is no JSON: clients would fail to read it.
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
