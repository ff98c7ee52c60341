"""What the schema says of every call alike: its problems, its headers, its pages."""

from collections.abc import Mapping

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from submissions.api.problems import CONTENT_TYPE
from submissions.api.serializers import ProblemDocument

PROBLEMS: Mapping[int, str] = {
    400: "The body cannot be read.",
    401: "Nobody is known by this token or session.",
    403: "It is known who asks; they may not do this.",
    404: "There is nothing here, or it is not the asker's to see.",
    406: "None of the types in `Accept` can be answered with.",
    409: "Not in the submission's present state.",
    413: "The file is too large.",
    415: "The file or the body is of a kind that is not taken.",
    422: "A field, parameter, format or cursor cannot be used; `errors` says which.",
    429: "Too many; `Retry-After` says when to try again.",
    503: "The store does not answer, and nothing was taken or charged; or too much waits to be computed or checked.",
}
ALWAYS = (406, 422)
UPLOAD = """Store the file and queue it: 202 and `Location`.

    curl -H "Authorization: Bearer $VERNIER_TOKEN" -F file=@answers.csv -F entry="my model" \\
        -F shots=1 -F visibility=private $SITE/api/v1/benchmarks/mmad/submissions/

The same file for the same entry again answers 200 with the submission that is there, and costs nothing, unless that
one was withdrawn, rejected, failed or cancelled."""


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """The problem documents of a call: those of these statuses, and those that every call may give."""
    return {
        (status, CONTENT_TYPE): OpenApiResponse(ProblemDocument, PROBLEMS[status])
        for status in sorted({*statuses, *ALWAYS})
    }


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
