"""A container image for the tests: a trainer, a model server and a processing program.

Hyperparameters, the model's environment variables or arguments select its behaviour.
"""

import hashlib
import http.server
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

BASE = Path(os.environ["SAGEMAKER_BASE_DIR"])


def train() -> int:
    hyperparameters = json.loads((BASE / "input/config/hyperparameters.json").read_text())
    channels = json.loads((BASE / "input/config/inputdataconfig.json").read_text())
    files = sorted(
        f.relative_to(BASE / "input/data").as_posix()
        for channel in channels
        for f in (BASE / "input/data" / channel).rglob("*")
        if f.is_file()
    )
    print("files", *files)
    if "pipe" in hyperparameters:
        read_pipe(*map(int, hyperparameters["pipe"].split(",")))
    resources = json.loads((BASE / "input/config/resourceconfig.json").read_text())
    host = resources["current_host"]
    print("resources", json.dumps(resources), flush=True)
    if hyperparameters.get("stay_on", host) != host:
        fail_on_training(host)
    print("/opt/ml is mine:", Path("/opt/ml/input/config/hyperparameters.json").exists())
    for epoch in range(2):
        print(f"Epoch[{epoch}] Validation-accuracy=0.{epoch + 5}", flush=True)
    for name in hyperparameters.get("model", "weights").split(","):
        (BASE / "model" / name.format(host=host)).write_text(
            "trained" if len(resources["hosts"]) == 1 else f"trained on {host}"
        )
    (BASE / "output/data/report.json").write_text(json.dumps(dict(os.environ)))
    if not keep_checkpoint(hyperparameters):
        return 0
    if "orphan" in hyperparameters:
        subprocess.Popen(["sleep", hyperparameters["orphan"]], start_new_session=True)
    if "hold" in hyperparameters:
        held = b"x" * (int(hyperparameters["hold"]) << 20)
        print("holding", len(held), flush=True)
    if "ignore_sigterm" in hyperparameters:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("sleeping", flush=True)
    time.sleep(float(hyperparameters.get("sleep", 0)))
    if "failure" in hyperparameters:
        (BASE / "output/failure").write_text(hyperparameters["failure"])
    return int(hyperparameters.get("exit", 0))


def keep_checkpoint(hyperparameters: dict[str, str]) -> bool:
    """Read or write a checkpoint, now or at SIGTERM; return whether to train."""
    checkpoint = BASE / "checkpoints/epoch"
    found = checkpoint.exists()
    if found:
        print("resumed after epoch", checkpoint.read_text(), flush=True)
    if "checkpoint" in hyperparameters:
        checkpoint.write_text(hyperparameters["checkpoint"])

    def leave(*_: object) -> None:
        print("SIGTERM", flush=True)
        checkpoint.write_text("7")
        sys.exit(0)

    if "at_sigterm" in hyperparameters:
        signal.signal(signal.SIGTERM, leave)
    return not (found and "at_sigterm" in hyperparameters)


def read_pipe(epochs: int, most: int = -1) -> None:
    """Read a channel in Pipe mode for several epochs, at most `most` bytes in each."""
    for epoch in range(epochs):
        with (BASE / f"input/data/train_{epoch}").open("rb") as pipe:
            content = pipe.read(most)
        print(f"epoch {epoch}", len(content), hashlib.sha256(content).hexdigest(), flush=True)


def fail_on_training(host: str) -> None:
    """Fail while the host of `stay_on` sleeps."""
    (BASE / "output/failure").write_text(f"{host} failed on purpose")
    time.sleep(1)
    sys.exit(4)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with the length of the body; "bad" is a client error, "die" ends the server."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body in one packet

    def log_message(self, *arguments: object) -> None:
        return

    def answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        if self.path == "/ping":
            self.answer(500 if "UNHEALTHY" in os.environ else 200, b"")
        elif self.path == "/execution-parameters" and "EXECUTION" in os.environ:
            self.answer(200, os.environ["EXECUTION"].encode())
        else:
            self.answer(404, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body == b"die":
            os._exit(3)
        if body == b"bad":
            self.answer(400, b"not an image")
            return
        time.sleep(float(os.environ.get("DELAY", 0)))
        if "BROKEN" in os.environ:
            self.answer(500, b"out of order")
            return
        answer = {
            "length": len(body),
            "type": self.headers["Content-Type"],
            "batch": os.environ.get("SAGEMAKER_BATCH"),
            "version": os.environ.get("VERSION"),
            "model": (BASE / "model/weights").read_text(),
            "pid": os.getpid(),
        }
        self.answer(200, json.dumps(answer).encode())


def serve() -> int:
    if "DIES_AT_START" in os.environ:
        print("no model here")
        return 7
    time.sleep(float(os.environ.get("START_DELAY", 0)))
    address = ("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"]))
    http.server.ThreadingHTTPServer(address, Handler).serve_forever()
    return 0


def process(arguments: list[str]) -> int:
    resources = json.loads((BASE / "config/resourceconfig.json").read_text())
    print("arguments", *arguments, flush=True)
    print("pid", os.getpid(), flush=True)
    if arguments[0].startswith("fail-on-"):
        return fail_on(arguments[0].removeprefix("fail-on-"), resources)
    if "sleep" in arguments:
        time.sleep(60)
    source, target = Path(arguments[1]), Path(arguments[2])
    for file in sorted(f for f in source.rglob("*") if f.is_file()):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    (BASE / "output").mkdir(exist_ok=True)
    (BASE / "output/message").write_text("copied")
    if len(resources["hosts"]) > 1:
        report(target, resources)
    if arguments[0] == "fail":
        (BASE / "output/failure").write_text("nothing to copy")
        return 1
    return 0


def report(target: Path, resources: Any) -> None:
    """Write last.txt, as every host does, and a file with this host's name."""
    host = resources["current_host"]
    inputs = BASE / "processing/input"
    seen = sorted(f.relative_to(inputs).as_posix() for f in inputs.rglob("*") if f.is_file())
    (target / "last.txt").write_text(host)
    (target / f"{host}.json").write_text(json.dumps({"resources": resources, "seen": seen}))


def fail_on(host: str, resources: Any) -> int:
    """Fail on this host when all hosts run; the others sleep until they are stopped."""
    (BASE / "started").touch()
    if resources["current_host"] != host:
        (BASE / "output/message").write_text("stopped early")
        time.sleep(60)
    for other in resources["hosts"]:
        while not (BASE.parents[1] / other / "ml/started").exists():
            time.sleep(0.01)
    (BASE / "output/failure").write_text(f"{host} failed on purpose")
    (BASE / "output/message").write_text(f"{host} gave up")
    return 4


if __name__ == "__main__":
    programs = {"train": train, "serve": serve}
    program = programs.get(sys.argv[1])
    sys.exit(program() if program else process(sys.argv[1:]))
