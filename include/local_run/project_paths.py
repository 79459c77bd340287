"""Where a local run keeps its files: everything below one folder, removable at any time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Places:
    """The folders and files of one local run.

    Attributes:
        root: The project's code.
        state: Where all state goes; None for `.local/` beside the code.
    """

    root: Path = PROJECT
    state: Path | None = None

    @property
    def local(self) -> Path:
        """All state: `make clean` removes it."""
        return self.state or self.root / ".local"

    @property
    def aws(self) -> Path:
        """The local AWS's state."""
        return self.local / "aws"

    @property
    def status_url(self) -> Path:
        """The address of the local AWS's status page with its key; there once it has started."""
        return self.aws / "status-url"

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME."""
        return self.local / "airflow"

    @property
    def passwords(self) -> Path:
        """The password of Airflow's user, as its SimpleAuthManager reads it."""
        return self.airflow / "passwords.json"

    @property
    def logs(self) -> Path:
        """One log a component, and the tasks' logs."""
        return self.local / "logs"

    @property
    def data(self) -> Path:
        """Drawn data sets, one folder a seed."""
        return self.local / "data"

    @property
    def pipelines(self) -> Path:
        """YAML files derived for the user's own data."""
        return self.local / "pipelines"

    @property
    def results(self) -> Path:
        """The pages to look at: evaluation.html and gallery.html."""
        return self.local / "results"

    @property
    def summary(self) -> Path:
        """The results, as the architecture describes them."""
        return self.local / "summary.json"

    @property
    def timings(self) -> Path:
        """How the whole time divides."""
        return self.local / "timings.json"

    @property
    def running(self) -> Path:
        """Where the running stack can be reached; there only while it runs."""
        return self.local / "stack.json"

    @property
    def lock(self) -> Path:
        """Held while a stack runs in this folder."""
        return self.local / "run.lock"
