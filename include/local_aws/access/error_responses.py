"""Error responses in the format that the client of the called service expects."""

import json
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response

from include.local_aws.errors import ApiError

# Error codes of AWS services with the query protocol (STS, IAM, SNS) by those of the others.
_QUERY_CODES = {
    "UnrecognizedClientException": "InvalidClientTokenId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "IncompleteSignatureException": "IncompleteSignature",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
}
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/x-amz-json-1.1"


def error_response(request: Request, error: ApiError) -> Response:
    """Return the response for an error: XML for services with the query protocol, else JSON."""
    if request.headers.get("content-type", "").startswith(_FORM):
        code = _QUERY_CODES.get(error.code, error.code)
        message = escape(error.message)
        details = f"<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>"
        text = f"<ErrorResponse><Error>{details}</Error></ErrorResponse>"
        return Response(text, error.status, media_type="text/xml")
    content = json.dumps({"__type": error.code, "message": error.message})
    return Response(content, error.status, media_type=_JSON)
