"""Container command that appends the job's name to a file outside the server's folder.

The kill loop counts these lines to find jobs that ran twice.
"""

import os
import random
import sys
import time
from pathlib import Path

BASE = Path(os.environ["SAGEMAKER_BASE_DIR"])


def main() -> None:
    """Record the start in the file of the environment variable RUNS, then write a result."""
    name = os.environ.get("TRAINING_JOB_NAME") or os.environ["PROCESSING_JOB_NAME"]
    runs = os.open(os.environ["RUNS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    # A single write appends a complete line even if other jobs write at the same time.
    os.write(runs, f"{name}\n".encode())
    print("started", name, flush=True)
    time.sleep(random.choice((0, 0.05, 0.5)))
    folder = BASE / ("model" if sys.argv[1] == "train" else "processing/output/result")
    (folder / "result.txt").write_text(name)
    print("ended", name, flush=True)


if __name__ == "__main__":
    main()
