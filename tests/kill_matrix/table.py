"""The matrix as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.kill_matrix.cases import CASES
from tests.kill_matrix.invariants import Outcome, by_owner
from tests.kill_matrix.night import Row
from tests.kill_matrix.stack import SETTINGS

_HEAD = """# What a kill does to the nightly chain

`python -m tests.kill_matrix --table docs/kill_matrix.md` wrote this page. It starts the local AWS
and, each as a process of its own that is started again when it dies, Airflow's scheduler,
triggerer, DAG processor, API server and a Celery worker; runs the five DAGs once undisturbed; and
then, a row at a time, runs one of them, kills one process with SIGKILL at the moment that the row
names, and looks what became of it. The rows of one run of the command share one stack: what a kill
leaves behind meets the next. With `--only CASE ...` the named rows are run anew, the others kept.

In every row must hold: the run ends with success by itself, no task takes more than two tries, each
task has one job and no more (after a kill of the local AWS, which takes its jobs with it: one that
failed for that reason and then one that is completed, never two at once), none is left running,
and all XComs and S3 records of the run are there, and its model package once.
"""


_VIOLATED = "**violated**"


def page(rows: Sequence[Row], undisturbed: Mapping[str, float], earlier: str = "") -> str:
    """Returns the page in Markdown.

    Args:
        rows: What has been run.
        undisturbed: Seconds that a run of each family took when nothing was killed.
        earlier: A page whose rows are kept where no new ones take their place.
    """
    settings = ", ".join(f"`{name} = {value}`" for name, value in SETTINGS.items())
    usual = ", ".join(f"{family} {seconds:.0f} s" for family, seconds in undisturbed.items())
    table = _lines(rows, earlier)
    wrong = sum(_VIOLATED in line for line in table)
    lines = [
        _HEAD,
        f"Settings that differ from `make run`: {settings}. A failed try is repeated after the"
        " DAGs' own `retry_delay`, 30 to 60 s. The broker is kombu's `filesystem://`, the"
        " database SQLite.",
        "",
        f"{len(table)} of {len(CASES)} kills, {wrong} with a violation; {len(table) - len(rows)} of"
        " the rows are kept from earlier runs of the command. Seconds count from the kill"
        f" to the run's end; undisturbed, whole runs last took: {usual}.",
        "",
        "| killed | when | run | jobs created | tries | seconds | outcome |",
        "|---|---|---|---|---|---|---|",
        *table,
    ]
    return "\n".join(lines) + "\n"


def _lines(rows: Sequence[Row], earlier: str) -> list[str]:
    """The table's lines in the order of the cases, new ones before earlier ones."""
    new = {row.case.name: _line(row) for row in rows}
    found = []
    for case in CASES:
        start = f"| {case.victim.words} | {case.moment.words} | {case.family} |"
        kept = [line for line in earlier.splitlines() if line.startswith(start)]
        found += [new[case.name]] if case.name in new else kept
    return found


def _line(row: Row) -> str:
    case, outcome = row.case, row.outcome
    cells = (
        case.victim.words,
        case.moment.words,
        case.family,
        _jobs(row),
        _tries(outcome),
        f"{row.seconds:.0f}",
        _wrong(row) or "success",
    )
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _wrong(row: Row) -> str:
    return f"{_VIOLATED}: {'; '.join(row.violations)}" if row.violations else ""


def _jobs(row: Row) -> str:
    owners = by_owner(row.outcome.jobs)
    if not owners:
        operation = row.outcome.operation
        return f"none; `deploy` says {operation}" if operation else "none"
    more = [
        f"`{jobs[0].task}` {len(jobs)}: {', '.join(job.status for job in jobs)}"
        for jobs in owners.values()
        if len(jobs) > 1
    ]
    count = len(row.outcome.jobs)
    return f"{count} ({'; '.join(more)})" if more else f"{count}, one a task"


def _tries(outcome: Outcome) -> str:
    more = [f"`{t.task_id}` {t.tries}" for t in outcome.tasks.values() if t.tries > 1]
    return f"{', '.join(more)}, the others 1" if more else "1 each"
