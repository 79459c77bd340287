"""The content of a notification, and its forms for SNS, webhooks and logs."""

from __future__ import annotations

from dataclasses import asdict, dataclass

LONGEST_SUBJECT = 100
"""The limit of SNS, which also refuses line breaks and characters that are not ASCII."""


@dataclass(frozen=True)
class Notification:
    """A notification for the users of an installation.

    Attributes:
        event: The kind: failure, success, skip, promotion, drift, stale, deadline or orphans.
        title: What happened, in one line.
        where: The URL of the run or task in Airflow's UI.
        details: The reason, with its figures.
        advice: What to do; empty if there is nothing to do.
        page: The URL of the model page about it; empty if it belongs to no pipeline.
    """

    event: str
    title: str
    where: str
    details: str = ""
    advice: str = ""
    page: str = ""

    @property
    def subject(self) -> str:
        """The title, shortened and in ASCII, as SNS requires of a subject."""
        line = " ".join(self.title.split()).encode("ascii", "replace").decode()
        return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 3]}..."

    @property
    def text(self) -> str:
        """The whole notification in plain text."""
        advice = self.advice and f"What to do: {self.advice}"
        page = self.page and f"Model: {self.page}"
        parts = (self.title, self.details, advice, page, self.where)
        return "\n\n".join(part for part in parts if part)

    def as_json(self) -> dict[str, str]:
        """Return the body of a request to a webhook.

        Slack, Mattermost and Teams show `text`. Its markup is escaped, so that neither a class name
        nor an error message of AWS becomes a link or a mention. The other fields are plain text for
        programs.
        """
        return {"text": escape_markup(self.text), **asdict(self)}


def escape_markup(text: str) -> str:
    """Return a text with the three characters escaped that begin markup in Slack and HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
