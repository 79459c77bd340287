"""An environment with one role's requirements only, linked together from the installed packages.

Nothing is downloaded: the versions are those of the environment that runs the tests. A package
that the role does not require, directly or through another package, is not there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FOLDER = Path(__file__).parent.parent / "requirements"


def requirements(file: Path) -> Iterator[Requirement]:
    """Yield each requirement of a file and of the files that it includes."""
    for line in file.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            yield from requirements(file.parent / text[3:].strip())
        elif text:
            yield Requirement(text)


def closure(role: str) -> dict[str, Distribution]:
    """Return the installed distributions that a role requires, by canonical name."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    pending = [(item, "") for item in requirements(FOLDER / f"{role}.txt")]
    while pending:
        item, extra = pending.pop()
        if item.marker is not None and not item.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(item.name)
        for wanted in ("", *item.extras):
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                found[name] = distribution(name)
                pending += [(Requirement(line), wanted) for line in found[name].requires or []]
    return found


def link_environment(role: str, folder: Path) -> None:
    """Make a folder of packages for `sys.path` that holds the role's distributions only."""
    for package in closure(role).values():
        for file in package.files or []:
            if file.parts[0] != ".." and "__pycache__" not in file.parts:
                link = folder / file
                link.parent.mkdir(parents=True, exist_ok=True)
                if not link.exists():
                    os.link(Path(str(package.locate_file(file))).resolve(), link)
