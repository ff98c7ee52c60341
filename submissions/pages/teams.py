"""Teams: who is in them, what they sent, their invitations and tokens. A team's page exists for its members only."""

from datetime import timedelta

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.core.exceptions import SuspiciousOperation
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from submissions import askers, tokens
from submissions import teams as team_deeds
from submissions.forms import PublisherForm, RoleForm, RotateForm, TeamForm, TokenForm
from submissions.models import Benchmark, Invitation, Membership, Submission, Team, Token
from submissions.oidc import issuers
from submissions.pages import dashboard, history, pager, refused
from submissions.pages.refused import deed, person, see_other
from submissions.refusals import Refusal

SUBMISSIONS_A_PAGE = 50


def own(request: HttpRequest, slug: str) -> Team:
    """A team that the reader is in, else 404."""
    return get_object_or_404(Team.objects.of(askers.of(request)), slug=slug)


@require_safe
@login_required
def teams(request: HttpRequest) -> HttpResponse:
    """The reader's teams."""
    mine = Membership.objects.filter(user=person(request)).select_related("team")
    counted = mine.annotate(
        members=Count("team__memberships", distinct=True), entries=Count("team__entries", distinct=True)
    )
    context = {"nav": "teams", "memberships": counted.order_by("team__name")}
    return render(request, "submissions/teams.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def team_new(request: HttpRequest) -> HttpResponse:
    """Make a team, which its maker owns."""
    form = TeamForm(request.POST) if request.method == "POST" else TeamForm()
    if form.is_bound and form.is_valid():
        try:
            made = team_deeds.create(**form.cleaned_data, owner=person(request), by=askers.of(request))
        except Refusal as refusal:
            refused.into_form(form, refusal)
        else:
            return see_other(made.get_absolute_url())
    context = {"nav": "teams", "form": form}
    return render(request, "submissions/team_new.html", context, status=422 if form.errors else 200)


@require_safe
@never_cache
@login_required
def team(request: HttpRequest, slug: str) -> HttpResponse:
    """The team's page."""
    return page(request, own(request, slug))


def page(
    request: HttpRequest,
    team: Team,
    *,
    token_form: TokenForm | None = None,
    publisher_form: PublisherForm | None = None,
    new_token: tuple[Token, str] | None = None,
    invitation_url: str = "",
) -> HttpResponse:
    """Draw the team; a new token or invitation link stands in this one answer and never again."""
    user, now = person(request), timezone.now()
    members = list(team.memberships.select_related("user").order_by("-role", "joined_at", "pk"))
    is_owner = any(m.user_id == user.pk and m.role == Membership.Role.OWNER for m in members)
    sent = Submission.objects.filter(team=team).select_related("entry__benchmark").newest_first()
    shown = Paginator(sent, SUBMISSIONS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "nav": "teams",
        "team": team,
        "is_owner": is_owner,
        "members": members,
        "submissions": [history.row(submission, submission.entry) for submission in shown],
        **pager.of(shown, team.get_absolute_url()),
        **dashboard.context(team, page=request.GET.get("entries"), now=now),
        "open_benchmarks": [] if shown or team.archived_at else _open_benchmarks(),
        "tokens": list(
            team.tokens.living(at=now)
            .made_by_people()
            .select_related("created_by", "replaces", "replaced_by")
            .order_by("-created_at", "-pk")
        ),
        "rotate_form": RotateForm(auto_id=False),
        "token_form": token_form or TokenForm(),
        "new_token": new_token[0] if new_token else None,
        "new_token_text": new_token[1] if new_token else "",
        "publishers": list(
            team.publishers.living().select_related("created_by", "benchmark").order_by("-created_at", "-pk")
        ),
        "publisher_services": bool(issuers.known()),
        "publisher_form": publisher_form or PublisherForm(),
        "invitations": list(team.invitations.usable(at=now).order_by("-created_at")) if is_owner else [],
        "invitation_url": invitation_url,
    }
    faulty = any(form is not None and form.errors for form in (token_form, publisher_form))
    return render(request, "submissions/team.html", context, status=422 if faulty else 200)


def _open_benchmarks() -> list[Benchmark]:
    known = Benchmark.objects.with_release().order_by("is_standin", "name")
    return [benchmark for benchmark in known if benchmark.intake == "open"]


@deed("team", "slug")
@never_cache
def team_invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Make an invitation and show its link, once."""
    mine = own(request, slug)
    _invitation, secret = team_deeds.invite(mine, by=person(request), now=timezone.now())
    url = request.build_absolute_uri(reverse("invitation", args=[secret]))
    return page(request, mine, invitation_url=url)


@deed("team", "slug")
def invitation_revoke(request: HttpRequest, slug: str, invitation_id: int) -> None:
    """Close an invitation's link."""
    found = get_object_or_404(
        Invitation.objects.select_related("team"), team=own(request, slug), pk=invitation_id
    )
    team_deeds.revoke_invitation(found, by=person(request), now=timezone.now())
    notices.success(request, _("The invitation is revoked."))


@deed("team", "slug")
def team_remove_member(request: HttpRequest, slug: str, membership_id: int) -> None:
    """Take somebody out of the team."""
    membership = _membership(own(request, slug), membership_id)
    team_deeds.remove(membership, by=person(request), now=timezone.now())
    notices.success(
        request, _("Removed from the team. The tokens and trusted publishers that they had made are revoked.")
    )


@deed("team", "slug")
def team_leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Leave the team."""
    mine = get_object_or_404(
        Membership.objects.select_related("team"), team=own(request, slug), user=person(request)
    )
    team_deeds.remove(mine, by=person(request), now=timezone.now())
    notices.success(
        request,
        _("You have left %(team)s. The tokens and trusted publishers that you had made are revoked.")
        % {"team": mine.team},
    )
    return see_other(reverse("teams"))


@deed("team", "slug")
def team_archive(request: HttpRequest, slug: str) -> None:
    """Let it send nothing more."""
    team_deeds.archive(own(request, slug), by=person(request), now=timezone.now())
    notices.success(request, _("Archived. What the team made public stays under its name."))


@deed("team", "slug")
def team_restore(request: HttpRequest, slug: str) -> None:
    """Let it send again."""
    team_deeds.restore(own(request, slug), by=person(request))
    notices.success(request, _("Restored: the team may send answers again."))


@deed("team", "slug")
def team_role(request: HttpRequest, slug: str, membership_id: int) -> None:
    """Give a member another role."""
    membership = _membership(own(request, slug), membership_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise SuspiciousOperation("no such role")
    team_deeds.change_role(membership, Membership.Role(form.cleaned_data["role"]), by=person(request))
    notices.success(request, _("The role is changed."))


@deed("team", "slug")
def team_hand_over(request: HttpRequest, slug: str, membership_id: int) -> None:
    """Make a member the owner in one's own place."""
    membership = _membership(own(request, slug), membership_id)
    team_deeds.hand_over(membership, by=person(request))
    notices.success(
        request, _("%(person)s owns the team now, and you are a member.") % {"person": membership.user.email}
    )


def _membership(team: Team, membership_id: int) -> Membership:
    return get_object_or_404(Membership.objects.select_related("team", "user"), team=team, pk=membership_id)


@deed("team", "slug")
@never_cache
def token_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a token and show its text, once."""
    mine = own(request, slug)
    form = TokenForm(request.POST)
    is_valid = form.is_valid()
    living = mine.tokens.living(at=timezone.now()).filter(created_by=person(request))
    if is_valid and living.filter(name=form.cleaned_data["name"]).exists():
        # Also what stops a page that is loaded anew from making a second one.
        form.add_error("name", _("You have a token of this name. Revoke it first, or choose another name."))
        is_valid = False
    if not is_valid:
        return page(request, mine, token_form=form)
    made = tokens.create(
        mine,
        name=form.cleaned_data["name"],
        scope=Token.Scope(form.cleaned_data["scope"]),
        days=form.cleaned_data["days"],
        now=timezone.now(),
        created_by=person(request),
        benchmarks=form.cleaned_data["benchmarks"],
    )
    return page(request, mine, new_token=made)


@deed("team", "slug")
@never_cache
def token_rotate(request: HttpRequest, slug: str, token_id: int) -> HttpResponse:
    """Let a new token take one's place and show its text, once: its maker may, and an owner."""
    mine = own(request, slug)
    token = _token(request, mine, token_id)
    form = RotateForm(request.POST)
    if not form.is_valid():
        raise SuspiciousOperation("no such overlap")
    overlap = timedelta(hours=form.cleaned_data["overlap"])
    made = tokens.rotate(token, overlap=overlap, by=askers.of(request), now=timezone.now())
    return page(request, mine, new_token=made)


@deed("team", "slug")
def token_revoke(request: HttpRequest, slug: str, token_id: int) -> None:
    """End a token: its maker may, and an owner."""
    token = _token(request, own(request, slug), token_id)
    tokens.revoke(token, by=askers.of(request), now=timezone.now())
    notices.success(request, _("The token is revoked: it opens nothing any more."))


def _token(request: HttpRequest, team: Team, token_id: int) -> Token:
    """A token of the team; to its maker and to owners. Raises Refusal to the other members."""
    token = get_object_or_404(Token, team=team, pk=token_id)
    if token.created_by_id != person(request).pk:
        team_deeds.require_owner(team, person(request))
    return token
