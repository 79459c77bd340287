"""Container program that classifies text messages with naive Bayes.

`train` reads lines `message<TAB>label` from the channel `train`. `serve` answers POST /invocations
with the label of the text in the body. Only Python's standard library is used.
"""

import http.server
import json
import math
import os
import sys
from collections import Counter
from pathlib import Path

BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))


def train() -> int:
    """Count the words of each label; return 1 with a reason in output/failure without labels."""
    words: dict[str, Counter[str]] = {}
    for file in sorted((BASE / "input/data/train").rglob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            text, _, label = line.rpartition("\t")
            words.setdefault(label, Counter()).update(text.lower().split())
    if len(words) < 2:
        (BASE / "output/failure").write_text(
            "the channel `train` must contain messages of two labels"
        )
        return 1
    model = {label: dict(counts) for label, counts in words.items()}
    (BASE / "model/model.json").write_text(json.dumps(model))
    print(f"labels={len(words)} words={len(set().union(*words.values()))}", flush=True)
    return 0


def classify(model: dict[str, dict[str, int]], text: str) -> str:
    """Return the most probable label of a text."""

    def score(label: str) -> float:
        counts = model[label]
        total = sum(counts.values()) + len(counts)
        return sum(math.log((counts.get(word, 0) + 1) / total) for word in text.lower().split())

    return max(sorted(model), key=score)


class Handler(http.server.BaseHTTPRequestHandler):
    """GET /ping and POST /invocations, which SageMaker requires."""

    protocol_version = "HTTP/1.1"
    model: dict[str, dict[str, int]]

    def do_GET(self) -> None:
        """Answer the health check."""
        self._answer(200, {})

    def do_POST(self) -> None:
        """Answer with the label of a message."""
        text = self.rfile.read(int(self.headers["Content-Length"])).decode("utf-8", "replace")
        self._answer(200, {"label": classify(self.model, text)})

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve() -> int:
    """Serve the model until the process is stopped."""
    Handler.model = json.loads((BASE / "model/model.json").read_text())
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    http.server.ThreadingHTTPServer(("0.0.0.0", port), Handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit({"train": train, "serve": serve}[sys.argv[1]]())
