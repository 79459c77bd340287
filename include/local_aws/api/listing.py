"""List operations: filters, order, pages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from include.local_aws.api.operation import Handler, Request
from include.local_aws.api.paging import place_of, token
from include.local_aws.services import Services
from include.local_aws.store import Body

_PAGE = 10  # SageMaker's default MaxResults


@dataclass(frozen=True)
class Listing:
    """How one kind of resource is listed.

    Attributes:
        kind: its name in the store.
        answer: the member of the response that holds the summaries.
        name: the field that NameContains and SortBy Name look at.
        status: the field of StatusEquals and SortBy Status, if it has one.
        fields: the fields of a summary.
        order: the SortOrder where the request names none.
        extra: a filter of the kind's own.
    """

    kind: str
    answer: str
    name: str
    fields: tuple[str, ...]
    status: str = ""
    order: str = "Ascending"
    extra: Callable[[Body, Request], bool] = lambda body, request: True

    def handler(self) -> Handler:
        """The operation."""

        def listed(services: Services, request: Request) -> Body:
            found = (b for b in services.store.list_all(self.kind) if self._matches(b, request))
            return self._page(found, request)

        return listed

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

        def place(body: Body) -> list[Any]:
            return [body[field], str(body.get(self.name) or body.get("ModelPackageArn"))]

        descending = request.get("SortOrder", self.order) == "Descending"
        ordered = sorted(found, key=place, reverse=descending)
        if "NextToken" in request:
            kind = float if field == "CreationTime" else str
            after = place_of(request["NextToken"], kind, str)
            ordered = [b for b in ordered if place(b) != after and (place(b) < after) == descending]
        size = request.get("MaxResults", _PAGE)
        page = ordered[:size]
        answer: Body = {self.answer: [self._summary(body) for body in page]}
        if len(ordered) > size:
            answer["NextToken"] = token(place(page[-1]))
        return answer

    def _summary(self, body: Body) -> Body:
        return {field: body[field] for field in self.fields if body.get(field) is not None}


def _within(body: Body, request: Request, field: str) -> bool:
    moment = body[field]
    after = request.get(f"{field}After", float("-inf"))
    before = request.get(f"{field}Before", float("inf"))
    return bool(after <= moment <= before)
