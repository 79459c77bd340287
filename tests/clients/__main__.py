"""`python -m tests.clients FOLDER`: the SageMaker SDKs, unmodified, against a local AWS.

Each SDK gets its own environment below FOLDER, which pip installs once. Then a server is started,
and each script trains, deploys, predicts, transforms and deletes. The exit status is 0 if all
succeed.
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
    """Run all scripts and return the number of failures."""
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder of the environments")
    folder: Path = parser.parse_args().folder
    pythons = {
        script: _environment(folder / script, packages) for script, packages in SCRIPTS.items()
    }
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
    """Return the Python of an environment with these packages."""
    python = folder / "bin" / "python"
    done = folder / "installed"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
        done.touch()
    return python


def _run(server: LocalServer, python: Path, script: str) -> int:
    variables = {"IMAGE": IMAGE, "ROLE": ROLE, "BUCKET": BUCKET}
    quiet = {"SAGEMAKER_SUPPRESS_V2_WARNING": "1", "HOME": str(server.root)}
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environment = {**kept, **quiet, **server.announced, **variables}
    print(script, flush=True)
    file = Path(__file__).with_name(script)
    return subprocess.run([python, file], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
