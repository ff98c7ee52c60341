"""The form by which a team sets an entry's name, links and note right."""

from uuid import UUID

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from submissions import askers, corrections
from submissions.forms import CorrectionForm
from submissions.models import Entry
from submissions.pages import refused
from submissions.pages.refused import see_other
from submissions.refusals import Refusal


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def entry_correct(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Show what stands, and take what is to stand instead. Another team's entry is not here."""
    asker = askers.of(request)
    mine = Entry.objects.filter(team__in=asker.team_ids).select_related("benchmark", "team")
    entry = get_object_or_404(mine, pk=entry_id)
    stands = {name: getattr(entry, name) for name in ("name", *Entry.LINKS)}
    form = CorrectionForm(request.POST) if request.method == "POST" else CorrectionForm(initial=stands)
    status = 200
    if form.is_bound:
        status = refused.FORM_COMES_BACK
        if form.is_valid():
            links = {name: form.cleaned_data[name] for name in Entry.LINKS}
            try:
                corrections.correct(entry, name=form.cleaned_data["name"], links=links, by=asker)
            except Refusal as refusal:
                status = refused.into_form(form, refusal)
            else:
                notices.success(request, _("Corrected."))
                return see_other(entry.get_absolute_url())
    context = {"benchmark": entry.benchmark, "nav": "benchmarks", "entry": entry, "form": form}
    return render(request, "submissions/entry_correct.html", context, status=status)
