"""Photos with a .lst file: the built-in algorithm's content type `application/x-image`."""

from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.member import path_problem
from include.image_classification.recordio.image_list import ListedImage, read_list
from include.image_classification.recordio.labels import Label, Labelling


class ListedImages:
    """The images of a list, which are checked to exist. Safe to use from threads.

    The index of an image is its position in the list.
    """

    def __init__(self, channel: str, listing: Path, folder: Path, labelling: Labelling) -> None:
        """Read the list and check that its images exist.

        Args:
            channel: `train` or `validation`, for error messages.
            listing: The .lst file: index, label, and path relative to `folder`, separated by tabs.
            folder: The folder of the images.
            labelling: The allowed labels.

        Raises:
            CommandError: The list is invalid (the message is the built-in algorithm's), a label is
                not allowed, or an image is missing.
        """
        self._channel, self._folder = channel, folder
        self._labels: list[Label] = []
        self._paths: list[str] = []
        try:
            for _, listed in read_list(listing):
                self._labels.append(labelling.read(listed.labels, listed.path))
                self._paths.append(self._check_path(listed))
        except CommandError as error:
            raise self._invalid(str(error)) from None
        if not self._paths:
            raise self._invalid(f"{listing.name} lists no images")

    def __len__(self) -> int:
        return len(self._paths)

    def label(self, index: int) -> Label:
        """Return the label of image `index`."""
        return self._labels[index]

    def image(self, index: int) -> bytes:
        """Return the encoded image `index`.

        Raises:
            CommandError: The file cannot be read.
        """
        try:
            return (self._folder / self._paths[index]).read_bytes()
        except OSError as error:
            raise CommandError(f"{self.describe(index)} cannot be read: {error}") from error

    def describe(self, index: int) -> str:
        """Return the name of image `index` for messages."""
        return f"{self._paths[index]} of the {self._channel} channel"

    def _check_path(self, listed: ListedImage) -> str:
        if path_problem(listed.path):
            raise CommandError(f"{listed.path} is outside the channel's folder")
        if not (self._folder / listed.path).is_file():
            raise CommandError(f"{listed.path} is not among the images of the channel")
        return listed.path

    def _invalid(self, reason: str) -> CommandError:
        return CommandError(f"Invalid lst file in the {self._channel} channel: {reason}")
