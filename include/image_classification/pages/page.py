"""Self-contained HTML pages: nothing is fetched, everything from outside is escaped."""

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
    """Write a share for people: 0.1234 is 12.3 %."""
    return "-" if share is None else f"{share * 100:.1f}\N{NO-BREAK SPACE}%"


_environment.filters["percent"] = percent


def render(template: str, **values: Any) -> str:
    """Fill one of the templates beside this module and return the page."""
    return _environment.get_template(template).render(**values)
