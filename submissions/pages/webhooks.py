"""Webhooks and their log. They exist for the team's members only; their maker and the owners change them."""

import json

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from submissions import askers, signatures, webhooks
from submissions import teams as team_deeds
from submissions.forms import WebhookForm
from submissions.models import Delivery, Webhook
from submissions.pages import pager, refused, teams
from submissions.pages.refused import deed, person, see_other
from submissions.refusals import Refusal
from submissions.wording.refusals import DELIVERY_REASONS

MESSAGES_A_PAGE = 50


def own(request: HttpRequest, slug: str, webhook_id: int) -> Webhook:
    """A webhook of a team that the reader is in, else 404."""
    found = Webhook.objects.of(askers.of(request)).select_related("team", "benchmark", "created_by")
    return get_object_or_404(found, team__slug=slug, pk=webhook_id)


def changeable(request: HttpRequest, slug: str, webhook_id: int) -> Webhook:
    """The same, for its maker and owners. Raises Refusal to the other members."""
    webhook = own(request, slug, webhook_id)
    if webhook.created_by_id != person(request).pk:
        team_deeds.require_owner(webhook.team, person(request))
    return webhook


def may_change(request: HttpRequest, webhook: Webhook) -> bool:
    is_mine = webhook.created_by_id == person(request).pk
    return is_mine or webhook.team.memberships.filter(user=person(request), role="owner").exists()


@require_safe
@never_cache
@login_required
def webhook(request: HttpRequest, slug: str, webhook_id: int) -> HttpResponse:
    """The webhook with what was sent to it."""
    return page(request, own(request, slug, webhook_id))


def page(request: HttpRequest, webhook: Webhook, *, secret: str = "") -> HttpResponse:
    """Draw the webhook; a new secret stands in this one answer and never again."""
    sent = webhook.deliveries.select_related("submission__entry").defer("payload", "answer").newest_first()
    shown = Paginator(sent, MESSAGES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "nav": "teams",
        "webhook": webhook,
        "team": webhook.team,
        "may_change": may_change(request, webhook),
        "deliveries": list(shown),
        "secret": secret,
        "secret_print": signatures.print_of(webhook.secret),
        "old_until": max((until for _old, until in webhook.old_secrets_at(timezone.now())), default=None),
        **pager.of(shown, webhook.get_absolute_url()),
    }
    return render(request, "submissions/webhook.html", context)


@require_safe
@never_cache
@login_required
def delivery(request: HttpRequest, slug: str, webhook_id: int, delivery_id: int) -> HttpResponse:
    """One message: what was sent, and what came back."""
    mine = own(request, slug, webhook_id)
    found = get_object_or_404(mine.deliveries.select_related("submission__entry"), pk=delivery_id)
    context = {
        "nav": "teams",
        "webhook": mine,
        "team": mine.team,
        "delivery": found,
        "may_change": may_change(request, mine),
        "reason": DELIVERY_REASONS.get(found.reason, ""),
        "payload": json.dumps(json.loads(found.payload), indent=2, ensure_ascii=False),
    }
    return render(request, "submissions/delivery.html", context)


@deed("team", "slug")
@never_cache
def webhook_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a webhook and show its secret, once."""
    team = teams.own(request, slug)
    form = WebhookForm(request.POST)
    if form.is_valid():
        try:
            made, secret = webhooks.add(team, **form.cleaned_data, by=person(request), now=timezone.now())
        except Refusal as refusal:
            refused.into_form(form, refusal)
        else:
            return page(request, made, secret=secret)
    return teams.page(request, team, webhook_form=form)


@deed("webhook", "slug", "webhook_id")
@never_cache
def webhook_rotate(request: HttpRequest, slug: str, webhook_id: int) -> HttpResponse:
    """Give it another secret and show it, once."""
    mine = changeable(request, slug, webhook_id)
    # A page that is loaded anew sends its form again, and would show another secret each time.
    known = request.POST.get("in_place_of")
    secret = webhooks.rotate(mine, by=person(request), now=timezone.now(), in_place_of=known)
    return page(request, own(request, slug, webhook_id), secret=secret)


@deed("webhook", "slug", "webhook_id")
def webhook_ping(request: HttpRequest, slug: str, webhook_id: int) -> None:
    """Try the way."""
    webhooks.ping(changeable(request, slug, webhook_id), by=person(request), now=timezone.now())
    notices.success(request, _("A ping is on its way. Load the page anew to see what came of it."))


@deed("webhook", "slug", "webhook_id")
def webhook_pause(request: HttpRequest, slug: str, webhook_id: int) -> None:
    """Send nothing."""
    webhooks.pause(changeable(request, slug, webhook_id), by=person(request), now=timezone.now())
    notices.success(request, _("Paused: nothing is sent until somebody resumes it."))


@deed("webhook", "slug", "webhook_id")
def webhook_resume(request: HttpRequest, slug: str, webhook_id: int) -> None:
    """Send again."""
    webhooks.resume(changeable(request, slug, webhook_id), by=person(request))
    notices.success(request, _("Resumed."))


@deed("team", "slug")
def webhook_remove(request: HttpRequest, slug: str, webhook_id: int) -> None:
    """Send nothing any more."""
    mine = changeable(request, slug, webhook_id)
    webhooks.remove(mine, by=askers.of(request), now=timezone.now())
    notices.success(request, _("The webhook is removed, and its log with it."))


@deed("webhook", "slug", "webhook_id")
def delivery_again(request: HttpRequest, slug: str, webhook_id: int, delivery_id: int) -> HttpResponse:
    """Send a message once more, under its own id."""
    mine = changeable(request, slug, webhook_id)
    found: Delivery = get_object_or_404(mine.deliveries, pk=delivery_id)
    webhooks.send_again(found, by=person(request), now=timezone.now())
    notices.success(request, _("The message is on its way again. Load the page anew to see what came of it."))
    return see_other(mine.get_absolute_url())
