"""The page on which a person ends their account."""

from allauth.account.forms import ReauthenticateForm
from django.contrib import messages as notices
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from submissions import accounts
from submissions.pages import refused
from submissions.pages.refused import person, see_other
from submissions.refusals import Refusal


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def account_delete(request: HttpRequest) -> HttpResponse:
    """Say what goes and what stays; on POST with the password, end the account."""
    user = person(request)
    # allauth's own form: guessing is slowed down as at the door.
    form = ReauthenticateForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_bound and form.is_valid():
        try:
            accounts.delete(user, now=timezone.now())
        except Refusal as refusal:
            refused.into_form(form, refusal)
        else:
            logout(request)
            notices.success(request, _("Your account is deleted."))
            return see_other(reverse("home"))
    context = {
        "form": form,
        "held": accounts.held(user),
        "is_only_organizer": accounts.is_only_organizer(user),
    }
    status = refused.FORM_COMES_BACK if form.errors else 200
    return render(request, "account/delete.html", context, status=status)
