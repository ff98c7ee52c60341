"""Entries compared, as a page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from leaderboard import compare_view, comparison
from submissions.models import Benchmark
from submissions.pages import refused
from submissions.refusals import Refusal

TEMPLATE = "leaderboard/compare.html"


@require_safe
@never_cache
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Two to six entries; with fewer, how to choose them."""
    benchmark = get_object_or_404(Benchmark.objects.with_release(), slug=slug)
    try:
        # A form that was sent again from the same page names them twice.
        entry_ids = list(dict.fromkeys(comparison.named(request.GET.getlist("entries"))))
        if len(entry_ids) < comparison.FEWEST:
            chosen = comparison.on_board(benchmark, entry_ids)
            return render(request, TEMPLATE, compare_view.unchosen(benchmark, list(chosen.values())))
        found = comparison.of(benchmark, entry_ids, now=timezone.now())
    except Refusal as refusal:
        status = refused.STATUS.get(refusal.code, refused.FORM_COMES_BACK)
        drawn = compare_view.refused(benchmark, refused.sentence(refusal))
        return render(request, TEMPLATE, drawn, status=status)
    return render(request, TEMPLATE, compare_view.context(found))
