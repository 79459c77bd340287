"""Photos and the .lst file that labels them: the built-in algorithm's `application/x-image`."""

from array import array
from pathlib import Path

from include.image_classification.container import ProgramError
from include.image_classification.conversion.image_list import Listed, read_list
from include.image_classification.dataset.archives.member import path_problem


class ListedImages:
    """The images that a list names, checked to be there before the first epoch.

    An image's number is its place in the list. Threads may read images together.
    """

    def __init__(self, channel: str, listing: Path, folder: Path, classes: int) -> None:
        """Read the list and look for its images.

        Args:
            channel: `train` or `validation`, for errors.
            listing: The .lst file: index, label, and path relative to `folder`, with tabs between.
            folder: Where the images are.
            classes: How many classes there are; labels count from 0.

        Raises:
            ProgramError: In the built-in's words, the list is none; or a label is no class, or an
                image is not there.
        """
        self._channel, self._folder = channel, folder
        self._labels = array("I")
        self._paths: list[str] = []
        try:
            for listed in read_list(listing):
                self._labels.append(self._label(listed, classes))
                self._paths.append(self._path(listed))
        except ProgramError as error:
            raise self._invalid(str(error)) from None
        if not self._paths:
            raise self._invalid(f"{listing.name} lists no images")

    def __len__(self) -> int:
        return len(self._paths)

    def label(self, index: int) -> int:
        """The class of image `index`, from 0."""
        return self._labels[index]

    def image(self, index: int) -> bytes:
        """The encoded image `index`."""
        try:
            return (self._folder / self._paths[index]).read_bytes()
        except OSError as error:
            raise ProgramError(f"{self.describe(index)} cannot be read: {error}") from error

    def describe(self, index: int) -> str:
        """Which image this is, for a message."""
        return f"{self._paths[index]} of the {self._channel} channel"

    def _label(self, listed: Listed, classes: int) -> int:
        if len(listed.labels) != 1:
            raise ProgramError(f"{listed.path} has {len(listed.labels)} labels, not one")
        (label,) = listed.labels
        if not (0 <= label < classes and label.is_integer()):
            raise ProgramError(
                f"{listed.path} has label {label:g}, which is not in 0..{classes - 1}: num_classes "
                f"is {classes}"
            )
        return int(label)

    def _path(self, listed: Listed) -> str:
        if path_problem(listed.path):
            raise ProgramError(f"{listed.path} leads out of the channel")
        if not (self._folder / listed.path).is_file():
            raise ProgramError(f"{listed.path} is not among the images of the channel")
        return listed.path

    def _invalid(self, why: str) -> ProgramError:
        return ProgramError(f"Invalid lst file in the {self._channel} channel: {why}")
