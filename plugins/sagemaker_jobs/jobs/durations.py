"""Durations in plain English."""

_UNITS = (("hour", 3600), ("minute", 60), ("second", 1))


def format_duration(seconds: float) -> str:
    """Return a duration with its two largest units, as in ``2 minutes 5 seconds``."""
    rest = round(seconds)
    parts = []
    for name, size in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    return " ".join(parts[:2]) or "0 seconds"
