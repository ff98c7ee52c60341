"""Errors as RFC 9457 problem documents: the one place where refusals become HTTP."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
    ValidationError,
)
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from submissions import log_lines, messages
from submissions.refusals import Refusal
from submissions.storage import RETRY_SECONDS, StorageUnavailableError

STATUS: Mapping[str, int] = {
    "benchmark-closed": 403,
    "benchmark-not-yet": 403,
    "benchmark-over": 403,
    "benchmark-without-release": 403,
    "token-may-not-submit": 403,
    "token-for-others": 403,
    "token-rotated": 409,
    "token-over": 409,
    "token-minted": 403,
    "too-many-tokens": 409,
    "too-many-rotations": 429,
    "too-many-mints": 429,
    "identity-malformed": 403,
    "identity-algorithm": 403,
    "identity-key-carried": 403,
    "identity-critical": 403,
    "identity-issuer": 403,
    "identity-issuer-silent": 503,
    "identity-issuer-unusable": 503,
    "identity-key-unnamed": 403,
    "identity-key-unknown": 403,
    "identity-key-kind": 403,
    "identity-signature": 403,
    "identity-claim-missing": 403,
    "identity-claim-unreadable": 403,
    "identity-claims-disagree": 403,
    "identity-expired": 403,
    "identity-not-yet": 403,
    "identity-of-the-future": 403,
    "identity-lifetime": 403,
    "identity-audience": 403,
    "identity-audience-list": 403,
    "identity-replayed": 403,
    "identity-pull-request-target": 403,
    "identity-pull-request": 403,
    "identity-merge-request": 403,
    "identity-fork": 403,
    "identity-event": 403,
    "identity-deployment": 403,
    "identity-workflow-elsewhere": 403,
    "identity-workflow-ref": 403,
    "identity-reused-workflow": 403,
    "publisher-unknown": 403,
    "publisher-for-another": 403,
    "publisher-removed": 403,
    "publisher-other-owner": 403,
    "publisher-other-repository": 403,
    "publisher-other-workflow": 403,
    "publisher-environment-missing": 403,
    "publisher-other-environment": 403,
    "publisher-unproven": 403,
    "publisher-ambiguous": 403,
    "publisher-team-archived": 403,
    "publisher-team-banned": 403,
    "publisher-benchmark-closed": 403,
    "publisher-benchmark-not-yet": 403,
    "publisher-benchmark-over": 403,
    "publisher-benchmark-without-release": 403,
    "not-by-token": 403,
    "quota-daily": 429,
    "quota-total": 403,
    "public-entries": 403,
    "too-many-uploads": 429,
    "too-many-checks": 429,
    "check-busy": 503,
    "check-not-ready": 503,
    "check-unfinished": 503,
    "no-form": 415,
    "unreadable-form": 400,
    "file-missing": 422,
    "file-too-large": 413,
    "file-empty": 422,
    "file-pickle": 415,
    "file-image": 415,
    "file-utf-16": 415,
    "file-archive": 415,
    "file-nested-archive": 415,
    "file-damaged-gzip": 422,
    "file-old-spreadsheet": 415,
    "file-unknown-format": 415,
    "unknown-team": 404,
    "team-archived": 403,
    "idempotency-key-unreadable": 400,
    "idempotency-key-in-flight": 409,
    "no-report": 409,
    "not-scored": 409,
    "not-public": 409,
    "not-queued": 409,
    "not-public-to-choose": 409,
    "already-withdrawn": 409,
    "compare-unknown": 404,
    "compare-unknown-submission": 404,
    "compare-not-scored": 409,
    "compare-on-no-account": 403,
    "too-many-own-comparisons": 429,
    "too-many-comparisons": 503,
    "uploads-closed": 503,
    "uploads-not-closed": 409,
    "announcement-over": 409,
    "not-failed": 409,
    "not-yourself": 403,
    "team-banned": 403,
    "not-banned": 409,
    "not-hidden": 409,
    "alarm-decided": 409,
    "complaint-closed": 409,
    "not-verified": 409,
    "shows-another": 409,
    "not-under-review": 409,
    "not-owner": 403,
}
OTHERWISE = 422
NOBODY = gettext_lazy(
    "It is not known who sends this. Send the header Authorization: Bearer vrn_… with a token of your team, or sign in."
)
CONTENT_TYPE = "application/problem+json"


def answer(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[Mapping[str, Any]] = (),
    total: int | None = None,
    more: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document; `errors` name the field or line at fault, or say again what the problem is.

    `total` is how many there are where not all are given, `more` what this problem alone has to say.
    """
    listed = list(errors) or [error(code, detail)]
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "errors": listed[:20],
        "errors_total": len(listed) if total is None else total,
        **(more or {}),
    }
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and log_lines.request_id.get():
        body["request_id"] = log_lines.request_id.get()  # what to look for in our logs
    return Response(body, status=status, content_type=CONTENT_TYPE, headers=dict(headers or {}))


def error(code: str, detail: str, *, field: str | None = None, line: int | None = None) -> dict[str, Any]:
    return {"line": line, "field": field, "code": code, "detail": detail}


def of_refusal(refusal: Refusal) -> Response:
    params = {"field": refusal.field, **refusal.params}
    detail = messages.refusal(refusal.code, params)
    headers = {"Retry-After": str(refusal.params["seconds"])} if "seconds" in refusal.params else {}
    status = STATUS.get(refusal.code, OTHERWISE)
    errors = [error(refusal.code, detail, field=refusal.field)]
    return answer(status, refusal.code, detail, errors=errors, headers=headers)


def handle(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. What it does not know becomes Django's 500, without a word of what broke."""
    problem = _problem(exc)
    if problem is not None and (request := context.get("request")) is not None:
        request.accepted_renderer = JSONRenderer()  # whatever the call itself would have answered in
        request.accepted_media_type = JSONRenderer.media_type
    return problem


def _problem(exc: Exception) -> Response | None:
    if isinstance(exc, Refusal):
        return of_refusal(exc)
    if isinstance(exc, StorageUnavailableError):
        return answer(
            503,
            "storage-unavailable",
            _(
                "The store for answer files does not answer. Nothing was taken or charged: send it again in a minute."
            ),
            headers={"Retry-After": str(RETRY_SECONDS)},
        )
    if isinstance(exc, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return unreadable(exc)
    if isinstance(exc, Http404):
        return answer(404, "not-found", _("There is nothing here, or it is not yours to see."))
    if isinstance(exc, PermissionDenied):
        return answer(403, "permission-denied", _("You may not do this."))
    if isinstance(exc, ValidationError):
        return _of_validation(_flat(exc.message_dict if hasattr(exc, "error_dict") else {"": exc.messages}))
    if isinstance(exc, exceptions.ValidationError):
        return _of_validation(_flat(exc.detail))
    if isinstance(exc, exceptions.APIException):
        return _of_api_exception(exc)
    return None


def unreadable(fault: Exception) -> Response:
    """A request that was given up on before, or while, its call read it."""
    code, detail = _fault_of_request(fault)
    return answer(400, code, detail)


def _fault_of_request(fault: Exception) -> tuple[str, str]:
    if isinstance(fault, DisallowedHost):
        return "unknown-host", _("This site does not answer under the host name that was asked for.")
    if isinstance(fault, RequestDataTooBig):
        return "body-too-large", _("The body without its files is larger than this site reads.")
    if isinstance(fault, TooManyFieldsSent | TooManyFilesSent):
        return "too-many-fields", _("The body has more fields or files than any call takes.")
    return "bad-request", _("The request cannot be read as it is.")


def _of_validation(errors: list[dict[str, Any]]) -> Response:
    return answer(422, "invalid", _("Some fields cannot be used as they are."), errors=errors)


def _of_api_exception(exc: exceptions.APIException) -> Response:
    headers = {}
    if header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = header
    codes = exc.get_codes()
    code = _kebab(codes) if isinstance(codes, str) else "error"
    detail = NOBODY if isinstance(exc, exceptions.NotAuthenticated) else exc.detail
    return answer(exc.status_code, code, str(detail), headers=headers)


def _kebab(code: str) -> str:
    """The frameworks' codes in the style of ours: `not_found` is `not-found`."""
    return code.replace("_", "-")


def _flat(detail: Any, field: str | None = None) -> list[dict[str, Any]]:
    if isinstance(detail, Mapping):
        return [found for key, value in detail.items() for found in _flat(value, str(key) or None)]
    if isinstance(detail, list | tuple):
        return [found for value in detail for found in _flat(value, field)]
    return [error(_kebab(getattr(detail, "code", "invalid")), str(detail), field=field)]
