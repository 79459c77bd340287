"""sagemaker_jobs and include.common classify AWS errors in the same way, without shared code."""

import pytest
from botocore.exceptions import ClientError

from include.common import aws_errors
from sagemaker_jobs import aws_errors as plugin_errors

ERRORS = [
    ("AccessDenied", 403, ""),
    ("AccessDeniedException", 400, "not authorized; could not find a policy"),
    ("AuthorizationError", 403, ""),
    ("ExpiredToken", 403, ""),
    ("ExpiredTokenException", 403, ""),
    ("Forbidden", 403, ""),
    ("InvalidAccessKeyId", 403, "does not exist in our records"),
    ("InvalidClientTokenId", 403, ""),
    ("InternalFailure", 500, ""),
    ("MissingAuthenticationToken", 403, ""),
    ("NoSuchKey", 404, "The specified key does not exist."),
    ("OptInRequired", 403, ""),
    ("RequestExpired", 400, ""),
    ("ResourceNotFound", 400, "Requested resource not found."),
    ("ResourceNotFoundException", 400, ""),
    ("SignatureDoesNotMatch", 403, ""),
    ("ThrottlingException", 400, "Rate exceeded"),
    ("UnauthorizedException", 401, ""),
    ("UnauthorizedOperation", 403, ""),
    ("UnrecognizedClientException", 400, "The security token is invalid."),
    ("ValidationException", 400, 'Could not find endpoint "cars".'),
    ("ValidationException", 400, "ModelPackageGroup cars does not exist."),
    ("ValidationException", 400, "Requested resource not found"),
    ("ValidationException", 400, "Member must not be null"),
    ("403", 403, "Forbidden"),
    ("404", 404, "Not Found"),
]


@pytest.mark.parametrize(("code", "status", "message"), ERRORS)
def test_both_packages_classify_an_error_alike(code: str, status: int, message: str) -> None:
    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    error = ClientError(answer, "Describe")
    assert aws_errors.is_denied(error) is plugin_errors.is_access_denied(error)
    assert aws_errors.is_missing(error) is plugin_errors.is_missing(error)
