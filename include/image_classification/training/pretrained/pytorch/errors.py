"""Why a checkpoint is not read; the reader of the file turns both into a CommandError."""


class DamagedCheckpoint(Exception):
    """The file contradicts itself or the format; the text is the reason."""


class UnsafeCheckpoint(Exception):
    """The pickle names a class or function that is not admitted; the text is its name."""
