"""JSONPath for the filters of batch transform: the operators that SageMaker documents.

These are `$`, `.name`, `['name', ...]`, `*`, `[0, -1]`, `[1:3]`, also mixed as in `[0, 5:]`. A
missing index or name is an error, as on SageMaker.

jsonpath-ng 1.16 does not fit: it finds nothing for missing members without an error, returns the
values of `['a', 'b']` without their names, cannot read `[0, 5:]`, and takes 5 to 9 times as long.
"""

import re
from collections.abc import Callable
from typing import Any

Step = Callable[[list[Any]], list[Any]]

_STEP = re.compile(r"\.(?P<name>[^.\[\]*'\"\s]+)|\.?\[(?P<inside>[^\]]*)\]|(?P<any>\.\*)")
_NAME = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_INDEX = re.compile(r"-?\d+")
_SLICE = re.compile(r"(-?\d*)\s*:\s*(-?\d*)")


class NotFound(ValueError):
    """The document does not have the element that the path names."""


class JsonPath:
    """A compiled path.

    Raises:
        ValueError: The text is not a path of the supported operators.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._steps, self._definite = _compile(text)

    @property
    def is_all(self) -> bool:
        """Return whether the path is `$`, the whole document."""
        return not self._steps

    def find(self, document: Any) -> Any:
        """Return the value at the path, or a list of values if the path may match several.

        Raises:
            NotFound: The document has no such element.
        """
        found = [document]
        for step in self._steps:
            found = step(found)
        return found[0] if self._definite else found


def _compile(text: str) -> tuple[list[Step], bool]:
    if not text.startswith("$"):
        raise ValueError(f"{text!r} is no JSONPath: it must start with $")
    at, steps, definite = 1, [], True
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise ValueError(f"{text!r} is no JSONPath that is supported, from {text[at:]!r} on")
        step, is_one = _step(match, text)
        steps.append(step)
        definite = definite and is_one
        at = match.end()
    return steps, definite


def _step(match: re.Match[str], text: str) -> tuple[Step, bool]:
    """Return a step, and whether it leads to one value."""
    if match["name"] is not None:
        return _for_all(_by_name(match["name"])), True
    inside = (match["inside"] or "").strip()
    if match["any"] or inside == "*":
        return _all_members, False
    if _NAME.match(inside):
        return _by_names(inside, text)
    parts = [part.strip() for part in inside.split(",")]
    if len(parts) == 1 and _INDEX.fullmatch(parts[0]):
        return _for_all(_by_index(int(parts[0]))), True
    selections = [_selection(part, text) for part in parts]
    return (lambda found: [v for d in found for s in selections for v in s(d)]), False


def _by_names(inside: str, text: str) -> tuple[Step, bool]:
    names = [a or b for a, b in _NAME.findall(inside)]
    if _NAME.sub("", inside).replace(" ", "") != "," * (len(names) - 1):
        raise ValueError(f"{text!r} is no JSONPath that is supported: [{inside}]")
    if len(names) == 1:
        return _for_all(_by_name(names[0])), True
    return _for_all(lambda document: {name: _by_name(name)(document) for name in names}), True


def _selection(part: str, text: str) -> Callable[[Any], list[Any]]:
    if _INDEX.fullmatch(part):
        element = _by_index(int(part))
        return lambda document: [element(document)]
    match = _SLICE.fullmatch(part)
    if match is None:
        raise ValueError(f"{text!r} is no JSONPath that is supported: [{part}]")
    return _by_slice(*(int(bound) if bound else None for bound in match.groups()))


def _for_all(get: Callable[[Any], Any]) -> Step:
    return lambda found: [get(document) for document in found]


def _by_name(name: str) -> Callable[[Any], Any]:
    def get(document: Any) -> Any:
        if not isinstance(document, dict) or name not in document:
            raise NotFound(f"there is no {name!r}")
        return document[name]

    return get


def _by_index(index: int) -> Callable[[Any], Any]:
    def get(document: Any) -> Any:
        if not isinstance(document, list) or not -len(document) <= index < len(document):
            raise NotFound(f"there is no element {index}")
        return document[index]

    return get


def _by_slice(start: int | None, end: int | None) -> Callable[[Any], list[Any]]:
    def get(document: Any) -> list[Any]:
        length = len(document) if isinstance(document, list) else -1
        if any(bound is not None and abs(bound) > length for bound in (start, end)):
            raise NotFound(f"there are no elements {start or 0}:{'' if end is None else end}")
        return list(document[start:end])

    return get


def _all_members(found: list[Any]) -> list[Any]:
    values: list[Any] = []
    for document in found:
        if not isinstance(document, dict | list):
            raise NotFound("there is nothing below *")
        values += document.values() if isinstance(document, dict) else document
    return values
