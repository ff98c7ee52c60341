"""In which format a call answers."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer


class NamedFormats(DefaultContentNegotiation):
    """`?format=` of a name that the call does not have is the asker's mistake, not a missing page."""

    def filter_renderers(self, renderers: Iterable[BaseRenderer], format: str) -> list[BaseRenderer]:  # noqa: A002 - DRF's name
        """Raises ValidationError that names the formats there are."""
        known = list(renderers)
        if found := [renderer for renderer in known if renderer.format == format]:
            return found
        names = ", ".join(dict.fromkeys(str(renderer.format) for renderer in known))
        detail = _("This call does not answer in that format; it knows: {formats}.").format(formats=names)
        raise ValidationError({"format": ErrorDetail(detail, code="unknown-format")})
