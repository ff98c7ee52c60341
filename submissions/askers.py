"""Who asks: every object is reached through a queryset that is told so."""

from dataclasses import dataclass, replace

from django.http import HttpRequest

from submissions import second_factor
from submissions.models import Benchmark, Entry, Membership, Submission, Team, Token, User
from submissions.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Asker:
    """A person in a session, a token of a team, or nobody."""

    user: User | None = None
    token: Token | None = None
    team_ids: frozenset[int] = frozenset()
    lacks_second_factor: bool = False  # an organizer's session that has yet to show one

    @property
    def is_known(self) -> bool:
        return self.user is not None or self.token is not None

    @property
    def key(self) -> str:
        """Under which bursts are counted: the person, or the token, which renews itself into no other."""
        if self.token is not None:
            return f"token:{self.token.family_id or self.token.pk}"
        return f"user:{self.user.pk if self.user else 0}"

    @property
    def is_staff(self) -> bool:
        """An organizer in a session that has shown what it must; a token never is one."""
        if self.user is None or self.token is not None or self.lacks_second_factor:
            return False
        return self.user.is_staff

    @property
    def may_submit(self) -> bool:
        return self.user is not None or (self.token is not None and self.token.scope == Token.Scope.SUBMIT)

    def is_for(self, benchmark: Benchmark) -> bool:
        """False for a token that is limited to other benchmarks."""
        return self.token is None or self.token.is_for(benchmark)

    def refuse_elsewhere(self, benchmark: Benchmark) -> None:
        """Raises Refusal for a token that is limited to other benchmarks."""
        if self.token is not None and not self.token.is_for(benchmark):
            known = ", ".join(self.token.benchmarks)
            raise Refusal("token-for-others", benchmark=benchmark.slug, known=known)


NOBODY = Asker()


def reading(asker: Asker, row: Entry | Submission) -> Asker:
    """As whom the asker reads what it may see: a token for other benchmarks reads what everybody may, as everybody.

    Raises Refusal when the row is not for everybody.
    """
    if asker.is_for(row.benchmark):
        return asker
    if isinstance(row, Entry):
        is_open = Entry.objects.visible_to(NOBODY).filter(pk=row.pk).exists()
    else:
        is_open = Submission.objects.visible_to(NOBODY).filter(pk=row.pk).exists()
    if not is_open:
        asker.refuse_elsewhere(row.benchmark)
    return NOBODY


def for_user(user: User) -> Asker:
    """The person with the teams that it is in now."""
    team_ids = Membership.objects.filter(user=user).values_list("team_id", flat=True)
    return Asker(user=user, team_ids=frozenset(team_ids))


def for_token(token: Token) -> Asker:
    """The token, which acts for its one team."""
    return Asker(token=token, team_ids=frozenset([token.team_id]))


def of(request: HttpRequest) -> Asker:
    """Who sends this request, asked of the database once a request."""
    known: Asker | None = getattr(request, "_asker", None)
    if known is None:
        token = getattr(request, "auth", None)
        if isinstance(token, Token):
            known = for_token(token)
        elif isinstance(request.user, User):
            known = for_user(request.user)
            if second_factor.is_lacking(request):
                known = replace(known, lacks_second_factor=True)
        else:
            known = NOBODY
        # Kept on Django's own request, which DRF's stands before, so that middleware knows it too.
        setattr(getattr(request, "_request", request), "_asker", known)  # noqa: B010  # no attribute of theirs
    return known


def teams_of(asker: Asker) -> list[Team]:
    """The asker's teams by name."""
    return list(Team.objects.of(asker).order_by("name"))
