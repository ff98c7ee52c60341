"""The read API: each view translates an address, makes one call, and answers."""

from typing import Any, TypeVar
from uuid import UUID

from django.http import Http404, HttpRequest, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from leaderboard import board, comparison, descriptions, entries, etags, exports, phrases, prompts, shapes
from leaderboard.cursors import HistoryCursor, PositionCursor, UnreadableCursorError
from leaderboard.filters import (
    CHOICES,
    DIVISIONS,
    FILTERS,
    SETTINGS,
    Columns,
    Wanted,
    WrongAddressError,
    earlier_release,
    read,
)
from leaderboard.renderers import CSVRenderer, JSONLinesRenderer, JSONRenderer
from scoring.definition import CLOSED_DIVISION
from submissions import askers, contents, upload_switch
from submissions.api import documented, problems
from submissions.api.serializers import SETTINGS as SAID_OF_SETTINGS
from submissions.models import Benchmark, Entry, Question, Release, Submission

QUESTIONS_A_PAGE = 50
_Cursor = TypeVar("_Cursor", HistoryCursor, PositionCursor)


def described(benchmark: Benchmark, request: Request) -> dict[str, Any]:
    """What a list of benchmarks says of each."""
    release, rules = benchmark.current_release, benchmark.rules

    def url(name: str) -> str:
        return reverse(name, [benchmark.slug], request=request)

    return {
        "slug": benchmark.slug,
        "name": benchmark.name,
        "summary": descriptions.summary(benchmark),
        "is_standin": benchmark.is_standin,
        "is_open": benchmark.takes_submissions and not upload_switch.sentence(),
        "opens_at": benchmark.opens_at,
        "closes_at": benchmark.closes_at,
        "disclosure": benchmark.disclosure,
        "release": release
        and {
            "digest": release.digest,
            "questions": release.question_count,
            "images": release.image_count,
            "excluded": release.excluded_count,
            "created_at": release.created_at,
        },
        "limits": {
            "daily": benchmark.daily_limit,
            "total": benchmark.total_limit,
            "public_entries": benchmark.public_entries_limit,
        },
        "changed_at": benchmark.changed_at,
        "links": {
            **(rules.links if benchmark.is_original else {}),
            "self": url("api-benchmark"),
            "leaderboard": url("api-leaderboard"),
            "questions_file": url("api-questions"),
            "prompts_file": url("api-prompts"),
            "page": url("board"),
        },
    }


def defined(benchmark: Benchmark, request: Request) -> dict[str, Any]:
    """Everything that the public may know of a benchmark."""
    rules, asked = benchmark.rules, contents.of(benchmark)
    is_original, of_boxes = benchmark.is_original, benchmark.asks_for_boxes
    metrics = {
        subtask.metric: phrases.metric(subtask.metric, of_boxes=of_boxes) for subtask in asked.subtasks
    }
    return described(benchmark, request) | {
        "subtasks": [
            {
                "slug": subtask.slug,
                "name": subtask.name,
                "short_name": subtask.short_name,
                "metric": subtask.metric,
                "kinds": subtask.raw_types,
            }
            for subtask in asked.subtasks
        ],
        "source_datasets": asked.source_datasets,
        "columns": Columns.of(benchmark).ranked,
        "metrics": metrics,
        "rules": {
            "average_over": rules.average_over,
            "lower_is_better": rules.lower_is_better,
            "present_minimum": rules.present_minimum,
            "options_minimum": None if of_boxes else rules.options_minimum,
            "options_maximum": None if of_boxes else rules.options_maximum,
            "answers_public": rules.answers_public if is_original else None,
            "closed_division": dict(CLOSED_DIVISION),
            "holds_alike": benchmark.holds_alike,
            "source_dataset_folds": rules.folds,
        },
        # The definition's words are of its own benchmark: other questions under its rules are not its.
        "notice": rules.notice if is_original else "",
        "obtain": rules.obtain if is_original else "",
        "citation": rules.citation if is_original else "",
    }


class PublicView(APIView):
    """The same for everyone, so nobody's session or token is asked for."""

    authentication_classes = []
    renderer_classes = [JSONRenderer]


class Index(PublicView):
    @extend_schema(
        operation_id="index",
        tags=["site"],
        summary="Find the parts of this API",
        responses={200: shapes.IndexShape, **documented.problems()},
    )
    def get(self, request: Request) -> Response:
        """Where to go from here."""
        names = {"benchmarks": "api-benchmarks", "schema": "api-schema", "docs": "api-docs"}
        return Response({word: reverse(name, request=request) for word, name in names.items()})


def wrong_cursor() -> ValidationError:
    """What a cursor from elsewhere is answered with."""
    detail = _("This cursor was not made here. Leave it out to begin at the first page.")
    return ValidationError({"cursor": ErrorDetail(detail, code="unreadable-cursor")})


def cursor_or_422(request: Request, kind: type[_Cursor]) -> _Cursor | None:
    """The cursor that came, if any. Raises ValidationError for one that was not made here."""
    text = request.query_params.get("cursor")
    if not text:
        return None
    try:
        return kind.decode(text)
    except UnreadableCursorError as error:
        raise wrong_cursor() from error


class BenchmarkList(PublicView):
    @extend_schema(
        operation_id="benchmarks_list",
        summary="List the benchmarks",
        parameters=[documented.CURSOR],
        responses={200: shapes.BenchmarkPageShape, **documented.problems()},
    )
    def get(self, request: Request) -> Response:
        """Every benchmark of this site, on one page."""
        if request.query_params.get("cursor"):
            raise wrong_cursor()  # one page makes no cursors
        known = Benchmark.objects.with_release().order_by("is_standin", "name")
        body = {
            "next": None,
            "previous": None,
            "results": [described(benchmark, request) for benchmark in known],
        }
        return Response(body, headers={"Cache-Control": "public, no-cache"})


class BenchmarkDetail(PublicView):
    @extend_schema(
        operation_id="benchmark",
        summary="Read a benchmark's definition",
        responses={200: shapes.DefinitionShape, **documented.problems(404)},
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """A benchmark's definition: release, subtasks, source datasets, metrics, rules, limits, links."""
        benchmark = get_object_or_404(Benchmark.objects.with_release(), slug=slug)
        # Limits and the switch may be set without a change of the board, so the tag is of what is said.
        body = defined(benchmark, request)
        return etags.unless_known(request._request, etags.tag(request._request, body), lambda: Response(body))


def _parameters() -> list[OpenApiParameter]:
    """The board's query parameters, for the schema."""
    words = {
        **SAID_OF_SETTINGS,
        "division": "Rows and ranks of this division; `closed` holds entries that declare no help.",
        "kind": "Rows scored here, or those quoted from the authors and papers.",
        "tier": "Rows that are quoted, scored, or verified by an organizer.",
        "column": "`overall`, a subtask's slug or a source dataset's name.",
        "q": "Text in the entry's name.",
        "cursor": "From `next` or `previous`.",
        "release": "The board of an earlier release, as it stood when it was replaced: a digest's first digits.",
    }
    kinds: dict[str, Any] = {"division": DIVISIONS, **CHOICES}
    listed = []
    for name in ("column", "division", "release", "cursor", *FILTERS):
        allowed = list(kinds[name]) if name in kinds else None
        if allowed and name in SETTINGS:
            allowed += ["declared", "undeclared"]
        listed.append(OpenApiParameter(name, str, description=words[name], enum=allowed))
    return [*listed, documented.formats("json", "csv")]


def earlier_release_or_422(request: Request, benchmark: Benchmark) -> Release | None:
    """The release that `?release=` names, None for the present one. Raises ValidationError for an unknown one."""
    try:
        return earlier_release(benchmark, request.query_params.get("release", ""))
    except Release.DoesNotExist:
        detail = _("This benchmark has had no release of this digest. Leave it out for the present board.")
        raise ValidationError({"release": ErrorDetail(detail, code="unknown-release")}) from None


def wanted_or_422(request: Request, columns: Columns, release: Release | None) -> Wanted:
    """What the query string asks of the board. Raises ValidationError naming the parameters at fault."""
    try:
        digest = release.short_digest if release else ""
        return read(request._request.GET, columns, release=digest, also=("format",))
    except WrongAddressError as error:
        faults: dict[str, list[ErrorDetail]] = {}
        for part in error.parts:
            faults.setdefault(part.field, []).append(ErrorDetail(part.detail, code=part.code))
        raise ValidationError(faults) from error


class Leaderboard(PublicView):
    renderer_classes = [JSONRenderer, CSVRenderer]

    @extend_schema(
        operation_id="leaderboard",
        summary="Read a board",
        parameters=_parameters(),
        responses={
            (200, "application/json"): shapes.BoardShape,
            (200, "text/csv"): OpenApiTypes.STR,
            **documented.problems(404),
        },
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """A page of the board, best first. Ranks are global within the division and column; filters do not re-rank."""
        benchmark = get_object_or_404(Benchmark.objects.with_release(), slug=slug)
        etag = etags.tag(request._request, etags.standing_of(benchmark))
        return etags.unless_known(request._request, etag, lambda: self._page(request, benchmark))

    def _page(self, request: Request, benchmark: Benchmark) -> Response:
        release = earlier_release_or_422(request, benchmark)
        columns = Columns.of(benchmark, release)
        wanted = wanted_or_422(request, columns, release)
        columns = columns.by(wanted.column)
        found = board.page(board.Board(benchmark, release), columns, wanted)
        as_csv = request.accepted_renderer.format == "csv"
        kept = {"format": "csv"} if as_csv else {}
        here = request.build_absolute_uri(request.path)
        next_url = here + wanted.at(found.next).query(**kept) if found.next else None
        previous_url = here + wanted.at(found.previous).query(**kept) if found.previous else None
        if not as_csv:
            return Response({"next": next_url, "previous": previous_url, "results": found.rows})
        neighbours = [(next_url, "next"), (previous_url, "prev")]
        links = ", ".join(f'<{url}>; rel="{relation}"' for url, relation in neighbours if url)
        name = f"{slug_of(benchmark, wanted)}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'} | (
            {"Link": links} if links else {}
        )
        return Response(exports.board_csv(found.rows, columns), headers=headers)


def slug_of(benchmark: Benchmark, wanted: Wanted) -> str:
    """A file name for this board: `mmad-overall-open`."""
    return "-".join(filter(None, (benchmark.slug, wanted.release, wanted.column, wanted.division)))


class Compare(PublicView):
    # Of entries it is the same for everyone; submissions may be the asker's own.
    authentication_classes = list(APIView.authentication_classes)

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Who asks for entries is not asked who it is."""
        asked = getattr(self, "request", None)
        if asked is not None and ("entries" in asked.GET or "submissions" not in asked.GET):
            return []
        return super().get_authenticators()

    @extend_schema(
        operation_id="compare",
        summary="Compare entries, or two submissions",
        parameters=[
            OpenApiParameter(
                "entries",
                str,
                description="Two to six ids of entries on the board, separated by commas, or the parameter repeated.",
            ),
            OpenApiParameter(
                "submissions",
                str,
                description="In place of `entries`: the ids of two scored submissions that you may see, said the "
                "same way. They may be two tries of one entry, and private.",
            ),
            documented.retry_after(202, 429, 503),
        ],
        responses={
            200: shapes.ComparisonShape,
            202: OpenApiResponse(shapes.ComparisonShape, "A worker computes what is left out: ask again."),
            **documented.problems(
                *documented.READING,
                409,
                "too-many-own-comparisons",
                "too-many-comparisons",
                *documented.refusals("compare-"),
            ),
        },
    )
    def get(self, request: Request, slug: str) -> Response:
        """Each two of these entries by what stands for them on the board: differences, their intervals, a verdict.

        Differences are of the same questions, so an interval is that of the difference: whether the entries' own
        intervals overlap says nothing of it. What was never asked before is there within two seconds.
        """
        benchmark = get_object_or_404(Benchmark.objects.with_release(), slug=slug)
        asked, now = request.query_params, timezone.now()
        if "submissions" in asked and "entries" not in asked:
            ids = comparison.named(asked.getlist("submissions"), "submissions")
            found = comparison.of_submissions(benchmark, ids, asker=askers.of(request), now=now)
            headers = {"Cache-Control": "private, no-store"}
        else:
            found = comparison.of(benchmark, comparison.named(asked.getlist("entries")), now=now)
            headers = {"Cache-Control": "no-cache"}
        if found.is_done:
            return Response(comparison.body(found), headers=headers)
        headers["Retry-After"] = str(comparison.RETRY_SECONDS)
        return Response(comparison.body(found), status=202, headers=headers)


class Questions(PublicView):
    renderer_classes = [JSONRenderer, CSVRenderer, JSONLinesRenderer]

    @extend_schema(
        operation_id="questions",
        summary="Read or download the questions",
        parameters=[
            documented.CURSOR,
            documented.formats("json", "csv", "jsonl"),
        ],
        responses={
            (200, "application/json"): shapes.QuestionPageShape,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/jsonl"): OpenApiTypes.STR,
            **documented.problems(404),
        },
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """The current release's questions without their answers, 50 a page; as a file, all of them."""
        benchmark = get_object_or_404(Benchmark.objects.with_release(), slug=slug)
        release = benchmark.current_release
        if release is None:
            raise Http404
        etag = etags.tag(request._request, release.digest)
        return etags.unless_known(request._request, etag, lambda: self._answer(request, benchmark, release))

    def _answer(self, request: Request, benchmark: Benchmark, release: Release) -> HttpResponseBase:
        writers = {"csv": exports.questions_csv, "jsonl": exports.questions_jsonl}
        renderer = request.accepted_renderer
        if renderer.format not in writers:
            return Response(self._page(request, release))
        name = f"{benchmark.slug}-{release.short_digest}-questions.{renderer.format}"
        return StreamingHttpResponse(
            writers[renderer.format](release),
            content_type=f"{renderer.media_type}; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def _page(self, request: Request, release: Release) -> dict[str, Any]:
        cursor = cursor_or_422(request, PositionCursor) or PositionCursor(0)
        start = max(cursor.position - QUESTIONS_A_PAGE, 0) if cursor.backwards else cursor.position
        end = start + QUESTIONS_A_PAGE
        numbered = Question.objects.filter(release=release, position__gte=start, position__lt=end)
        here = request.build_absolute_uri(request.path)
        following, before = PositionCursor(end), PositionCursor(start, backwards=True)
        return {
            "next": f"{here}?cursor={following.encode()}" if end < release.question_count else None,
            "previous": f"{here}?cursor={before.encode()}" if start > 0 else None,
            "results": list(numbered.order_by("position").values(*exports.QUESTION_FIELDS)),
        }


class Prompts(PublicView):
    renderer_classes = [JSONLinesRenderer]

    @extend_schema(
        operation_id="prompts",
        summary="Download the questions as prompts",
        parameters=[shapes.PromptsQuery, documented.formats("jsonl")],
        responses={(200, "application/jsonl"): shapes.PromptShape, **documented.problems(404)},
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """The current release's questions as its benchmark puts them to a model, one JSON object a line.

        `prompt` is all that a model is to be shown, in order: texts, and images by their paths in the dataset. The
        templates and the knowledge in it stand in fields of their own as well. Asking for what the benchmark does not
        have, templates or knowledge, is 422.
        """
        benchmark = get_object_or_404(Benchmark.objects.with_release(), slug=slug)
        release = benchmark.current_release
        if release is None:
            raise Http404
        wanted = self._wanted(request, release)
        knowledge = prompts.knowledge_of(benchmark) if wanted.knowledge == "full" else None
        if wanted.knowledge == "full" and knowledge is None:
            detail = _("No domain knowledge is loaded for this benchmark. Leave the parameter out.")
            raise ValidationError({"knowledge": ErrorDetail(detail, code="no-knowledge")})
        # Not which templates: those that a release has stay.
        etag = etags.tag(request._request, release.digest, knowledge and knowledge.sha256)
        name = f"{benchmark.slug}-{release.short_digest}-prompts.jsonl"
        return etags.unless_known(
            request._request,
            etag,
            lambda: StreamingHttpResponse(
                prompts.jsonl(benchmark, release, wanted, knowledge),
                content_type="application/jsonl; charset=utf-8",
                headers={"Content-Disposition": f'attachment; filename="{name}"'},
            ),
        )

    def _wanted(self, request: Request, release: Release) -> prompts.Wanted:
        """What the query string asks for. Raises ValidationError naming what cannot be."""
        query = shapes.PromptsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = prompts.Wanted(**query.validated_data)
        if wanted.shots and not release.templates.exclude(**{wanted.template: []}).exists():
            field, detail = "shots", _("This release has no template images. Leave the parameter out.")
            if release.templates.exists():
                field, detail = "template", _("This release has template images of the other kind alone.")
            raise ValidationError({field: ErrorDetail(detail, code="no-templates")})
        return wanted


class EntryDetail(APIView):
    renderer_classes = [JSONRenderer]

    @extend_schema(
        operation_id="entry",
        summary="Read an entry with its history",
        parameters=[documented.CURSOR],
        responses={200: shapes.EntryDetailShape, **documented.problems(*documented.READING)},
    )
    def get(self, request: Request, entry_id: UUID) -> Response:
        """One entry: figures, settings, and its history, 50 submissions a page.

        What is not public is there for its team alone. `next` and `previous` are the same entry with another page
        of its history.
        """
        found = entries.details(entry_id, askers.of(request), cursor_or_422(request, HistoryCursor))
        here = request.build_absolute_uri(request.path)
        return Response(entry_body(found, here), headers={"Cache-Control": "private, no-cache"})


def entry_body(found: entries.Details, here: str) -> dict[str, Any]:
    entry, history = found.entry, found.history
    first, last = found.rank_ranges["open"].get("overall", (None, None))
    return {
        "id": entry.pk,
        "name": entry.name,
        "benchmark": entry.benchmark.slug,
        "team": entry.team.slug,
        "division": entry.division,
        "settings": entry.declared(),
        "tries": entry.tries,
        "expected_gain": found.expected_gain,
        "hidden_at": entry.hidden_at,
        "hidden_reason": entry.hidden_reason or None,
        "tier": found.tier,
        "verified_submission": entry.verified_id,
        "verified_at": entry.verified_at,
        "verified_note": entry.verified_note or None,
        "review_since": entry.review_since,
        "review_reason": entry.review_reason or None,
        "submission": entry.shown_id,
        "score": found.score,
        "interval": found.intervals.get("overall"),
        "intervals": found.intervals,
        "coverage": entry.shown.coverage if entry.shown else None,
        "rank": found.ranks["open"].get("overall"),
        "rank_low": first,
        "rank_high": last,
        "ranks": found.ranks,
        "rank_ranges": found.rank_ranges,
        **board.grouped(found.figures, found.columns),
        "cells": entries.cells(found),
        "history": [_line(submission, entry) for submission in history.rows],
        "next": f"{here}?cursor={history.next.encode()}" if history.next else None,
        "previous": f"{here}?cursor={history.previous.encode()}" if history.previous else None,
    }


def _line(submission: Submission, entry: Entry) -> dict[str, Any]:
    return {
        "submission": submission.pk,
        "status": submission.status,
        "visibility": submission.visibility,
        "received_at": submission.received_at,
        "finished_at": submission.finished_at,
        "score": submission.score,
        "interval": submission.interval,
        "coverage": submission.coverage,
        "partial": submission.partial,
        "shown": submission.pk == entry.shown_id,
        "withdrawn_at": submission.withdrawn_at,
        "withdrawn_reason": submission.withdrawn_reason or None,
    }


def bad_request(fault: Exception) -> JsonResponse:
    """A request under /api/ that was given up on before, or while, its call read it."""
    return as_json(problems.unreadable(fault))


def permission_denied() -> JsonResponse:
    """A call under /api/ that was refused outside of its view."""
    return as_json(problems.answer(403, "permission-denied", _("You may not do this.")))


def not_found() -> JsonResponse:
    """Any address under /api/ that there is not."""
    return as_json(problems.answer(404, "not-found", _("There is nothing here, or it is not yours to see.")))


def slash_wanting(request: HttpRequest) -> JsonResponse:
    """The address of a call without its last slash."""
    detail = _("There is nothing here. The address ends with a slash: send it to {path}/.")
    return as_json(problems.answer(404, "slash-missing", detail.format(path=request.path)))


def server_error() -> JsonResponse:
    """A fault of ours under /api/, without a word of what broke."""
    detail = _("Something broke on our side. It has been logged; try again in a minute.")
    return as_json(problems.answer(500, "server-error", detail))


def as_json(problem: Response) -> JsonResponse:
    """A problem document that no view of the API's answers with."""
    headers = {name: value for name, value in problem.headers.items() if name != "Content-Type"}
    return JsonResponse(
        problem.data, status=problem.status_code, content_type=problems.CONTENT_TYPE, headers=headers
    )
