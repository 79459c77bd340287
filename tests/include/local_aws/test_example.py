"""The example of docs/local_aws.md, an image of another project."""

import json
import os
import subprocess
import sys

from tests.include.local_aws.local_server import PROJECT, LocalServer, unique_name

EXAMPLE = PROJECT / "docs/examples/messages"


def test_the_example_trains_serves_and_answers(aws: LocalServer) -> None:
    image = unique_name("messages") + ":1"
    registry = json.loads(aws.images.read_text())
    registry[image] = {"entrypoint": [sys.executable, str(EXAMPLE / "entry.py")]}
    aws.images.write_text(json.dumps(registry))
    ended = subprocess.run(
        [sys.executable, "client.py"],
        cwd=EXAMPLE,
        env={"PATH": os.environ["PATH"], **aws.announced, "MESSAGES_IMAGE": image},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "a free prize for you: junk\nnotes from lunch: fine\n"
    assert ended.stdout in (PROJECT / "docs/local_aws.md").read_text()


def test_the_documentation_names_existing_files() -> None:
    text = (PROJECT / "docs/local_aws.md").read_text()
    assert "docs/local_aws.md" in (PROJECT / "README.md").read_text()
    for word in text.split("`"):
        if word.startswith("docs/"):
            assert (PROJECT / word).exists(), word
