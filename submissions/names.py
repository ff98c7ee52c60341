"""Names that people give, to entries, teams and tokens, and what else they write."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def shown(value: str) -> str:
    """The name as it stands on the board: single spaces, nothing that cannot be seen. Raises ValidationError."""
    name = " ".join(value.split())
    if not name.isprintable():
        raise ValidationError(_("The name holds characters that cannot be shown."))
    return name


def sentence(value: str, *, most: int) -> str:
    """What somebody wrote, as it is kept: without what no database takes and white space around, cut to so many."""
    return value.replace("\x00", "").strip()[:most]
