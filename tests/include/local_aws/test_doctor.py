"""What the doctor finds, and what the server says when it is ready."""

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


def _examined(capsys: pytest.CaptureFixture[str], *flags: str) -> dict[str, dict[str, str]]:
    code = main(["doctor", "--json", *flags])
    found = {each["subject"]: each for each in json.loads(capsys.readouterr().out)}
    bad = [each for each in found.values() if each["verdict"] == "bad"]
    assert code == int(bool(bad)), bad
    assert {each["verdict"] for each in found.values()} <= {"good", "fair", "bad"}
    assert all(each["meaning"] for each in found.values())
    return found


def test_a_machine_that_runs_the_tests_is_fit(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    root = tmp_path / "not/there"
    found = _examined(capsys, "--root", str(root), "--port", str(free_port()))
    assert [name for name, each in found.items() if each["verdict"] == "bad"] == []
    assert {"namespaces", "port", "disk", "avx2", "avx512_bf16"} <= found.keys()
    assert not root.exists()
    assert main(["doctor", "--root", str(root), "--port", str(free_port())]) == 0
    assert "SeaweedFS: " in capsys.readouterr().out


def test_what_is_in_the_way_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    images = tmp_path / "images.json"
    images.write_text(json.dumps({"mine:1": {"entrypoint": ["no-such-program", "x"]}}))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        found = _examined(capsys, "--root", str(images), "--port", port, "--images", str(images))
    bad = {name for name, each in found.items() if each["verdict"] == "bad"}
    assert bad == {"port", "folder", "image mine:1"}
    assert "'no-such-program' is no program here" in found["image mine:1"]["meaning"]
    images.write_text("{")
    found = _examined(capsys, "--port", str(free_port()), "--images", str(images))
    assert found["images"]["verdict"] == "bad"


def test_a_folder_of_other_files_is_no_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    found = _examined(capsys, "--root", str(tmp_path), "--port", str(free_port()))
    assert found["folder"]["verdict"] == "bad"
    assert "holds other files (work)" in found["folder"]["meaning"]


def test_the_lines_to_paste_are_those_that_scripts_get_and_hold_no_secret(tmp_path: Path) -> None:
    settings = Settings(tmp_path, 4567, tmp_path / "images.json", KEYS)
    text = announcement.text(settings, "http://127.0.0.1:9")
    event = announcement.event(settings, "http://127.0.0.1:9", "isolated")
    told = json.loads(event)
    assert dict(re.findall(r"^export (\w+)=(\S+)$", text, re.MULTILINE)) == told["environment"]
    assert told["status_url"] in text
    assert text.startswith("ready\n")
    page = re.search(r"status page +http://127.0.0.1:4567/\?key=(\w{32})$", text, re.MULTILINE)
    assert page
    assert page[1] not in event  # scripts write it to logs
    assert KEYS.secret_access_key not in text + event + repr(settings)


def test_keys_of_ones_own_are_not_said_again(tmp_path: Path) -> None:
    images = tmp_path / "images.json"
    settings = Settings(
        tmp_path, 4567, images, KEYS, keys_given=True, bind="0.0.0.0", allowed_hosts=("mine",)
    )
    text = announcement.text(settings, "http://mine:9")
    event = json.loads(announcement.event(settings, "http://mine:9", "isolated"))
    assert event["environment"]["AWS_ACCESS_KEY_ID"] == KEYS.access_key_id
    assert "export AWS_SECRET_ACCESS_KEY=...  # the one that this server was given" in text
    assert KEYS.secret_access_key not in text + json.dumps(event)
    assert str(tmp_path) not in json.dumps(event["environment"])  # clients elsewhere have no files


def test_help_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    for word in ("entrypoint", "doctor", "docs/local_aws.md", "--json", "4566"):
        assert word in told, word
