"""What organizers are asked before they do something at the desk."""

from django import forms
from django.utils.translation import gettext_lazy as _

from submissions.moderation import REASON_CHARACTERS


class HideForm(forms.Form):
    """Why an entry leaves the board."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        help_text=_("Stands on the entry's page, for its team and for everybody."),
    )


class BanForm(forms.Form):
    """Why nothing is taken from a team."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        help_text=_("Told to the team's members and to whoever sends for it."),
    )
