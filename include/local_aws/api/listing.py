"""List operations: filters, order and pages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from include.local_aws.api.operation import Handler, Request
from include.local_aws.api.paging import read_token, write_token
from include.local_aws.services import Services
from include.local_aws.store import Body

_PAGE = 10  # SageMaker's default MaxResults


@dataclass(frozen=True)
class Listing:
    """The List operation of one kind of resource.

    Attributes:
        kind: The kind's name in the store.
        answer: The member of the response with the summaries.
        name: The field for NameContains and SortBy Name.
        status: The field for StatusEquals and SortBy Status, or "" if the kind has none.
        fields: The fields of a summary.
        order: The default of SortOrder.
        extra: A further filter of this kind.
    """

    kind: str
    answer: str
    name: str
    fields: tuple[str, ...]
    status: str = ""
    order: str = "Ascending"
    extra: Callable[[Body, Request], bool] = lambda body, request: True

    def handler(self) -> Handler:
        """Return the operation."""

        def handle(services: Services, request: Request) -> Body:
            bodies = services.store.list_all(self.kind)
            return self._page((body for body in bodies if self._matches(body, request)), request)

        return handle

    def _matches(self, body: Body, request: Request) -> bool:
        wanted_status = request.get("StatusEquals")
        return (
            request.get("NameContains", "").lower() in str(body.get(self.name, "")).lower()
            and (wanted_status is None or body.get(self.status) == wanted_status)
            and _within(body, request, "CreationTime")
            and _within(body, request, "LastModifiedTime")
            and self.extra(body, request)
        )

    def _page(self, found: Iterable[Body], request: Request) -> Body:
        field = {"Name": self.name, "Status": self.status}.get(request.get("SortBy", ""))
        field = field or "CreationTime"

        def position(body: Body) -> list[Any]:
            return [body[field], str(body.get(self.name) or body.get("ModelPackageArn"))]

        descending = request.get("SortOrder", self.order) == "Descending"
        ordered = sorted(found, key=position, reverse=descending)
        if "NextToken" in request:
            kind = float if field == "CreationTime" else str
            last = read_token(request["NextToken"], kind, str)
            ordered = [
                body
                for body in ordered
                if position(body) != last and (position(body) < last) == descending
            ]
        size = request.get("MaxResults", _PAGE)
        page = ordered[:size]
        answer: Body = {self.answer: [self._summary(body) for body in page]}
        if len(ordered) > size:
            answer["NextToken"] = write_token(position(page[-1]))
        return answer

    def _summary(self, body: Body) -> Body:
        return {field: body[field] for field in self.fields if body.get(field) is not None}


def _within(body: Body, request: Request, field: str) -> bool:
    moment = body[field]
    after = request.get(f"{field}After", float("-inf"))
    before = request.get(f"{field}Before", float("inf"))
    return bool(after <= moment <= before)
