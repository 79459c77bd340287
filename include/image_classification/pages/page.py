"""Rendering of self-contained HTML pages, which load no resources and escape all values."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def percent(share: float | None) -> str:
    """Format a share as a percentage: 0.1234 is 12.3 %."""
    return "-" if share is None else f"{share * 100:.1f}\N{NO-BREAK SPACE}%"


_environment.filters["percent"] = percent


def render(template: str, **values: Any) -> str:
    """Return the page of a template in the folder `templates`."""
    return _environment.get_template(template).render(**values)
