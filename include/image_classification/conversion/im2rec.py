"""`im2rec`: list images and convert them into RecordIO files.

It takes the flags of MXNet's `tools/im2rec.py`, and writes the same .lst files, and the same
records but for the pixels: those that are left out when an image shrinks are averaged.
"""

from include.image_classification.conversion.flags import encoding_of, parse_flags
from include.image_classification.conversion.list_records import convert_lists, list_images
from include.image_classification.conversion.version_records import convert_version


def main(arguments: list[str]) -> None:
    """Run the program with its flags; see `im2rec --help`.

    Raises:
        ProgramError: A flag, a list, a version or an image is missing, wrong or damaged.
    """
    flags = parse_flags(arguments)
    if flags.list:
        list_images(flags)
    elif flags.prefix:
        convert_lists(flags, encoding_of(flags))
    else:
        convert_version(flags, encoding_of(flags))
