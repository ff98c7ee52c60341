"""The form by which a reader reports an entry to the organizers."""

from uuid import UUID

from allauth.account.adapter import get_adapter
from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from submissions import askers, complaints, limits
from submissions.forms import ComplaintForm
from submissions.models import Complaint, Entry
from submissions.pages import refused
from submissions.pages.refused import see_other
from submissions.refusals import Refusal


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def entry_report(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Take what somebody reports of an entry that they may see; nobody needs an account for it."""
    asker = askers.of(request)
    seen = Entry.objects.visible_to(asker).select_related("benchmark", "team")
    entry = get_object_or_404(seen, pk=entry_id)
    form = ComplaintForm(request.POST) if request.method == "POST" else ComplaintForm()
    status = 200
    if form.is_bound:
        status = refused.FORM_COMES_BACK
        if form.is_valid():
            try:
                # As the proxies tell it: in the way in which sign-ins are counted.
                limits.count_complaint(get_adapter().get_client_ip(request), asker.user)
            except Refusal as refusal:
                status = refused.into_form(form, refusal)
            else:
                about, text = Complaint.About(form.cleaned_data["about"]), form.cleaned_data["text"]
                complaints.report(entry, about=about, text=text, asker=asker, now=timezone.now())
                notices.success(request, _("Thank you. The organizers have your report and look into it."))
                return see_other(entry.get_absolute_url())
    context = {"benchmark": entry.benchmark, "nav": "benchmarks", "entry": entry, "form": form}
    return render(request, "submissions/entry_report.html", context, status=status)
