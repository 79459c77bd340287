"""What is in a source, in words: for messages that would otherwise only say what is missing."""

import posixpath
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from include.image_classification.dataset.archives.archives import read_members
from include.image_classification.dataset.archives.formats import describe_content, read_start
from include.image_classification.dataset.source.survey import Survey

KINDS_NAMED = 6
DESCRIBED = 3
MEMBERS_READ = 1000


def describe_files(found: Survey) -> str:
    """Return what a source holds: its files by suffix, those in archives, links, odd content."""
    parts = [f"it has {_counted(found.suffixes)}"]
    parts += [
        f"{found.name(path)} has {_counted(_suffixes_in(path))}"
        for path in found.archives[:DESCRIBED]
    ]
    if found.links:
        example = found.links[0].relative_to(found.folder).as_posix()
        links = f"{len(found.links)} links" if len(found.links) > 1 else "a link"
        parts.append(f"{links}, for example {example}, which are not followed: copy the files")
    return "; ".join([*parts, *islice(_odd_files(found), DESCRIBED)])


def _counted(suffixes: Counter[str]) -> str:
    counts = [
        f"{count} {suffix or 'other'} file{'s' if count > 1 else ''}"
        for suffix, count in suffixes.most_common(KINDS_NAMED)
    ]
    return ", ".join(counts) or "no files"


def _suffixes_in(archive: Path) -> Counter[str]:
    members = islice(read_members(archive), MEMBERS_READ)
    return Counter(posixpath.splitext(member.path)[1].lower() for member in members)


def _odd_files(found: Survey) -> Iterator[str]:
    """Yield what files at the top are by their content, if that is not what a source needs."""
    for path in sorted(found.folder.iterdir()):
        if path.is_file() and path not in found.archives:
            described = describe_content(read_start(path))
            if described:
                yield f"{path.name} is {described}"
