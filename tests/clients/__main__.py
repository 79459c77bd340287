"""`python -m tests.clients FOLDER`: the SageMaker SDKs, unmodified, against a local AWS.

Each SDK gets an environment of its own below FOLDER, made once with pip; then a server is started
and each script trains, deploys, predicts, transforms and deletes. The exit status is 0 if all did.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from tests.include.local_aws.local_server import BUCKET, IMAGE, ROLE, LocalServer

SCRIPTS = {
    "sagemaker_2.py": ["sagemaker>=2.257,<3"],
    "sagemaker_3.py": ["sagemaker-core>=2.27,<3", "sagemaker-train>=1.27,<2"],
}


def main() -> int:
    """Run every script; returns the number that failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the environments are kept")
    folder: Path = parser.parse_args().folder
    pythons = {script: _environment(folder / script, needs) for script, needs in SCRIPTS.items()}
    with tempfile.TemporaryDirectory() as root:
        server = LocalServer(Path(root))
        server.start()
        try:
            server.s3.create_bucket(Bucket=BUCKET)
            failed = [script for script in SCRIPTS if _run(server, pythons[script], script)]
        finally:
            server.stop()
    print(f"failed: {', '.join(failed)}" if failed else "all passed")
    return len(failed)


def _environment(folder: Path, requirements: list[str]) -> Path:
    """The Python of an environment that has these packages."""
    python = folder / "bin" / "python"
    done = folder / "installed"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
        done.touch()
    return python


def _run(server: LocalServer, python: Path, script: str) -> int:
    told = {"IMAGE": IMAGE, "ROLE": ROLE, "BUCKET": BUCKET}
    quiet = {"SAGEMAKER_SUPPRESS_V2_WARNING": "1", "HOME": str(server.root)}
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environment = {**kept, **quiet, **server.announced, **told}
    print(script, flush=True)
    file = Path(__file__).with_name(script)
    return subprocess.run([python, file], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
