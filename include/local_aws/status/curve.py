"""The curves of a training job: the metrics in its log over time, as points for SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from include.local_aws.jobs.kinds import TRAINING, JobKind
from include.local_aws.observability.logs import LogFiles, tail
from include.local_aws.observability.training_metrics import MetricReader
from include.local_aws.store import Body

WIDTH, HEIGHT = 320, 110
"""The size of a chart in SVG's units."""

_READ = 4 << 20  # bytes at the end of the log
_POINTS = 200  # of a line
_CHARTS = 6
_LINES = 4  # of a chart: the number of colors in page.css


@dataclass(frozen=True)
class Line:
    """A metric: its name, last value, and points as SVG's polyline has them."""

    name: str
    last: float
    points: str


@dataclass(frozen=True)
class Chart:
    """Metrics of the same name apart from the part before the colon, over the same time.

    `low` and `high` are the values at the bottom and at the top, `seconds` the time from left to
    right.
    """

    title: str
    lines: Sequence[Line]
    low: float
    high: float
    seconds: float


_Values = list[tuple[float, float]]


def charts(kind: JobKind, body: Body, logs: LogFiles) -> list[Chart]:
    """Return the charts of a job; none for other jobs and without at least two values.

    The metrics are those of the request's MetricDefinitions, read from the first instance's log.
    """
    if kind is not TRAINING:
        return []
    grouped: dict[str, dict[str, _Values]] = {}
    for name, values in _series(kind, body, logs).items():
        if len(values) > 1:
            grouped.setdefault(name.rpartition(":")[2], {})[name] = values
    return [_chart(title, group) for title, group in list(grouped.items())[:_CHARTS]]


def _series(kind: JobKind, body: Body, logs: LogFiles) -> dict[str, _Values]:
    definitions = body.get("AlgorithmSpecification", {}).get("MetricDefinitions", [])
    streams = logs.streams(kind.log_group, f"{body[kind.name]}/")
    file = logs.file(kind.log_group, streams[0]) if definitions and streams else None
    found: dict[str, _Values] = {}
    if file is not None:
        reader = MetricReader(definitions)
        for event in tail(file, _READ):
            for name, value in reader.found(event):
                found.setdefault(name, []).append((event.timestamp / 1000, value))
    return found


def _chart(title: str, group: dict[str, _Values]) -> Chart:
    group = dict(list(group.items())[:_LINES])
    times = [time for values in group.values() for time, _ in values]
    numbers = [number for values in group.values() for _, number in values]
    start, end, low, high = min(times), max(times), min(numbers), max(numbers)
    lines = [
        Line(name, values[-1][1], " ".join(_points(values, (start, end), (low, high))))
        for name, values in group.items()
    ]
    return Chart(title, lines, low, high, end - start)


def _points(
    values: _Values, times: tuple[float, float], numbers: tuple[float, float]
) -> Iterator[str]:
    step = -(-len(values) // _POINTS)
    # The last value is always among them.
    for time, number in values[(len(values) - 1) % step :: step]:
        x = WIDTH * _share(time, *times)
        y = HEIGHT * (1 - _share(number, *numbers))
        yield f"{x:.1f},{y:.1f}"


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.5
