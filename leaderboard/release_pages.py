"""A benchmark's releases: when each was current, what it changed, and whom it moved."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from leaderboard import moves
from submissions import askers, disputes, rescoring
from submissions.models import Benchmark, Release
from submissions.models.dispute import Decision
from submissions.ui import format as written

MOST_MOVES = 500
CHANGES = ("answers_changed", "reworded", "added", "removed", "excluded", "readmitted")


@require_safe
@never_cache
def releases(request: HttpRequest, slug: str) -> HttpResponse:
    """Every release that is or was current, the newest first; to organizers also the draft."""
    benchmark = get_object_or_404(Benchmark.objects.with_release().select_related("draft_release"), slug=slug)
    public = Release.objects.public().filter(benchmark=benchmark).order_by("-became_current_at")
    context = {
        "benchmark": benchmark,
        "releases": [_line(benchmark, release) for release in public],
        "draft": _draft(benchmark) if askers.of(request).is_staff else None,
    }
    return render(request, "leaderboard/releases.html", context)


@require_safe
@never_cache
def release(request: HttpRequest, slug: str, digest: str) -> HttpResponse:
    """What a release changed and whom it moved; of a draft, to organizers alone, what it would."""
    benchmark = get_object_or_404(Benchmark.objects.with_release(), slug=slug)
    known = Release.objects.filter(benchmark=benchmark).select_related("previous")
    if not askers.of(request).is_staff:
        known = known.public()
    found = known.named(digest).first()
    if found is None:
        raise Http404
    changed = moves.between(found)
    context = {
        "benchmark": benchmark,
        "release": _line(benchmark, found),
        "is_draft": found.became_current_at is None,
        "rulings": [_ruling(waiting, benchmark) for waiting in disputes.waiting_for(found)]
        if found.pk == benchmark.draft_release_id
        else [],
        "moved": [_move(move) for move in changed.moved[:MOST_MOVES]],
        "lost": [_move(move) for move in changed.lost[:MOST_MOVES]],
        "counted_text": _counted(changed),
    }
    return render(request, "leaderboard/release.html", context)


def _counted(changed: moves.Moves) -> str:
    """How many entries changed their rank, how many their score alone, and how many nothing."""
    climbed = sum(1 for move in changed.moved if move.climb)
    return _("{climbed} changed rank, {rescored} their score alone, {stayed} neither").format(
        climbed=written.count(climbed),
        rescored=written.count(len(changed.moved) - climbed),
        stayed=written.count(changed.stayed),
    )


def _line(benchmark: Benchmark, release: Release) -> dict[str, Any]:
    short = release.short_digest
    board = reverse("board", args=[benchmark.slug])
    is_current = release.pk == benchmark.current_release_id
    return {
        "digest": short,
        "digest_text": written.digest(release.digest),
        "is_current": is_current,
        "since": written.day(release.became_current_at),
        "until": written.day(release.replaced_at) if release.replaced_at and not is_current else "",
        "questions_text": written.count(release.question_count),
        "asked_text": written.asked(release.question_count, images=benchmark.asks_for_boxes),
        "changes": changes(benchmark, release),
        "board_url": board if is_current else f"{board}?release={short}",
        "url": reverse("release", args=[benchmark.slug, short]) if release.previous_id else "",
    }


def _draft(benchmark: Benchmark) -> dict[str, Any] | None:
    draft = benchmark.draft_release
    if draft is None:
        return None
    found = rescoring.progress(draft)
    return _line(benchmark, draft) | {
        "done_text": written.count(found.done),
        "total_text": written.count(found.total),
        "faults": found.faults,
        "faults_text": written.count(found.faults) if found.faults else "",
        "done": found.done,
        "total": found.total,
        "switch_due": draft.switch_due,
    }


def changes(benchmark: Benchmark, release: Release) -> list[str]:
    """What it changed of the release before it, in words: how many questions of which subtask, never which.

    An image of a benchmark of boxes is asked of each subtask, so there is no sum.
    """
    words = {
        "answers_changed": _("answers changed"),
        "reworded": _("reworded"),
        "added": _("added"),
        "removed": _("removed"),
        "excluded": _("no longer counted"),
        "readmitted": _("counted again"),
    }
    sentence = _("{number} {what}: {where}")
    if benchmark.asks_for_boxes:
        sentence = "{what}: {where}"
        words = {
            "answers_changed": _("Images with another truth"),
            "reworded": _("Images of another size"),
            "added": _("Images added"),
            "removed": _("Images removed"),
            "excluded": _("Images no longer counted"),
            "readmitted": _("Images counted again"),
        }
    names = {subtask.slug: subtask.name for subtask in release.rules.subtasks}
    names |= {subtask.slug: subtask.name for subtask in benchmark.rules.subtasks}
    return [
        sentence.format(
            number=written.count(sum(found.values())),
            what=words[kind],
            where=", ".join(
                f"{names.get(slug, slug)} {written.count(count)}" for slug, count in found.items()
            ),
        )
        for kind in CHANGES
        if (found := release.changes.get(kind))
    ]


def _ruling(waiting: disputes.Waiting, benchmark: Benchmark) -> dict[str, Any]:
    """What was promised of a question, and whether the draft keeps it."""
    disputed, question = waiting.disputed, waiting.question
    corrected = _("Wording and options are as before. See in your file that the answer is another.")
    if benchmark.asks_for_boxes:
        corrected = _("See in your annotations that what is true of the image is another now.")
    elif waiting.is_reworded:
        corrected = _("It has another wording or other options. See in your file that the answer is right.")
    words = {
        Decision.STANDS: (_("to be counted again"), _("It counts it.")),
        Decision.EXCLUDED: (_("to be excluded"), _("It does not count it.")),
        Decision.CORRECTED: (_("to be corrected"), corrected),
    }
    promise, kept = words[Decision(disputed.decision)]
    broken = _("The draft is older than this ruling: import its file again.")
    return {
        "question_id": disputed.question_id,
        "url": disputed.get_absolute_url(),
        "promise": promise,
        "is_carried": waiting.is_carried,
        "text": _("It is no longer asked.") if question is None else kept if waiting.is_carried else broken,
        "reply": disputed.reply,
    }


def _move(move: moves.Move) -> dict[str, Any]:
    gain = move.gain
    before, after = move.before, move.after
    return {
        "name": move.entry.name,
        "team": move.entry.team.name,
        "url": reverse("entry", args=[move.entry.pk]),
        "rank_before": written.rank(before.rank if before else None),
        "rank_after": written.rank(after.rank if after else None),
        "score_before": written.score(before.score if before else None, 2),
        "score_after": written.score(after.score if after else None, 2),
        "gain": "" if gain is None else f"{gain:+.2f}".replace("-", "−"),
    }
