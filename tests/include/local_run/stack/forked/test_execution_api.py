"""The execution API of a local run has the latest version's routes and models, and no others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from include.local_run.project_paths import PROJECT

PROGRAM = """
import asyncio, json
import httpx
from airflow.api_fastapi.execution_api.app import create_task_execution_api_app
from airflow.api_fastapi.execution_api.versions import bundle
from include.local_run.stack.forked.execution_api import serve_latest_version

async def read(version):
    transport = httpx.ASGITransport(create_task_execution_api_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as client:
        response = await client.get(f"/openapi.json?version={version.value}")
        return response.status_code, response.text

latest, *_, oldest = bundle.versions
before = asyncio.run(read(latest))
serve_latest_version()
print(json.dumps([before, asyncio.run(read(latest)), asyncio.run(read(oldest))]))
"""


def test_the_latest_version_is_unchanged(airflow_database: Path) -> None:
    """In another process, because the versions of this one would be changed for other tests."""
    output = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT,
        env={"AIRFLOW_HOME": str(airflow_database)},
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    before, after, older = json.loads(output.splitlines()[-1])
    assert after == before
    assert before[0] == 200
    assert "/health" in json.loads(before[1])["paths"]
    assert older[0] == 404
