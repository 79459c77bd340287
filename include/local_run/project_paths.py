"""Files and folders of a local run. All are below one folder, which may be deleted at any time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class ProjectPaths:
    """The folders and files of one local run.

    Attributes:
        root: The repository.
        state: Folder of all state; None for `.local/` in the repository.
    """

    root: Path = PROJECT
    state: Path | None = None

    @property
    def local(self) -> Path:
        """Folder of all state; `make clean` deletes it."""
        return self.state or self.root / ".local"

    @property
    def aws(self) -> Path:
        """State of the local AWS."""
        return self.local / "aws"

    @property
    def status_url(self) -> Path:
        """File with the URL of the local AWS's status page and its key, written at its start."""
        return self.aws / "status-url"

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME."""
        return self.local / "airflow"

    @property
    def passwords(self) -> Path:
        """Password file of Airflow's SimpleAuthManager."""
        return self.airflow / "passwords.json"

    @property
    def logs(self) -> Path:
        """Logs of the components and of tasks."""
        return self.local / "logs"

    @property
    def data(self) -> Path:
        """Drawn data sets, a folder for each seed."""
        return self.local / "data"

    @property
    def pipelines(self) -> Path:
        """YAML files of pipelines derived for the user's data."""
        return self.local / "pipelines"

    def results(self, pipeline: str) -> Path:
        """Pages and drawings of a pipeline's last run: dataset.html, evaluation.html, ..."""
        return self.local / "results" / pipeline

    @property
    def summary(self) -> Path:
        """Results of the run, as JSON."""
        return self.local / "summary.json"

    @property
    def timings(self) -> Path:
        """Durations of the parts of the run."""
        return self.local / "timings.json"

    @property
    def running(self) -> Path:
        """Addresses of the running stack; exists only while it runs."""
        return self.local / "stack.json"

    @property
    def lock(self) -> Path:
        """Lock file, held while a stack runs in this folder."""
        return self.local / "run.lock"
