"""Command `im2rec`: list images and convert them to RecordIO files.

It accepts the flags of MXNet's `tools/im2rec.py` and writes the same .lst files and records. Only
pixels differ: where MXNet skips pixels of an image that shrinks, they are averaged here.
"""

from include.image_classification.conversion.flags import encoding_of, parse_flags
from include.image_classification.conversion.list_records import convert_lists, list_images


def main(arguments: list[str]) -> None:
    """Run the command with its flags; see `im2rec --help`.

    Raises:
        CommandError: A flag, a list, a version or an image is missing, invalid or damaged.
    """
    flags = parse_flags(arguments)
    if flags.list:
        list_images(flags)
    elif flags.prefix:
        convert_lists(flags, encoding_of(flags))
    else:
        # The records of jobs need pydantic, whose import takes as long as a hundred photos.
        from include.image_classification.conversion.version_records import convert_version

        convert_version(flags, encoding_of(flags))
