"""Recognition of the Stanford Cars dataset in a source, by the names of its files."""

from collections.abc import Iterator

from include.image_classification.dataset.source.survey import Survey
from include.image_classification.dataset.stanford.archive_content import peek_stanford_file
from include.image_classification.dataset.stanford.devkit import is_devkit, label_files
from include.image_classification.dataset.stanford.published import ALL, TRAIN, published_set

ARCHIVES_PEEKED = 5


def recognise_stanford_cars(found: Survey) -> str | None:
    """Return why a source is Stanford Cars as it was published, or None.

    A folder cars_train with class folders in it does not count, because its photos need no labels.
    """
    return next(_reasons(found), None)


def _reasons(found: Survey) -> Iterator[str]:
    for path in label_files(found):
        yield f"there is {found.name(path)}"
    for path in found.archives:
        if is_devkit(path):
            yield f"there is {found.name(path)}"
        if published_set(path) in (TRAIN, ALL):
            yield f"there is {found.name(path)}"
    for path in found.photo_folders:
        if path != found.folder and published_set(path) in (TRAIN, ALL):
            yield f"{found.name(path)} holds photos itself"
    unknown = [path for path in found.archives if published_set(path) is None]
    for path in unknown[:ARCHIVES_PEEKED]:
        if named := peek_stanford_file(path):
            yield f"{found.name(path)} holds {named}"
