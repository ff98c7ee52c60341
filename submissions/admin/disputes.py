from collections.abc import Callable, Mapping
from typing import Any, cast

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import linebreaksbr
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from submissions import askers, disputes, questions
from submissions.admin import forms
from submissions.admin.desk import Deed, Desk
from submissions.askers import Asker
from submissions.models import DisputedQuestion
from submissions.models.dispute import Decision, DisputedQuestionQuerySet


class StateFilter(admin.SimpleListFilter):
    """Whether somebody waits for an answer, and what has been ruled."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("open", _("open")),
            ("ruled", _("answered")),
            ("waiting", _("ruled for the next release")),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[DisputedQuestion]
    ) -> QuerySet[DisputedQuestion]:
        found = cast("DisputedQuestionQuerySet", queryset)
        chosen = {"open": found.unanswered, "ruled": found.answered, "waiting": found.waiting}
        choose = chosen.get(self.value() or "")
        return choose() if choose else found


def _rule(decision: Decision) -> Callable[[DisputedQuestion, Mapping[str, Any], Asker], None]:
    def do(disputed: DisputedQuestion, said: Mapping[str, Any], by: Asker) -> None:
        disputes.rule(disputed, decision=decision, reply=said["reply"], by=by, now=timezone.now())

    return do


@admin.register(DisputedQuestion)
class DisputedQuestionAdmin(Desk[DisputedQuestion]):
    """One row a question, whoever disputes it and how often."""

    list_display = ("question_id", "benchmark", "state", "decision", "of_answer", "of_wording", "newest")
    list_filter = (StateFilter, "benchmark", "decision")
    list_select_related = ("benchmark", "release")
    search_fields = ("question_id",)
    show_full_result_count = False
    fields = (
        *("question_id", "benchmark", "question", "state", "decision", "reply", "decided_at", "in_force"),
        "reasons",
    )
    deeds = (
        Deed(
            "stand",
            _("Let it stand"),
            _("It stays as it is, and where it was excluded it is counted again from the next release on."),
            _("It stands, and the reply is on its page."),
            _rule(Decision.STANDS),
            forms.RulingForm,
        ),
        Deed(
            "exclude",
            _("Exclude it from the next release"),
            _("No figure counts it from the next release that you import on, until you rule otherwise."),
            _("It is excluded from the next release on, and the reply is on its page."),
            _rule(Decision.EXCLUDED),
            forms.RulingForm,
        ),
        Deed(
            "correct",
            _("Mark it as corrected in the next release"),
            _(
                "You promise that the file which you import next has it right: nothing here can look whether it does."
            ),
            _("It is marked as corrected in the next release, and the reply is on its page."),
            _rule(Decision.CORRECTED),
            forms.RulingForm,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[DisputedQuestion]:
        """Those that wait for an answer first, the most disputed of them first."""
        found = cast("DisputedQuestionQuerySet", super().get_queryset(request)).counted()
        newest = F("newest").desc(nulls_last=True)
        return found.order_by(F("open_disputes").desc(), newest, "pk")

    @admin.display(description=_("state"), ordering="open_disputes")
    def state(self, disputed: Any) -> str:
        if disputed.open_disputes:
            return str(_("{number} open")).format(number=disputed.open_disputes)
        return str(_("answered"))

    @admin.display(description=_("answer"), ordering="of_answer")
    def of_answer(self, disputed: Any) -> int:
        return cast("int", disputed.of_answer)

    @admin.display(description=_("wording"), ordering="of_wording")
    def of_wording(self, disputed: Any) -> int:
        return cast("int", disputed.of_wording)

    @admin.display(description=_("newest"), ordering="newest")
    def newest(self, disputed: Any) -> Any:
        return disputed.newest

    @admin.display(description=_("in force"))
    def in_force(self, disputed: DisputedQuestion) -> str:
        if disputed.release:
            return str(_("since release {digest}")).format(digest=disputed.release.short_digest)
        return str(_("with the next release") if disputed.decision else "")

    @admin.display(description=_("as it is asked"))
    def question(self, disputed: DisputedQuestion) -> SafeString:
        """As in the newest release that anybody could dispute; never with its answer, which is not in the database."""
        asked = questions.find(disputed.benchmark, disputed.question_id, askers.NOBODY)
        if asked is None:
            return SafeString("")
        options = format_html_join("", "<br>{}. {}", asked.options.items())
        return format_html("<p>{}{}</p>", linebreaksbr(asked.text), options)

    @admin.display(description=_("disputes"))
    def reasons(self, disputed: DisputedQuestion) -> SafeString:
        """What everybody wrote, the newest first; what has been answered says so."""
        found = disputed.disputes.select_related("reported_by", "release").order_by("-reported_at", "-id")
        lines = [
            (
                one.get_about_display(),
                one.reported_by or _("somebody whose account is gone"),
                f"{date_format(timezone.localtime(one.reported_at), 'j M Y, H:i')} UTC",
                one.release.short_digest,
                _("answered") if one.ruled_at else _("not answered yet"),
                linebreaksbr(one.reason),
            )
            for one in found
        ]
        return format_html_join("", "<p><strong>{}</strong> · {} · {} · {} · {}<br>{}</p>", lines)
