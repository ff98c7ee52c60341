"""A team's trusted publishers, on its page."""

from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from submissions import askers, publishers
from submissions import teams as team_deeds
from submissions.forms import PublisherForm
from submissions.models import Publisher
from submissions.pages import refused
from submissions.pages.refused import deed, person, see_other
from submissions.pages.teams import own, page
from submissions.refusals import Refusal


@deed("team", "slug")
@never_cache
def publisher_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Register a CI job: members may, as with tokens."""
    mine = own(request, slug)
    form = PublisherForm(request.POST)
    if not form.is_valid():
        return page(request, mine, publisher_form=form)
    try:
        made = publishers.register(mine, **form.cleaned_data, by=person(request), now=timezone.now())
    except Refusal as refusal:
        refused.into_form(form, refusal)
        return page(request, mine, publisher_form=form)
    notices.success(request, _("%(repository)s may send now.") % {"repository": made.repository})
    return see_other(made.get_absolute_url())


@deed("team", "slug")
def publisher_remove(request: HttpRequest, slug: str, publisher_id: int) -> None:
    """Let it send no more: whoever registered it may, and an owner."""
    mine = own(request, slug)
    found = get_object_or_404(Publisher.objects.living(), team=mine, pk=publisher_id)
    if found.created_by_id != person(request).pk:
        team_deeds.require_owner(mine, person(request))
    publishers.remove(found, by=askers.of(request), now=timezone.now())
    notices.success(request, _("The trusted publisher is removed: it sends nothing any more."))
