"""Formatting of durations, sizes and times, and rendering of templates."""

import time
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from include.local_aws.status.data import s3_path

_UNITS = ("B", "kB", "MB", "GB", "TB")


def duration(seconds: float) -> str:
    """Format a duration with at most two units: `12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    for unit, below, size, rest in (
        ("min", 3600, 60, "s"),
        ("h", 86400, 3600, "min"),
        ("d", None, 86400, "h"),
    ):
        if below is None or whole < below:
            left = whole % size // {"s": 1, "min": 60, "h": 3600}[rest]
            return f"{whole // size} {unit}" + (f" {left} {rest}" if left else "")
    raise AssertionError("unreachable: the last unit has no upper limit")


def size(count: float) -> str:
    """Format a number of bytes: `12 kB`, `1.4 GB`; a kB has 1,000 bytes."""
    for unit in _UNITS:
        if count < 999.5 or unit == _UNITS[-1]:
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "B" or count >= 9.95 else f"{count:.1f} {unit}"


def clock(seconds: float) -> str:
    """Format a Unix timestamp in local time, with the date if it is not today."""
    moment = time.localtime(seconds)
    today = moment[:3] == time.localtime()[:3]
    return time.strftime("%H:%M:%S" if today else "%d %b %Y %H:%M", moment)


def stamp(milliseconds: float) -> str:
    """Format a time of a log line, in milliseconds, as local time."""
    return time.strftime("%H:%M:%S", time.localtime(milliseconds / 1000))


_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(duration=duration, size=size, clock=clock, stamp=stamp, s3_path=s3_path)


def render(template: str, **values: Any) -> str:
    """Render a template with escaped values."""
    return _environment.get_template(template).render(**values)
