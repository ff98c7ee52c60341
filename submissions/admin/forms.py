"""What organizers are asked before they do something at the desk."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from submissions.models import Benchmark, DisputedQuestion
from submissions.moderation import REASON_CHARACTERS


def sentences(
    label: str | StrPromise, *, help_text: str | StrPromise, most: int = REASON_CHARACTERS
) -> forms.CharField:
    """A field for what an organizer has to say."""
    area = forms.Textarea(attrs={"rows": 4, "cols": 60})
    return forms.CharField(label=label, max_length=most, widget=area, help_text=help_text)


class VerifyForm(forms.Form):
    """How the submission that stands for an entry was reproduced."""

    submission = forms.UUIDField(
        label=_("Submission"),
        widget=forms.TextInput(attrs={"readonly": True, "size": 40}),
        help_text=_("The one that the board shows of it; the mark counts while it does."),
    )
    note = sentences(
        _("How it was reproduced"),
        help_text=_("By whom, from which weights and code, with what score. Stands on the entry's page."),
    )


class PublicReasonForm(forms.Form):
    """Why an entry leaves the board, or why something is said of it."""

    reason = sentences(
        _("Reason"),
        help_text=_("Stands on the entry's page, for its team and for everybody."),
    )


class PublicAnswerForm(forms.Form):
    """What a review found."""

    answer = sentences(
        _("What was found"),
        help_text=_("Stands in the entry's history of decisions, for its team and for everybody."),
    )


class ReplyForm(forms.Form):
    """What a team is told of what an organizer looked at."""

    reply = sentences(
        _("Reply"),
        help_text=_("For the later submission's team alone. Do not name the other team."),
    )


class AnswerForm(forms.Form):
    """What came of a reader's report."""

    reply = sentences(
        _("Answer"),
        help_text=_(
            "What you found and did. Told to who reported it, if they were signed in; to nobody else."
        ),
    )


class BanForm(forms.Form):
    """Why nothing is taken from a team."""

    reason = sentences(
        _("Reason"),
        help_text=_("Told to the team's members and to whoever sends for it."),
    )


class MomentField(forms.DateTimeField):
    """A moment to the minute, in UTC; empty is none."""

    FORMAT = "%Y-%m-%dT%H:%M"
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=FORMAT)

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=[self.FORMAT, "%Y-%m-%d %H:%M"], required=False, **options)


class DatesForm(forms.Form):
    """From when and until when a benchmark takes answers."""

    opens_at = MomentField(label=_("Opens at (UTC)"), help_text=_("Empty: at once."))
    closes_at = MomentField(label=_("Closes at (UTC)"), help_text=_("Empty: without an end."))


class LimitsForm(forms.Form):
    """How many submissions a team has, and how many public entries."""

    daily_limit = forms.IntegerField(label=_("A UTC day"), min_value=0, max_value=100_000)
    total_limit = forms.IntegerField(label=_("In all"), min_value=0, max_value=1_000_000)
    public_entries_limit = forms.IntegerField(
        label=_("Public entries"),
        min_value=0,
        max_value=1_000_000,
        required=False,
        help_text=_("At a time; what is public stays so. Empty: without limit."),
    )


class DisclosureForm(forms.Form):
    """How much of a report a team and the public see."""

    disclosure = forms.ChoiceField(label=_("Disclosed"), choices=Benchmark.Disclosure.choices)


class NameForm(forms.Form):
    """What a benchmark is called, and what it is."""

    name = forms.CharField(label=_("Name"), max_length=Benchmark.LONGEST_NAME)
    summary = forms.CharField(
        label=_("Summary"),
        max_length=Benchmark.LONGEST_SUMMARY,
        required=False,
        help_text=_("One or two sentences for the first page and the API; empty: made from its rules."),
    )


class CloseUploadsForm(forms.Form):
    """What is said while nothing is taken."""

    sentence = sentences(
        _("Sentence"),
        most=500,
        help_text=_("Said to everybody who would send answers: why, and when it will be over."),
    )


class RulingForm(forms.Form):
    """What is told to everybody about a question that was disputed."""

    reply = sentences(
        _("Reply"),
        most=DisputedQuestion.LONGEST_REPLY,
        help_text=_(
            "Stands on the question’s page for everybody. Never say which answer is right, nor which is not."
        ),
    )
