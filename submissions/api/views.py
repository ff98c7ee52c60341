"""The write API: each view translates, makes one call, and answers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError as UnreadableValueError
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.exceptions import ErrorDetail, NotAuthenticated, NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from submissions import (
    askers,
    idempotency,
    intake,
    limits,
    pacing,
    publication,
    reports,
    tokens,
    upload_switch,
    uploads,
)
from submissions.api import authentication, documented, report_shapes, serializers
from submissions.askers import Asker
from submissions.models import Benchmark, Submission, Team
from submissions.refusals import Refusal

LONGEST_NUMBER = 9  # digits

NOT_KEPT = {"Cache-Control": "no-store"}


class NewestFirst(CursorPagination):
    page_size = 50
    ordering = ("-received_at", "-id")

    def page_of(self, found: QuerySet[Submission], request: Request) -> list[Submission]:
        """The page asked for. Raises ValidationError for a cursor that was not made here."""
        try:
            return self.paginate_queryset(found, request) or []
        except (NotFound, UnreadableValueError) as error:
            detail = _("This cursor was not made here. Leave it out to begin at the first page.")
            raise ValidationError({"cursor": ErrorDetail(detail, code="unreadable-cursor")}) from error


def asker_or_401(request: Request) -> Asker:
    """Who asks; somebody must."""
    asker = askers.of(request)
    if not asker.is_known:
        raise NotAuthenticated
    return asker


def submitting_team(asker: Asker, slug: str | None) -> Team:
    """The team that an upload is sent by. Raises Refusal when it may not submit or cannot be told."""
    if not asker.may_submit:
        raise Refusal("token-may-not-submit")
    teams = askers.teams_of(asker)
    if slug:
        named = [team for team in teams if team.slug == slug]
        if not named:
            raise Refusal("unknown-team", field="team", team=slug)
        return named[0]
    if not teams:
        raise Refusal("no-team", field="team")
    # Archived ones need no naming; alone, such a one is refused by its name.
    active = [team for team in teams if team.archived_at is None] or teams
    if len(active) > 1:
        raise Refusal("which-team", field="team", teams=", ".join(team.slug for team in active))
    return active[0]


def until_finished(submission: Submission, wait: int | None = None) -> Mapping[str, str]:
    """The header that says when to ask again, while there is something to wait for."""
    if submission.is_finished:
        return {}
    return {"Retry-After": str(pacing.seconds(submission, now=timezone.now(), wait=wait))}


def wanted_wait(request: Request) -> int | None:
    """The seconds that the caller would wait, a minute at most. Raises ValidationError for what is no such number."""
    said = request.query_params.get("wait")
    if said is None:
        return None
    if not (said.isascii() and said.isdecimal() and len(said) <= LONGEST_NUMBER):
        detail = _("“wait” is a whole number of seconds, 0 to 60; more is taken as 60.")
        raise ValidationError({"wait": ErrorDetail(detail, code="unreadable-wait")})
    return min(int(said), pacing.LONGEST_WAIT)


class SubmissionList(APIView):
    """Take an answer file, and list the team's submissions."""

    @extend_schema(
        operation_id="submissions_list",
        summary="List your teams' submissions",
        parameters=[documented.CURSOR],
        responses={200: serializers.SubmissionPageShape, **documented.problems(401, 403, 404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """The asker's teams' submissions on this benchmark, newest first, 50 a page."""
        asker = asker_or_401(request)
        benchmark = get_object_or_404(Benchmark, slug=slug)
        asker.refuse_elsewhere(benchmark)
        mine = Submission.objects.of(asker).filter(benchmark=benchmark)
        pages = NewestFirst()
        page = pages.page_of(mine.select_related("benchmark", "team", "entry", "release", "token"), request)
        shaped = serializers.SubmissionState(page, many=True, context={"request": request})
        return pages.get_paginated_response(shaped.data)

    @extend_schema(
        operation_id="submissions_create",
        summary="Send an answer file",
        description=documented.UPLOAD,
        request={"multipart/form-data": serializers.Upload},
        examples=[documented.SENT_FILE],
        parameters=[
            documented.IDEMPOTENCY_KEY,
            documented.location(200, 202),
            documented.retry_after(200, 202, 409, 429, 503),
        ],
        responses={
            202: serializers.SubmissionState,
            200: serializers.SubmissionState,
            **documented.problems(401, 403, 404, *documented.INTAKE),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """Store the file and queue it: 202 and `Location`. The same file for the same entry again: 200, no charge."""
        asker = asker_or_401(request)
        benchmark = get_object_or_404(Benchmark.objects.with_release(), slug=slug)
        asker.refuse_elsewhere(benchmark)
        upload_switch.refuse_if_closed()
        limits.count_upload(asker.key)
        uploads.refuse_if_no_form(request)
        uploads.refuse_if_unusable(request)
        upload = serializers.Upload(data=request.data)
        upload.is_valid(raise_exception=True)
        fields: dict[str, Any] = upload.validated_data
        team = submitting_team(asker, fields.get("team"))
        offer = intake.Offer(
            benchmark=benchmark,
            team=team,
            entry_name=fields["entry"],
            answers=fields["file"].file,
            file_name=fields["file"].name,
            settings=upload.declared(),
            visibility=Submission.Visibility(fields["visibility"]),
            partial=fields.get("partial", ()),
            frame=fields.get("frame", ""),
            source=Submission.Source.API,
            user=asker.user,
            token=asker.token,
        )
        try:
            receipt = self._receipt(offer, idempotency.read(request.headers.get(idempotency.HEADER)))
        except tokens.UnusableTokenError as error:
            raise authentication.failed(error) from error
        state = serializers.SubmissionState(receipt.submission, context={"request": request})
        location = reverse("api-submission", [receipt.submission.pk], request=request)
        headers = {"Location": location, **until_finished(receipt.submission)}
        return Response(state.data, status=202 if receipt.is_new else 200, headers=headers)

    def _receipt(self, offer: intake.Offer, key: str | None) -> intake.Receipt:
        """Take the file in; of one that came under the same key before, the receipt that it got then."""
        now = timezone.now()
        if key is None:
            return intake.accept(offer, now=now)
        said = {
            "benchmark": offer.benchmark.slug,
            "entry": offer.entry_name,
            "visibility": offer.visibility,
            "partial": sorted(offer.partial),
            "settings": offer.settings,
            **({"frame": offer.frame} if offer.frame else {}),
        }
        fingerprint = idempotency.fingerprint(offer.answers, said)
        with idempotency.claimed(offer.team, key, fingerprint, now=now) as row:
            if row.submission is not None:
                return intake.Receipt(row.submission, is_new=row.was_new)
            return intake.accept(replace(offer, key=row), now=now)


def visible(request: Request, submission_id: UUID) -> Submission:
    """A submission that the asker may see, else 404; 403 for a token of the team that is for other benchmarks."""
    asker = askers.of(request)
    seen = Submission.objects.visible_to(asker).select_related(
        "benchmark", "team", "entry", "release", "token"
    )
    submission = get_object_or_404(seen, pk=submission_id)
    askers.reading(asker, submission)
    return submission


class SubmissionDetail(APIView):
    @extend_schema(
        operation_id="submission",
        summary="Ask for a submission's state",
        parameters=[
            OpenApiParameter(
                "wait",
                {"type": "integer", "minimum": 0, "maximum": 10**LONGEST_NUMBER - 1},
                description="Seconds that you would wait for the end, 0 to 60; more is taken as 60. The answer comes "
                "at once all the same: while the submission is unfinished, `Retry-After` says when to ask again, never "
                "later than that, and the sooner the fewer are ahead of it.",
            ),
            documented.retry_after(200),
        ],
        responses={200: serializers.SubmissionState, **documented.problems(*documented.READING)},
    )
    def get(self, request: Request, submission_id: UUID) -> Response:
        """The submission's state. While it is unfinished, `Retry-After` says when to ask again."""
        wait = wanted_wait(request)
        submission = visible(request, submission_id)
        state = serializers.SubmissionState(submission, context={"request": request})
        headers = {**until_finished(submission, wait), **NOT_KEPT}
        return Response(state.data, headers=headers)


class SubmissionReport(APIView):
    @extend_schema(
        operation_id="report",
        summary="Read a submission's report",
        parameters=[
            OpenApiParameter(
                "release",
                str,
                description="The first digits of a release's digest, for the report on that one; otherwise the report "
                "that the submission's score stands on.",
            )
        ],
        responses={200: report_shapes.ReportShape, **documented.problems(*documented.READING, "no-report")},
    )
    def get(self, request: Request, submission_id: UUID) -> Response:
        """Every figure of a scored submission that the benchmark discloses."""
        submission = visible(request, submission_id)
        digest = request.query_params.get("release", "")
        report = None
        if submission.is_scored:
            report = reports.on(submission, digest) if digest else reports.current(submission)
        if report is None:
            raise Refusal("no-report", status=submission.get_status_display())
        state = serializers.SubmissionState(submission, context={"request": request})
        of = {"release": report.release.digest}
        disclosed = reports.disclosed(report.body, submission.benchmark)
        return Response({**state.data, **of, **disclosed}, headers=NOT_KEPT)


class SubmissionProblems(APIView):
    @extend_schema(
        operation_id="problems",
        summary="Read every error of a rejected file",
        responses={200: serializers.SubmissionState, **documented.problems(*documented.READING)},
    )
    def get(self, request: Request, submission_id: UUID) -> Response:
        """The submission's state with its errors, 10,000 at most, for its team alone."""
        asker = askers.of(request)
        mine = Submission.objects.of(asker).select_related("benchmark")
        submission = get_object_or_404(mine, pk=submission_id)
        asker.refuse_elsewhere(submission.benchmark)
        state = serializers.SubmissionState(submission, context={"request": request})
        errors = [serializers.said(problem) for problem in reports.problems(submission)]
        return Response(state.data | {"errors": errors}, headers=NOT_KEPT)


def done(*codes: str) -> dict[Any, Any]:
    """What a deed is answered with; the codes are those of its own refusals."""
    return {200: serializers.SubmissionState, **documented.problems(*documented.DEED, *codes)}


class SubmissionDeed(APIView):
    """What a team may do with one of its submissions."""

    def deed(self, submission: Submission, request: Request) -> None:
        raise NotImplementedError

    def post(self, request: Request, submission_id: UUID) -> Response:
        asker = asker_or_401(request)
        if not asker.may_submit:
            raise Refusal("token-may-not-submit")
        mine = Submission.objects.of(asker).select_related("benchmark")
        submission = get_object_or_404(mine, pk=submission_id)
        asker.refuse_elsewhere(submission.benchmark)
        self.deed(submission, request)
        state = serializers.SubmissionState(visible(request, submission_id), context={"request": request})
        return Response(state.data)


@extend_schema_view(
    post=extend_schema(
        request=None,
        responses=done("already-withdrawn", "not-scored", "team-banned", "public-entries"),
        operation_id="submission_publish",
        summary="Make a submission public",
    )
)
class SubmissionPublish(SubmissionDeed):
    """Make it public."""

    def deed(self, submission: Submission, request: Request) -> None:
        publication.publish(submission, by=askers.of(request), now=timezone.now())


@extend_schema_view(
    post=extend_schema(
        request=serializers.Withdrawal,
        examples=[documented.asked({"reason": "The prompt was another than declared."})],
        responses=done("already-withdrawn", "not-public", "reason-missing", *documented.BODY),
        operation_id="submission_withdraw",
        summary="Withdraw a submission",
    )
)
class SubmissionWithdraw(SubmissionDeed):
    """Take it off the ranks, with a reason."""

    def deed(self, submission: Submission, request: Request) -> None:
        withdrawal = serializers.Withdrawal(data=request.data)
        withdrawal.is_valid(raise_exception=True)
        reason = withdrawal.validated_data["reason"]
        publication.withdraw(submission, reason=reason, by=askers.of(request), now=timezone.now())


@extend_schema_view(
    post=extend_schema(
        request=None,
        responses=done("not-scored", "not-public-to-choose"),
        operation_id="submission_choose",
        summary="Let a submission stand for its entry",
    )
)
class SubmissionChoose(SubmissionDeed):
    """Let it stand for its entry."""

    def deed(self, submission: Submission, request: Request) -> None:
        publication.choose(submission, by=askers.of(request))


@extend_schema_view(
    post=extend_schema(
        request=None,
        responses=done("not-queued"),
        operation_id="submission_cancel",
        summary="Cancel a submission that still waits",
    )
)
class SubmissionCancel(SubmissionDeed):
    """Take it back before a worker has begun with it; it then costs no quota."""

    def deed(self, submission: Submission, request: Request) -> None:
        publication.cancel(submission, by=askers.of(request), now=timezone.now())
