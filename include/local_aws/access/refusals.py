"""Errors of the whole port, in the form that the clients of the request's service read."""

import json
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response

from include.local_aws.errors import ApiError

# AWS's services with a query protocol (STS, IAM, SNS) have names of their own for these.
_QUERY_CODES = {
    "UnrecognizedClientException": "InvalidClientTokenId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "IncompleteSignatureException": "IncompleteSignature",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
}
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/x-amz-json-1.1"


def refusal(request: Request, error: ApiError) -> Response:
    """Return the response for an error: XML to a client of a query service, else JSON."""
    if request.headers.get("content-type", "").startswith(_FORM):
        code = _QUERY_CODES.get(error.code, error.code)
        message = escape(error.message)
        inside = f"<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>"
        text = f"<ErrorResponse><Error>{inside}</Error></ErrorResponse>"
        return Response(text, error.status, media_type="text/xml")
    content = json.dumps({"__type": error.code, "message": error.message})
    return Response(content, error.status, media_type=_JSON)
