"""Photos and the .lst file that labels them: the built-in algorithm's `application/x-image`."""

from pathlib import Path

from include.image_classification.container import ProgramError
from include.image_classification.dataset.archives.member import path_problem
from include.image_classification.recordio.image_list import ListedImage, read_list
from include.image_classification.recordio.labels import Label, Labelling


class ListedImages:
    """The images that a list names, checked to be there before the first epoch.

    An image's number is its place in the list. Threads may read images together.
    """

    def __init__(self, channel: str, listing: Path, folder: Path, labelling: Labelling) -> None:
        """Read the list and look for its images.

        Args:
            channel: `train` or `validation`, for errors.
            listing: The .lst file: index, label, and path relative to `folder`, with tabs between.
            folder: Where the images are.
            labelling: Which labels there may be.

        Raises:
            ProgramError: In the built-in's words, the list is none; or a label is no class, or an
                image is not there.
        """
        self._channel, self._folder = channel, folder
        self._labels: list[Label] = []
        self._paths: list[str] = []
        try:
            for _, listed in read_list(listing):
                self._labels.append(labelling.read(listed.labels, listed.path))
                self._paths.append(self._path(listed))
        except ProgramError as error:
            raise self._invalid(str(error)) from None
        if not self._paths:
            raise self._invalid(f"{listing.name} lists no images")

    def __len__(self) -> int:
        return len(self._paths)

    def label(self, index: int) -> Label:
        """What image `index` shows."""
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

    def _path(self, listed: ListedImage) -> str:
        if path_problem(listed.path):
            raise ProgramError(f"{listed.path} leads out of the channel")
        if not (self._folder / listed.path).is_file():
            raise ProgramError(f"{listed.path} is not among the images of the channel")
        return listed.path

    def _invalid(self, why: str) -> ProgramError:
        return ProgramError(f"Invalid lst file in the {self._channel} channel: {why}")
