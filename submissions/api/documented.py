"""What the schema says of every call alike: its problems, its headers, its pages."""

from collections.abc import Mapping

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from submissions.api.authentication import REASONS
from submissions.api.problems import CONTENT_TYPE, OTHERWISE, STATUS
from submissions.api.serializers import ProblemDocument, RejectedDocument
from submissions.wording.refusals import REFUSALS

PROBLEMS: Mapping[int, str] = {
    400: "The request or its body cannot be read.",
    401: "Nobody is known by this token or session.",
    403: "It is known who asks; they may not do this.",
    404: "There is nothing here, or it is not the asker's to see.",
    405: "This address knows other methods; `Allow` names them.",
    406: "None of the types in `Accept` can be answered with.",
    409: "Not in the present state.",
    413: "The file is too large.",
    415: "The file or the body is of a kind that is not taken.",
    422: "A field, parameter, format or cursor cannot be used; `errors` says which.",
    429: "Too many; `Retry-After` says when to try again.",
    503: "A part of the site is away, and nothing was taken or charged; or too much waits to be computed or checked.",
}
WRONG_TOKEN = ("token-scheme", *(f"token-{reason}" for reason in REASONS))
# What a status alone stands for; a refusal of the call's own is named by its code.
GENERAL: Mapping[int, tuple[str, ...]] = {
    400: ("bad-request", "unknown-host"),
    401: ("not-authenticated", *WRONG_TOKEN),
    403: ("token-for-others",),
    404: ("not-found",),
    405: ("method-not-allowed",),
    406: ("not-acceptable",),
    413: ("file-too-large",),
    415: ("unsupported-media-type",),
    422: ("invalid",),
    503: ("database-unavailable",),
}
ALWAYS = (400, 405, 406, 422, 503)
# A body that the frameworks read before the call does.
BODY = ("parse-error", "body-too-large", "too-many-fields", "unsupported-media-type")
# A submission or an entry, which may be everybody's to read: nobody has to say who asks.
READING: tuple[int | str, ...] = (*WRONG_TOKEN, 403, 404)
# A deed of a team with one of its submissions; `permission-denied` is a session's without the form's own token.
DEED: tuple[int | str, ...] = (401, 403, 404, "permission-denied", "token-may-not-submit")
OF_FRAMEWORKS: Mapping[str, int] = {
    **{code: status for status, codes in GENERAL.items() for code in codes},
    "permission-denied": 403,
    "parse-error": 400,
    "body-too-large": 400,
    "too-many-fields": 400,
    "storage-unavailable": 503,
}
UPLOAD = """Store the file and queue it: 202 and `Location`.

    curl -H "Authorization: Bearer $VERNIER_TOKEN" -F file=@answers.csv -F entry="my model" \\
        -F shots=1 -F visibility=private $SITE/api/v1/benchmarks/mmad/submissions/

The same file for the same entry again answers 200 with the submission that is there, and costs nothing, unless that
one was withdrawn, rejected, failed or cancelled."""


def status_of(code: str) -> int:
    """With which status a problem of this code is answered."""
    return OF_FRAMEWORKS.get(code) or STATUS.get(code, OTHERWISE)


def refusals(*beginnings: str) -> tuple[str, ...]:
    """The codes of all refusals that begin so."""
    return tuple(code for code in REFUSALS if code.startswith(beginnings))


# What an upload may be refused for.
INTAKE = (
    *(
        "permission-denied",
        "token-may-not-submit",
        "storage-unavailable",
        "uploads-closed",
        "too-many-uploads",
    ),
    *("benchmark-closed", "benchmark-not-yet", "benchmark-over", "benchmark-without-release"),
    *(
        "no-form",
        "unreadable-form",
        "body-too-large",
        "too-many-fields",
        *refusals("file-", "idempotency-key-"),
    ),
    *("no-team", "which-team", "unknown-team", "team-archived", "team-banned"),
    *("unknown-subtask", "unknown-frame", "frame-without-boxes", "entry-settings"),
    *("quota-daily", "quota-total", "public-entries"),
)


def problems(*said: int | str) -> dict[tuple[int, str], OpenApiResponse]:
    """The problem documents of a call, and those that every call may give.

    A code stands for itself, a status for what it says of every call alike.
    """
    codes: dict[int, list[str]] = {}
    for each in (*said, *ALWAYS):
        if isinstance(each, int):
            codes.setdefault(each, []).extend(GENERAL.get(each, ()))
        else:
            codes.setdefault(status_of(each), []).append(each)
    return {(status, CONTENT_TYPE): _problem(status, codes[status]) for status in sorted(codes)}


def problems_of_a_file(*said: int | str) -> dict[tuple[int, str], OpenApiResponse]:
    """The same of a call that reads an answer file to its end: its 422 may tell what is wrong with that."""
    found = problems(*said, "invalid-answers")
    (status, _kind), told = next((key, each) for key, each in found.items() if key[0] == OTHERWISE)
    return found | {
        (status, CONTENT_TYPE): OpenApiResponse(RejectedDocument, told.description, told.examples)
    }


def _problem(status: int, codes: list[str]) -> OpenApiResponse:
    """Its examples name the codes; the schema's last touch (leaderboard/schema.py) makes documents of them."""
    named = [OpenApiExample(code, value={"code": code}) for code in dict.fromkeys(codes)]
    return OpenApiResponse(ProblemDocument, PROBLEMS[status], examples=named)


def asked(body: Mapping[str, object]) -> OpenApiExample:
    """A body as somebody may send it."""
    return OpenApiExample("A request", value=body, request_only=True)


SENT_FILE = asked(
    {"file": "question_id,answer\nimage.png#0,A\n", "entry": "my model", "shots": 1, "visibility": "private"}
)


def location(*statuses: int) -> OpenApiParameter:
    return OpenApiParameter(
        "Location",
        str,
        OpenApiParameter.HEADER,
        description="Where the submission's state is.",
        response=list(statuses),
    )


def retry_after(*statuses: int) -> OpenApiParameter:
    """Sent with 429 and 503, and with a submission or a comparison that is not finished."""
    return OpenApiParameter(
        "Retry-After",
        int,
        OpenApiParameter.HEADER,
        description="Seconds until it is of use to ask again; left out once it is finished.",
        response=list(statuses),
    )


VALIDATE = """Check an answer file as scoring would, without sending it in: nothing is scored, kept or charged.

    curl -H "Authorization: Bearer $VERNIER_TOKEN" -F file=@answers.csv $SITE/api/v1/benchmarks/mmad/validate/

A file at fault is answered with 422, the code `invalid-answers` and the errors that a rejected submission would have.
Also works while the benchmark takes no submissions."""
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Your own name for this upload, such as the id of the pipeline’s run. Sent again within a week with "
    "the same file and fields, it is answered as at first and makes no second submission; with another file: 422; "
    "while the first is still coming in: 409.",
)
CURSOR = OpenApiParameter("cursor", str, description="From `next` or `previous`; none for the first page.")


def formats(*names: str) -> OpenApiParameter:
    """`?format=`, for those to whom a header is inconvenient."""
    return OpenApiParameter(
        "format", str, enum=names, description=f"In what to answer; `{names[0]}` where nothing is said."
    )
