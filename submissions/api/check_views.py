"""Dry runs: what a worker would say of an answer file, at once and for nothing."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from submissions import askers, checks, intake, limits, senders, upload_switch, uploads
from submissions.api import documented, problems, report_shapes, serializers
from submissions.api.views import NOT_KEPT, asker_or_401
from submissions.askers import Asker
from submissions.models import Benchmark
from submissions.refusals import Refusal
from submissions.wording.refusals import INVALID_ANSWERS


def refuse_if_it_may_not(asker: Asker) -> None:
    """Raises Refusal for whom no upload would be taken from, whatever the team: nobody else makes us read files."""
    if not asker.may_submit:
        raise Refusal("token-may-not-submit")
    its_teams = askers.teams_of(asker)
    if not its_teams:
        raise Refusal("no-team")
    if any(team.archived_at is None and not team.is_banned for team in its_teams):
        return
    for team in its_teams:
        senders.refuse_silent(team)


class Validate(APIView):
    @extend_schema(
        operation_id="validate",
        summary="Check an answer file without sending it in",
        description=documented.VALIDATE,
        request={"multipart/form-data": serializers.DryRun},
        parameters=[documented.retry_after(429, 503)],
        responses={
            200: report_shapes.CheckedShape,
            **documented.problems_of_a_file(
                401, 403, 404, "too-many-checks", *documented.INTAKE, *documented.refusals("check-")
            ),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """What can be said of the file without the truth, or what is wrong with it."""
        asker = asker_or_401(request)
        benchmark = get_object_or_404(Benchmark.objects.with_release(), slug=slug)
        asker.refuse_elsewhere(benchmark)
        upload_switch.refuse_if_closed()
        refuse_if_it_may_not(asker)
        limits.count_check(asker.key)
        uploads.refuse_if_no_form(request)
        uploads.refuse_if_unusable(request)
        dry_run = serializers.DryRun(data=request.data)
        dry_run.is_valid(raise_exception=True)
        fields: dict[str, Any] = dry_run.validated_data
        said = {"partial": fields.get("partial", ()), "frame": fields.get("frame", "")}
        answers = fields["file"].file
        intake.refuse_unreadable(benchmark, answers, **said)
        try:
            found = checks.check(benchmark, answers, **said)
        except Refusal as refusal:
            if refusal.code in ("check-busy", "check-not-ready"):
                limits.give_back_check(asker.key)
            raise
        if found.summary is None:
            return problems.answer(
                422,
                "invalid-answers",
                INVALID_ANSWERS.format(total=found.errors_total),
                errors=[serializers.said(problem) for problem in found.errors],
                total=found.errors_total,
                more={"error_counts": found.error_counts},
                headers=NOT_KEPT,
            )
        release = benchmark.current_release
        nothing = {"valid": True, "errors": [], "errors_total": 0}
        return Response({**nothing, "release": release and release.digest, **found.summary}, headers=NOT_KEPT)
