"""What organizers do with a benchmark's releases."""

from django.contrib import messages as notices
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from submissions import askers, releases, rescoring
from submissions.models import Release
from submissions.pages.refused import deed


def for_organizer(request: HttpRequest, slug: str, digest: str) -> Release:
    """The release, to organizers alone; nobody else learns of a draft."""
    if not askers.of(request).is_staff:
        raise Http404
    known = Release.objects.select_related("benchmark").filter(benchmark__slug=slug)
    found = known.named(digest).first()
    if found is None:
        raise Http404
    return found


@deed("releases", "slug")
def release_rescore(request: HttpRequest, slug: str, digest: str) -> None:
    """Have history scored against it."""
    rescoring.ask(for_organizer(request, slug, digest), by=askers.of(request))
    notices.success(request, _("The workers score the history against it now."))


@deed("releases", "slug")
def release_discard(request: HttpRequest, slug: str, digest: str) -> None:
    """Throw a draft away."""
    releases.discard(for_organizer(request, slug, digest), by=askers.of(request))
    notices.success(request, _("The draft is discarded. Importing its file again makes it a draft anew."))


@deed("releases", "slug")
def release_publish(request: HttpRequest, slug: str, digest: str) -> None:
    """Make the draft current."""
    releases.ask_current(for_organizer(request, slug, digest), by=askers.of(request))
    notices.success(request, _("A worker makes it current now: reload the page in a moment."))
