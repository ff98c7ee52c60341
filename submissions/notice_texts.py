"""The sentences of notices, on the page and in the mail. Somebody reads them at midnight."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from submissions import messages
from submissions.models import Notice, Token
from submissions.ui import format as figures

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Words:
    """The first subject of which all names are given, and below it the sentences of which they are."""

    subject: Sequence[Text]
    body: Sequence[Text]


# Names in braces are the params of `notices.tell`; `team`, `benchmark` and `entry` follow from what it is about.
KINDS: Mapping[str, Words] = {
    "submission-scored": Words(
        (_("{benchmark}: “{entry}” scored {score}"), _("{benchmark}: “{entry}” is scored in part")),
        (
            _("The answer file for “{entry}” is scored: {score} percent overall."),
            _("It was sent as partial ({partial}): the page has the scores of its subtasks."),
            _(
                "It was sent as partial ({unscored}), which has no overall score, and this benchmark tells no other."
            ),
            _("{coverage} of the questions have a reply that could be read."),
            _("{valid} of the images have a valid answer."),
        ),
    ),
    "submission-rejected": Words(
        (_("{benchmark}: the file for “{entry}” is rejected"),),
        (
            _("It was not scored and does not count against the quota. What is wrong with it:"),
            _("{problems}"),
            _("{more}"),
        ),
    ),
    "submission-failed": Words(
        (_("{benchmark}: the scoring of “{entry}” failed"),),
        (
            _(
                "Scoring broke off three times. The fault is ours, not the file’s: it does not count against the "
                "quota, and the organizers see it and can have it scored again."
            ),
        ),
    ),
    "entry-hidden": Words(
        (_("{benchmark}: “{entry}” is hidden"),),
        (
            _("The organizers have taken it off the board. Their reason: {reason}"),
            _("Its page stays and tells everybody this reason."),
        ),
    ),
    "entry-restored": Words(
        (_("{benchmark}: “{entry}” is no longer hidden"),),
        (_("The organizers have restored it: what is public of it stands on the board again."),),
    ),
    "team-banned": Words(
        (_("{team} may not send at present"),),
        (_("The organizers take nothing from the team and let it publish nothing. Their reason: {reason}"),),
    ),
    "team-restored": Words(
        (_("{team} may send again"),),
        (_("The organizers have lifted the ban: the team can send and publish as before."),),
    ),
    "team-handed-over": Words(
        (_("You own {team} now"),),
        (
            _(
                "Its owner has handed it over to you: you invite, remove and name its owners, and may archive it."
            ),
        ),
    ),
    "release-moved": Words(
        (_("{benchmark}: a new release has moved entries of {team}"),),
        (
            _("Release {release} is now the current one. Overall, in the open division:"),
            _("{moves}"),
            _("{more}"),
            _("What is still being scored against the release may move ranks once more."),
        ),
    ),
    "entry-held": Words(
        (_("{benchmark}: “{entry}” is held for a look"),),
        (
            _(
                "Its answers agree with another team’s more than chance explains. Nothing is decided by that: an "
                "organizer looks at it first, and until then it is not on the board."
            ),
        ),
    ),
    "hold-lifted": Words(
        (_("{benchmark}: “{entry}” is no longer held"),),
        (
            _("An organizer has looked at it and let it go: it stands where its score puts it."),
            _("Their answer: {reply}"),
        ),
    ),
    "entry-verified": Words(
        (_("{benchmark}: “{entry}” is verified"),),
        (
            _("The organizers have reproduced its result. The board marks it as verified."),
            _("Their note: {note}"),
        ),
    ),
    "entry-not-verified": Words(
        (_("{benchmark}: “{entry}” is no longer marked as verified"),),
        (_("The organizers have taken the mark back. Their reason: {reason}"),),
    ),
    "entry-under-review": Words(
        (_("{benchmark}: “{entry}” is under review"),),
        (
            _("The organizers are looking into it, and the board says so."),
            _("Their reason: {reason}"),
        ),
    ),
    "review-ended": Words(
        (_("{benchmark}: the review of “{entry}” has ended"),),
        (_("The mark “under review” is gone."), _("What the organizers say: {note}")),
    ),
    "token-made": Words(
        (_("{team}: the token “{token}” is made"),),
        (
            _("It may {may} for {team} and ends at {ends}."),
            _("It is limited to {benchmarks}."),
            _("If you do not know of this, revoke it on the team’s page."),
        ),
    ),
    "token-rotated": Words(
        (_("{team}: the token “{token}” is rotated"),),
        (
            _(
                "A new token of the same name, for the same and as long, has taken its place. It ends at {ends}."
            ),
            _("The old one ends at {overlap_ends}."),
            _("If you do not know of this, somebody else has the token: revoke both on the team’s page."),
        ),
    ),
    "token-network": Words(
        (_("{team}: the token “{token}” is used from a new network"),),
        (
            _(
                "It was used at {at} from a network that it was not used from before. CI services change theirs "
                "now and then."
            ),
            _("If this was not you, somebody else has the token: revoke it on the team’s page."),
        ),
    ),
    "publisher-registered": Words(
        (_("{team}: {repository} is a trusted publisher"),),
        (
            _(
                "Jobs of {workflow} in {repository} may send answers to {benchmark} for {team}, without a token."
            ),
            _("They have to run in the environment {environment}."),
            _("If you do not know of this, remove it on the team’s page."),
        ),
    ),
    "webhook-failing": Words(
        (_("{team}: the webhook to {host} takes nothing"),),
        (
            _(
                "A message was tried for a day and then given up. Its log says what was answered, and there it can be "
                "sent again. You are not told of the next ones until one is taken."
            ),
        ),
    ),
    "webhook-paused-gone": Words(
        (_("{team}: the webhook to {host} is paused"),),
        (_("Its receiver answered 410 Gone: it wants no more. Nothing is sent until somebody resumes it."),),
    ),
    "webhook-paused-failing": Words(
        (_("{team}: the webhook to {host} is paused"),),
        (
            _(
                "It has taken nothing for three days, so nothing is sent until somebody resumes it. Its log says what "
                "was answered."
            ),
        ),
    ),
    "complaint-answered": Words(
        (_("{benchmark}: an answer to your report on “{entry}”"),),
        (_("The organizers have answered what you reported of it: {answer}"),),
    ),
    "dispute-answered": Words(
        (
            _("{benchmark}: an answer to your report on {question}"),
            _("An answer to your report on {question}"),
        ),
        (_("The organizers have answered what you reported of it: {answer}"),),
    ),
}


def subject(notice: Notice) -> str:
    """One line that says what happened, in the reader's language."""
    said = _given(KINDS[notice.kind].subject, _written(notice.params))
    return " ".join(said[0].split()) if said else notice.kind


def body(notice: Notice) -> list[str]:
    """What there is to know about it; a list within stands on lines of its own."""
    return _given(KINDS[notice.kind].body, _written(notice.params))


def _given(sentences: Sequence[Text], params: Mapping[str, str]) -> list[str]:
    known = {name for name, value in params.items() if value}
    return [
        str(sentence).format_map(params)
        for sentence in sentences
        if messages.placeholders(str(sentence)) <= known
    ]


def _written(params: Mapping[str, Any]) -> dict[str, str]:
    """Every param as a sentence holds it; what there is nothing of is empty."""
    written = {name: str(value) for name, value in params.items() if isinstance(value, str)}
    if params.get("score") is not None:
        written["score"] = figures.score(params["score"], 2)
    for name in ("coverage", "valid"):
        if params.get(name) is not None:
            written[name] = figures.share(params[name])
    if "scope" in params:
        written["may"] = str(Token.Scope(params["scope"]).label)
    written["benchmarks"] = ", ".join(params.get("benchmarks", ()))
    for name in ("partial", "unscored"):
        written[name] = ", ".join(params.get(name, ()))
    listed: list[str] = []
    if "problems" in params:
        listed = [_problem(problem) for problem in params["problems"]]
        written["problems"] = "\n".join(listed)
    if "moves" in params:
        listed = [_move(*move) for move in params["moves"]]
        written["moves"] = "\n".join(listed)
    written["more"] = _more(params.get("total", 0) - len(listed))
    return written


def _problem(problem: Mapping[str, Any]) -> str:
    said = messages.problem(problem["code"], problem["params"], field=problem["field"])
    if problem["line"] is None:
        return said
    return gettext("Line {line}: {problem}").format(line=figures.count(problem["line"]), problem=said)


def _move(entry: str, before: int | None, after: int | None) -> str:
    if after is None:
        said = gettext("“{entry}”: was {before}, has no score on this release so far")
    elif before is None:
        said = gettext("“{entry}”: now {after}, had no rank before")
    else:
        said = gettext("“{entry}”: now {after}, was {before}")
    return said.format(entry=entry, before=before, after=after)


def _more(number: int) -> str:
    if number <= 0:
        return ""
    said = ngettext("and {number} more, on the page.", "and {number} more, on the page.", number)
    return said.format(number=figures.count(number))
