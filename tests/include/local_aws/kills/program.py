"""An image whose programs leave a line each time they are started, outside the server's folder."""

import os
import random
import sys
import time
from pathlib import Path

BASE = Path(os.environ["SAGEMAKER_BASE_DIR"])


def main() -> None:
    name = os.environ.get("TRAINING_JOB_NAME") or os.environ["PROCESSING_JOB_NAME"]
    runs = os.open(os.environ["RUNS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(runs, f"{name}\n".encode())  # one write: whole lines, whoever else writes
    print("started", name, flush=True)
    time.sleep(random.choice((0, 0.05, 0.5)))
    folder = BASE / ("model" if sys.argv[1] == "train" else "processing/output/result")
    (folder / "result.txt").write_text(name)
    print("ended", name, flush=True)


if __name__ == "__main__":
    main()
