"""A container's program that knows nothing of images: which messages are junk, by naive Bayes.

`train` reads message<TAB>label lines from the channel `train`; `serve` answers POST /invocations
with the label of the text in the body. It needs Python alone, here as in a container.
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
    """Count the words of each label; 1 with a reason in output/failure if there is nothing."""
    words: dict[str, Counter[str]] = {}
    for file in sorted((BASE / "input/data/train").rglob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            text, _, label = line.rpartition("\t")
            words.setdefault(label, Counter()).update(text.lower().split())
    if len(words) < 2:
        (BASE / "output/failure").write_text("the channel train needs messages of two labels")
        return 1
    model = {label: dict(counts) for label, counts in words.items()}
    (BASE / "model/model.json").write_text(json.dumps(model))
    print(f"labels={len(words)} words={len(set().union(*words.values()))}", flush=True)
    return 0


def label_of(model: dict[str, dict[str, int]], text: str) -> str:
    """The label under which the text's words are most likely."""

    def score(label: str) -> float:
        counts = model[label]
        total = sum(counts.values()) + len(counts)
        return sum(math.log((counts.get(word, 0) + 1) / total) for word in text.lower().split())

    return max(sorted(model), key=score)


class Handler(http.server.BaseHTTPRequestHandler):
    """GET /ping and POST /invocations, as SageMaker asks of every image."""

    protocol_version = "HTTP/1.1"
    model: dict[str, dict[str, int]]

    def do_GET(self) -> None:
        """Say that the server is well."""
        self._answer(200, {})

    def do_POST(self) -> None:
        """Answer with the label of a message."""
        text = self.rfile.read(int(self.headers["Content-Length"])).decode("utf-8", "replace")
        self._answer(200, {"label": label_of(self.model, text)})

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve() -> int:
    """Serve the model until the process is ended."""
    Handler.model = json.loads((BASE / "model/model.json").read_text())
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    http.server.ThreadingHTTPServer(("0.0.0.0", port), Handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit({"train": train, "serve": serve}[sys.argv[1]]())
