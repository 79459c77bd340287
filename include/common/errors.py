"""The base class of errors that a retry cannot fix."""


class PermanentError(Exception):
    """An error that every retry would meet again, until a user changes something.

    The DAGs' retry policy fails a task at once on a subclass of this error. Errors that a retry may
    fix (outages, throttling, unfinished uploads) derive from `Exception`.
    """
