"""Airflow around the model page: its login, its rights, and the REST API as far as it is used."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from fastapi import FastAPI, HTTPException, Request
from jwt import InvalidTokenError

SECRET = "a secret of the test"


class FakeAuthManager:
    """Users by their token, and the DAGs that each may read and trigger.

    A token is the user's name: `ana` may do everything, `ben` may read everything, `cora` may do
    everything with the pipeline merch only.
    """

    RIGHTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
        "ana": (".*", ("GET", "POST", "PUT")),
        "ben": (".*", ("GET",)),
        "cora": ("merch__.*", ("GET", "POST", "PUT")),
    }

    async def get_user_from_token(self, token: str) -> SimpleAuthManagerUser:
        if token not in self.RIGHTS:
            raise InvalidTokenError
        return SimpleAuthManagerUser(username=token, role="user")

    def batch_is_authorized_dag(
        self, requests: Sequence[Mapping[str, Any]], *, user: SimpleAuthManagerUser
    ) -> bool:
        pattern, methods = self.RIGHTS[user.get_name()]
        return all(
            request["method"] in methods and re.fullmatch(pattern, request["details"].id)
            for request in requests
        )


class FakeAirflow:
    """The REST API: runs that the test puts into `runs`, and what was called.

    Attributes:
        runs: Runs of all DAGs, as the REST API describes them, the last first.
        triggered: The DAG id, configuration and user of each triggered run.
        changed: The path and body of each PATCH request.
        tasks: The tasks of every run.
        returned: What the tasks of every run returned, by task id.
        questions: Open questions of runs.
        refusal: A status and message with which every call is refused, or None.
        refuse_trigger: The same for triggers only.
    """

    def __init__(self, root_path: str = "") -> None:
        self.runs: list[dict[str, Any]] = []
        self.returned: dict[str, Any] = {}
        self.tasks: list[dict[str, Any]] = []
        self.triggered: list[tuple[str, dict[str, Any], str]] = []
        self.changed: list[tuple[str, Any]] = []
        self.questions: list[dict[str, Any]] = []
        self.refusal: tuple[int, str] | None = None
        self.refuse_trigger: tuple[int, str] | None = None
        self.app = FastAPI(root_path=root_path)
        self.app.state.secret_key = SECRET
        self._add_routes()
        self._add_routes_of_runs()
        self._add_routes_of_one_run()

    def add_run(self, dag_id: str, run_id: str, state: str = "success", **more: Any) -> None:
        """Put a run before the others."""
        run: dict[str, Any] = {
            "dag_id": dag_id,
            "dag_run_id": run_id,
            "state": state,
            "run_after": "2026-11-12T02:00:00Z",
            "start_date": "2026-11-12T02:00:00Z",
            "end_date": None if state in ("running", "queued") else "2026-11-12T02:18:00Z",
            "run_type": "scheduled",
            "triggering_user_name": None,
            "conf": {},
            "note": None,
        }
        self.runs.insert(0, {**run, **more})

    def _add_routes(self) -> None:
        @self.app.post("/api/v2/dags/~/dagRuns/list")
        async def list_runs(request: Request) -> dict[str, Any]:
            self._check(request)
            wanted = await request.json()
            found = [run for run in self.runs if run["dag_id"] in wanted["dag_ids"]]
            return {"dag_runs": found[: wanted["page_limit"]], "total_entries": len(found)}

        @self.app.get("/api/v2/dags/{dag_id}")
        async def read_dag(request: Request, dag_id: str) -> dict[str, Any]:
            self._check(request)
            return {"dag_id": dag_id, "next_dagrun_run_after": "2026-11-13T01:30:00Z",
                    "is_paused": False}  # fmt: skip

    def _add_routes_of_runs(self) -> None:
        @self.app.get("/api/v2/dags/{dag_id}/dagRuns/~/hitlDetails")
        async def list_questions(request: Request) -> dict[str, Any]:
            self._check(request)
            return {"hitl_details": self.questions}

        @self.app.patch("/api/v2/dags/{path:path}")
        async def change(request: Request, path: str) -> dict[str, Any]:
            self._check(request)
            body = await request.json()
            if path.endswith("hitlDetails") and not self.questions:
                raise HTTPException(409, "already answered")
            self.questions.clear()
            self.changed.append((path, body))
            return {}

    def _add_routes_of_one_run(self) -> None:
        @self.app.get(
            "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        )
        async def read_xcom(request: Request, task_id: str) -> dict[str, Any]:
            self._check(request)
            if task_id not in self.returned:
                raise HTTPException(404, "no such XCom")
            return {"value": self.returned[task_id]}

        @self.app.get("/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances")
        async def list_tasks(request: Request) -> dict[str, Any]:
            self._check(request)
            return {"task_instances": self.tasks}

        @self.app.get("/api/v2/dags/{dag_id}/dagRuns/{run_id}")
        async def read_run(request: Request, dag_id: str, run_id: str) -> dict[str, Any]:
            self._check(request)
            for found in self.runs:
                if (found["dag_id"], found["dag_run_id"]) == (dag_id, run_id):
                    return found
            raise HTTPException(404, "the run does not exist")

        @self.app.post("/api/v2/dags/{dag_id}/dagRuns")
        async def trigger(request: Request, dag_id: str) -> dict[str, Any]:
            user = self._check(request)
            if self.refuse_trigger:
                raise HTTPException(*self.refuse_trigger)
            body = await request.json()
            self.triggered.append((dag_id, body["conf"], user))
            run_id = f"manual__{len(self.triggered)}"
            self.add_run(dag_id, run_id, "queued", triggering_user_name=user, conf=body["conf"])
            return self.runs[0]

    def _check(self, request: Request) -> str:
        if self.refusal:
            raise HTTPException(*self.refusal)
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        user = bearer or request.cookies.get("_token", "")
        if user not in FakeAuthManager.RIGHTS:
            raise HTTPException(401, "Not authenticated")
        return user
