"""Findings of the doctor command, the ready message and the help."""

import json
import re
import socket
from pathlib import Path

import pytest

from include.local_aws.cli import announcement
from include.local_aws.cli.main import main
from include.local_aws.processes.ports import free_port
from include.local_aws.settings import Settings
from tests.include.local_aws.keys import KEYS


def _findings(capsys: pytest.CaptureFixture[str], *flags: str) -> dict[str, dict[str, str]]:
    code = main(["doctor", "--json", *flags])
    found = {item["subject"]: item for item in json.loads(capsys.readouterr().out)}
    bad = [item for item in found.values() if item["verdict"] == "bad"]
    assert code == int(bool(bad)), bad
    assert {item["verdict"] for item in found.values()} <= {"good", "fair", "bad"}
    assert all(item["meaning"] for item in found.values())
    return found


def test_this_computer_has_no_bad_findings(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    root = tmp_path / "not/there"
    found = _findings(capsys, "--root", str(root), "--port", str(free_port()))
    assert [name for name, item in found.items() if item["verdict"] == "bad"] == []
    assert {"namespaces", "port", "disk", "avx2", "avx512_bf16"} <= found.keys()
    assert not root.exists()
    assert main(["doctor", "--root", str(root), "--port", str(free_port())]) == 0
    assert "SeaweedFS: " in capsys.readouterr().out


def test_problems_are_found(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    images = tmp_path / "images.json"
    images.write_text(json.dumps({"mine:1": {"entrypoint": ["no-such-program", "x"]}}))
    with socket.socket() as used:
        used.bind(("127.0.0.1", 0))
        used.listen()
        port = str(used.getsockname()[1])
        found = _findings(capsys, "--root", str(images), "--port", port, "--images", str(images))
    bad = {name for name, item in found.items() if item["verdict"] == "bad"}
    assert bad == {"port", "folder", "image mine:1"}
    assert "'no-such-program' is not a program on this computer" in found["image mine:1"]["meaning"]
    images.write_text("{")
    found = _findings(capsys, "--port", str(free_port()), "--images", str(images))
    assert found["images"]["verdict"] == "bad"


def test_a_folder_with_other_files_is_rejected(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    found = _findings(capsys, "--root", str(tmp_path), "--port", str(free_port()))
    assert found["folder"]["verdict"] == "bad"
    assert "contains other files (work)" in found["folder"]["meaning"]


def test_text_and_json_have_the_same_variables_and_no_secret(tmp_path: Path) -> None:
    settings = Settings(tmp_path, 4567, tmp_path / "images.json", KEYS)
    text = announcement.text(settings, "http://127.0.0.1:9")
    event = announcement.event(settings, "http://127.0.0.1:9", "isolated")
    content = json.loads(event)
    assert dict(re.findall(r"^export (\w+)=(\S+)$", text, re.MULTILINE)) == content["environment"]
    assert content["status_url"] in text
    assert text.startswith("ready\n")
    page = re.search(r"status page +http://127.0.0.1:4567/\?key=(\w{32})$", text, re.MULTILINE)
    assert page
    assert page[1] not in event  # scripts may log it
    assert KEYS.secret_access_key not in text + event + repr(settings)


def test_keys_of_the_environment_are_not_printed(tmp_path: Path) -> None:
    images = tmp_path / "images.json"
    settings = Settings(
        tmp_path, 4567, images, KEYS, keys_given=True, bind="0.0.0.0", allowed_hosts=("mine",)
    )
    text = announcement.text(settings, "http://mine:9")
    event = json.loads(announcement.event(settings, "http://mine:9", "isolated"))
    assert event["environment"]["AWS_ACCESS_KEY_ID"] == KEYS.access_key_id
    assert "export AWS_SECRET_ACCESS_KEY=...  # as in the environment of this server" in text
    assert KEYS.secret_access_key not in text + json.dumps(event)
    assert str(tmp_path) not in json.dumps(event["environment"])


def test_the_help_has_all_topics(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for word in ("entrypoint", "doctor", "docs/local_aws.md", "--json", "4566"):
        assert word in text, word
