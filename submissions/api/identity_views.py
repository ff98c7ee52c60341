"""Trusted publishing: a CI job shows who it is by its service's identity token, and gets a short token of ours."""

import logging

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from submissions import minting
from submissions.api import documented, token_shapes
from submissions.api.authentication import address_of
from submissions.api.views import NOT_KEPT
from submissions.refusals import Refusal

logger = logging.getLogger(__name__)
MINT = """The identity token that GitHub or GitLab gave to a job, for a token of 15 minutes that may submit for one team
on one benchmark. A team registers the job beforehand, on its page.

    curl --json '{"token": "'"$IDENTITY"'", "team": "my-team", "benchmark": "mmad"}' $SITE/api/v1/oidc/mint-token/

Each identity token is exchanged once. A `code` that begins with `identity-` says that the token itself is refused, one
with `publisher-` that it is good and nobody registered that job so."""


class Audience(APIView):
    """For whom an identity token has to be made."""

    authentication_classes = ()

    @extend_schema(
        operation_id="oidc_audience",
        summary="Ask for whom an identity token has to be",
        auth=[],
        responses={200: token_shapes.AudienceShape, **documented.problems()},
    )
    def get(self, request: Request) -> Response:
        """The audience that an identity token must name, and no other beside it."""
        return Response({"audience": settings.VERNIER_URL})


class MintToken(APIView):
    """Exchange an identity token."""

    # The identity token is who asks: neither a session nor a token of ours plays a part.
    authentication_classes = ()

    @extend_schema(
        operation_id="oidc_mint_token",
        summary="Exchange a job's identity token for a token",
        description=MINT,
        auth=[],
        request=token_shapes.Mint,
        parameters=[documented.retry_after(429, 503)],
        responses={
            201: token_shapes.MintedShape,
            **documented.problems(
                "too-many-mints", *documented.BODY, *documented.refusals("identity-", "publisher-")
            ),
        },
    )
    def post(self, request: Request) -> Response:
        """A token of 15 minutes, scoped to the team and the benchmark of the publisher that the identity fits."""
        try:
            asked = token_shapes.Mint(data=request.data)
        except ParseError as error:
            raise Refusal("identity-body-unreadable") from error
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        try:
            made, text = minting.mint(
                said["token"],
                team=said.get("team", ""),
                benchmark=said.get("benchmark", ""),
                address=address_of(request),
                now=timezone.now(),
            )
        except Refusal as refusal:
            # Whoever is asked why a job is refused has the log alone: nothing of the job is kept.
            logger.info("an identity token was refused: %s", refusal.code)
            raise
        body = {
            "token": text,
            "expires_at": made.expires_at,
            "team": made.team.slug,
            "benchmarks": made.benchmarks,
            "scope": made.scope,
        }
        return Response(body, status=201, headers=NOT_KEPT)
