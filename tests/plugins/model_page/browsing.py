"""The model page on a port, and a user in front of it with Chromium, if that is installed."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn

from include.local_aws.processes.ports import free_port
from model_page import addresses
from model_page.app import ModelPageApp
from tests.plugins.model_page.fake_airflow import FakeAirflow
from tests.plugins.model_page.stage import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), None)
"""The path of Chromium, or None."""

# Chromium's own sandbox does not work in containers; pages are of these tests only.
CHROMIUM_OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


class Visitor:
    """A user who begins on the overview.

    Attributes:
        clicks: The clicks on links, buttons and pictures so far.
        errors: The errors of the page's scripts.
    """

    def __init__(
        self, page: Page, url: str, app: ModelPageApp, airflow: FakeAirflow, stage: Stage
    ) -> None:
        self.page, self.url, self.app, self.airflow, self.stage = page, url, app, airflow, stage
        self.clicks = 0
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.open()

    def open(self, *parts: object) -> None:
        """Go to a page by its address; without parts to the overview, where clicks start anew.

        The page reads everything anew, as it does after some seconds.
        """
        self.clicks, self.app.state.sources = 0, None
        self.page.goto(self.url + addresses.page(*parts))

    def card(self, title: str) -> Locator:
        """Return a pipeline's card on the overview."""
        return self.page.get_by_role("article").filter(
            has=self.page.get_by_role("heading", name=title)
        )

    def click(self, name: str, within: Locator | None = None) -> None:
        """Click a link or button by the beginning of its text."""
        place, text = within or self.page.locator("body"), re.compile(f"^{re.escape(name)}")
        found = place.get_by_role("link", name=text).or_(place.get_by_role("button", name=text))
        self.clicks += 1
        found.first.click()

    def click_cell(self, row: int, column: int, classes: int) -> None:
        """Click a cell of the confusion matrix."""
        matrix = self.page.locator("#matrix")
        box = matrix.bounding_box()
        assert box
        cell = box["width"] / classes
        self.clicks += 1
        matrix.click(position={"x": (column + 0.5) * cell, "y": (row + 0.5) * cell})

    def shows(self, *texts: str) -> None:
        """Wait until the page shows these texts, longer than it takes to fetch a part again."""
        from playwright.sync_api import expect

        for text in texts:
            expect(self.page.locator("main")).to_contain_text(text, timeout=20_000)


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an application on the loopback interface, and yield its address."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.02)
            assert thread.is_alive(), "the server did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
