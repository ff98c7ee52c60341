"""A token asks for itself and renews itself, so that a pipeline needs nobody to come by each year."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from submissions import tokens
from submissions.api import documented, token_shapes
from submissions.api.views import NOT_KEPT, asker_or_401
from submissions.models import Token
from submissions.refusals import Refusal

ROTATE = """A token of the same name, rights and length of life takes the place of the one that this is sent with. Its
text is in the answer and never again; both are shown on the team's page, and the maker gets a mail.

    curl -X POST -H "Authorization: Bearer $VERNIER_TOKEN" -d overlap_hours=24 $SITE/api/v1/token/rotate/

The old one ends after the overlap, or earlier where it would have. It cannot be rotated again: 409."""


def own_token(request: Request) -> Token:
    """The token that the request is sent with. Raises Refusal for a session."""
    token = asker_or_401(request).token
    if token is None:
        raise Refusal("not-by-token")
    return token


class TokenDetail(APIView):
    @extend_schema(
        operation_id="token",
        summary="Ask what your token may do",
        responses={200: token_shapes.TokenState, **documented.problems(401, "not-by-token")},
    )
    def get(self, request: Request) -> Response:
        """The token that this is sent with: its team, rights, benchmarks and end; never its text."""
        return Response(token_shapes.TokenState(own_token(request)).data, headers=NOT_KEPT)


class TokenRotate(APIView):
    @extend_schema(
        operation_id="token_rotate",
        summary="Let a new token take this one's place",
        description=ROTATE,
        request=token_shapes.Rotation,
        parameters=[documented.retry_after(429)],
        examples=[documented.asked({"overlap_hours": 24})],
        responses={
            201: token_shapes.RotatedShape,
            **documented.problems(
                401,
                "not-by-token",
                "permission-denied",
                "token-minted",
                "token-rotated",
                "token-over",
                "too-many-tokens",
                "too-many-rotations",
                *documented.BODY,
            ),
        },
    )
    def post(self, request: Request) -> Response:
        """Make the new token and let this one end after the overlap."""
        token = own_token(request)
        rotation = token_shapes.Rotation(data=request.data)
        rotation.is_valid(raise_exception=True)
        overlap = timedelta(hours=rotation.validated_data["overlap_hours"])
        made, text = tokens.rotate(token, overlap=overlap, by=asker_or_401(request), now=timezone.now())
        token.refresh_from_db(fields=["expires_at"])
        state: dict[str, Any] = dict(token_shapes.TokenState(made).data)
        said = {**state, "token": text, "previous_ends_at": token.expires_at}
        return Response(said, status=201, headers=NOT_KEPT)
