"""The forms of people's pages: what they type is kept when something is wrong."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from scoring import kinds
from submissions import names
from submissions.models import Benchmark, Complaint, Dispute, Entry, Membership, Submission, Team, Token
from submissions.models.dispute import About
from submissions.oidc import issuers
from submissions.ui.box_report import FRAMES

NOT_DECLARED = _("not declared")
SETTING_CHOICES = {
    "template": Entry.Template.choices,
    "knowledge": Entry.Knowledge.choices,
    "tools": Entry.Tools.choices,
    "reasoning": Entry.YesNo.choices,
    "prompting": Entry.Prompting.choices,
    "training": Entry.Training.choices,
    "open_weights": Entry.YesNo.choices,
}
TEAM_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")
RESERVED_SLUGS = frozenset({"new"})  # /teams/new/ is a page


class WebLinkField(forms.URLField):
    """A link that a reader may follow: http or https, the latter when none is typed."""

    default_validators = [URLValidator(schemes=["http", "https"])]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(assume_scheme="https", required=False, max_length=200, **kwargs)


if TYPE_CHECKING:
    _EntryForm = forms.ModelForm[Entry]
else:  # Django's own class takes no parameter
    _EntryForm = forms.ModelForm


class UploadForm(_EntryForm):
    """An answer file with the entry that it is for; the entry's settings are checked by its model's fields."""

    # Whether a file came, and a usable one, is for uploads.py to say.
    file = forms.FileField(label=_("Answer file"), required=False, allow_empty_file=True)
    partial = forms.MultipleChoiceField(
        label=_("Subtasks that the file answers"), required=False, widget=forms.CheckboxSelectMultiple
    )
    frame = forms.ChoiceField(
        label=_("Frame of the boxes"),
        error_messages={"required": _("Say what the boxes of this file are measured in.")},
    )
    team = forms.ChoiceField(label=_("Team"))
    entry = forms.CharField(label=_("Entry"), max_length=80)
    paper = WebLinkField(label=_("Paper"))
    weights = WebLinkField(label=_("Weights"))
    code = WebLinkField(label=_("Code"))
    note = forms.CharField(
        label=_("Note"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    visibility = forms.ChoiceField(
        label=_("Who may see it"),
        choices=[
            (Submission.Visibility.PRIVATE, _("Private")),
            (Submission.Visibility.PUBLIC, _("Public")),
        ],
        initial=Submission.Visibility.PRIVATE,
        widget=forms.RadioSelect,
    )

    class Meta:
        model = Entry
        fields = (*Entry.SETTINGS, *Entry.LINKS)
        labels = {
            "shots": _("Shots"),
            "template": _("Template images"),
            "knowledge": _("Domain knowledge"),
            "tools": _("Tools"),
            "reasoning": _("Reasoning"),
            "prompting": _("Prompting"),
            "quantisation": _("Quantisation"),
            "training": _("Training exposure"),
            "parameters": _("Parameters (billions)"),
            "open_weights": _("Open weights"),
        }

    field_order = ["file", "frame", "partial", "team", "entry", *Entry.SETTINGS, *Entry.LINKS, "visibility"]

    def __init__(
        self, *args: Any, benchmark: Benchmark, teams: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._offer("partial", [(subtask.slug, subtask.name) for subtask in benchmark.rules.subtasks])
        frames = kinds.of(benchmark.rules).frames
        # None is chosen for anybody: in the wrong frame most boxes miss, and the try is spent.
        self._offer("frame", [("", _("choose")), *((frame, FRAMES[frame]) for frame in frames)])
        if not frames:
            del self.fields["frame"]
        self._offer("team", teams)
        if teams:
            self.fields["team"].initial = teams[0][0]
        for name in Entry.SETTINGS:
            if name in SETTING_CHOICES:
                self._offer(name, [("", NOT_DECLARED), *SETTING_CHOICES[name]])
            else:
                self.fields[name].widget.attrs["placeholder"] = NOT_DECLARED

    def _offer(self, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # for the type checker: the class says so
        field.choices = choices

    def clean_entry(self) -> str:
        return names.shown(self.cleaned_data["entry"])

    def declared(self) -> Mapping[str, Any]:
        """The settings and links that were filled in."""
        values = {name: self.cleaned_data.get(name) for name in (*Entry.SETTINGS, *Entry.LINKS)}
        return {name: value for name, value in values.items() if value not in (None, "")}


class CorrectionForm(forms.Form):
    """What a team may change of an entry that was scored."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_(
            "A script that sends answers for this entry has to use the new name. The old one stays in its history."
        ),
    )
    paper = WebLinkField(label=_("Paper"))
    weights = WebLinkField(label=_("Weights"))
    code = WebLinkField(label=_("Code"))
    note = forms.CharField(
        label=_("Note"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean_name(self) -> str:
        return names.shown(self.cleaned_data["name"])


class DisputeForm(forms.Form):
    """What somebody holds to be wrong with a question."""

    about = forms.ChoiceField(label=_("What is wrong"), choices=About.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Why"),
        max_length=Dispute.LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_(
            "What the image shows, where the question misleads, what would be right. The organizers alone read it."
        ),
    )


class ComplaintForm(forms.Form):
    """What a reader reports of an entry."""

    about = forms.ChoiceField(label=_("What is wrong"), choices=Complaint.About.choices)
    text = forms.CharField(
        label=_("What you found"),
        max_length=Complaint.LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("How can an organizer see it too? At most 2,000 characters."),
    )


class TeamForm(forms.Form):
    """A new team."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Stands on the board beside your entries.")
    )
    slug = forms.CharField(
        label=_("Short name"),
        max_length=50,
        help_text=_("Lower-case letters, digits and hyphens: for addresses and the API. It stays as it is."),
    )

    def clean_name(self) -> str:
        return names.shown(self.cleaned_data["name"])

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"].strip()
        if not TEAM_SLUG.fullmatch(slug):
            raise forms.ValidationError(
                _("Use lower-case letters from a to z, digits and hyphens, with no hyphen at either end.")
            )
        if slug in RESERVED_SLUGS:
            raise forms.ValidationError(_("This short name is needed for a page. Choose another."))
        return slug


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Where it is used, such as “nightly training”.")
    )
    scope = forms.ChoiceField(label=_("May"), choices=Token.Scope.choices, initial=Token.Scope.SUBMIT)
    days = forms.IntegerField(
        label=_("Days until it ends"), min_value=1, max_value=365, initial=90, help_text=_("At most 365.")
    )
    benchmarks = forms.MultipleChoiceField(
        label=_("Only for"),
        required=False,
        choices=lambda: list(Benchmark.objects.order_by("name").values_list("slug", "name")),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick the benchmarks that it is for; none: it is for all."),
    )

    def clean_name(self) -> str:
        return names.shown(self.cleaned_data["name"])


class PublisherForm(forms.Form):
    """A CI job that may send without a token."""

    issuer = forms.ChoiceField(
        label=_("Service"), choices=lambda: [(issuer.url, issuer.label) for issuer in issuers.known()]
    )
    repository = forms.CharField(
        label=_("Repository or project"),
        max_length=300,
        help_text=_("As in its address: example/inspector, or at GitLab example/vision/inspector."),
    )
    workflow = forms.CharField(
        label=_("Workflow or CI file"),
        max_length=200,
        help_text=_(
            "At GitHub the name of a file in .github/workflows: submit.yml. At GitLab: .gitlab-ci.yml."
        ),
    )
    environment = forms.CharField(
        label=_("Environment"),
        max_length=255,
        required=False,
        help_text=_(
            "If the job names one, only that job may send; its service can have a person let it begin."
        ),
    )
    benchmark = forms.ModelChoiceField(
        label=_("Sends to"),
        queryset=Benchmark.objects.order_by("name"),
        to_field_name="slug",
        empty_label=_("choose"),
    )
    repository_id = forms.CharField(
        label=_("Repository’s id"),
        max_length=20,
        required=False,
        help_text=_("A number that is never given twice, as names are. Empty: the first run’s is taken."),
    )
    owner_id = forms.CharField(
        label=_("Owner’s id"),
        max_length=20,
        required=False,
        help_text=_("The same of the account or group that the repository belongs to."),
    )

    def clean_environment(self) -> str:
        return names.shown(self.cleaned_data["environment"])


class RotateForm(forms.Form):
    """How long a token that another takes the place of stays good, in hours."""

    overlap = forms.TypedChoiceField(
        label=_("The old one ends"),
        choices=[(0, _("at once")), (1, _("in an hour")), (24, _("in a day")), (168, _("in a week"))],
        coerce=int,
        initial=24,
    )


class RoleForm(forms.Form):
    """Another role for somebody in the team."""

    role = forms.ChoiceField(choices=Membership.Role.choices)


def team_choices(teams: Sequence[Team], left_today: Mapping[int, int]) -> list[tuple[str, str]]:
    """The teams as choices; where there are several, each with what it may still send today."""
    if len(teams) < 2:
        return [(team.slug, team.name) for team in teams]
    return [
        (team.slug, _("%(team)s (%(left)s left today)") % {"team": team.name, "left": left_today[team.pk]})
        for team in teams
    ]
