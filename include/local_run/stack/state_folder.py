"""The folder of a local run's state, which other users of this computer cannot read."""

from __future__ import annotations

from include.local_run.errors import usage_error
from include.local_run.project_paths import ProjectPaths

GROUP_AND_OTHERS = 0o077
"""Permission bits of all users but the owner."""


def create_state_folder(paths: ProjectPaths) -> None:
    """Create the folder of all state with permissions for its owner only.

    Raises:
        RunError: The folder of `--local` exists and is open to other users. It may contain other
            files of the user, so its permissions are not changed.
    """
    folder = paths.local
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = folder.stat().st_mode & 0o777
    if not mode & GROUP_AND_OTHERS:
        return
    if paths.state is not None:
        raise usage_error(
            f"--local {folder} is open to other users of this computer (mode {mode:04o}), and "
            f"passwords would be stored in it: run `chmod 700 {folder}`, or give a folder that "
            "does not exist yet"
        )
    folder.chmod(0o700)
