"""Figures, shares, counts, sizes and times as a reader sees them.

Everything here runs once per figure in Python, so that the templates only place finished text: on a board of
fifty rows the ``floatformat`` filter alone would cost five milliseconds. The results are safe HTML in the
active language's notation, and a missing value is an en dash that a screen reader speaks as "no figure".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.utils import timezone
from django.utils.formats import date_format, get_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

Text = str | Promise
"""Text for a reader, translated now or when it is drawn."""

HEAT_STEPS = (40.0, 50.0, 60.0, 70.0, 80.0, 90.0)
"""Upper ends of the first six heat classes, in percent; the seventh ends at 100."""

NO_BREAK = "\N{NO-BREAK SPACE}"
THIN = "\N{NARROW NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Notation:
    """How one language writes figures. Asking for it once a page is cheaper than once a figure."""

    decimal: str
    thousands: str
    missing: SafeString
    unranked: SafeString
    partial: SafeString
    constant: SafeString
    verified: SafeString
    under_review: SafeString
    tied: str
    pick: SafeString
    _undeclared: tuple[SafeString, ...]

    def score(self, value: float | None, decimals: int = 1) -> SafeString:
        """See :func:`score`."""
        if value is None:
            return self.missing
        text = f"{value:.{decimals}f}"
        return SafeString(text if self.decimal == "." else text.replace(".", self.decimal))

    def interval(self, ends: Sequence[float] | None, decimals: int = 1) -> SafeString:
        """See :func:`interval`."""
        if ends is None:
            return SafeString("")
        return SafeString(f"{self.score(ends[0], decimals)}–{self.score(ends[1], decimals)}")

    def margin(self, score: float | None, ends: Sequence[float]) -> SafeString:
        """Half of an interval's width, where there is no room for both ends: "±1.3".

        Near 0 and 100 percent, where that would reach beyond them, both ends as whole numbers: "66–100".
        """
        half = (ends[1] - ends[0]) / 2
        if score is not None and not half <= score <= 100 - half:
            return SafeString(f"{math.floor(ends[0])}–{math.ceil(ends[1])}")
        return SafeString(f"±{self.score(half)}")

    def share(self, value: float | None) -> SafeString:
        """See :func:`share`."""
        if value is None:
            return self.missing
        if value >= 1:
            return SafeString(f"100{THIN}%")
        if value <= 0:
            return SafeString(f"0{THIN}%")
        return SafeString(f"{self.score(min(max(100 * value, 0.1), 99.9))}{THIN}%")

    def count(self, value: int | None) -> SafeString:
        """See :func:`count`."""
        if value is None:
            return self.missing
        text = f"{value:,}"
        return SafeString(text if self.thousands == "," else text.replace(",", self.thousands))

    def rank(self, value: int | None, low: int | None = None, high: int | None = None) -> SafeString:
        """See :func:`rank`."""
        if value is None:
            return self.unranked
        if low is not None and high is not None and low != high:
            return SafeString(f"{low}–{high}")
        return SafeString(str(value))

    def undeclared(self, settings: int) -> SafeString:
        """ "3 not declared"; up to twenty settings, more than an entry has."""
        return self._undeclared[settings]


@cache
def _notation(language: str | None) -> Notation:
    thousands = str(get_format("THOUSAND_SEPARATOR", lang=language, use_l10n=True))
    return Notation(
        decimal=str(get_format("DECIMAL_SEPARATOR", lang=language, use_l10n=True)),
        thousands=NO_BREAK if thousands == " " else thousands,
        missing=_spoken("–", gettext("no figure")),
        unranked=_spoken("·", gettext("no rank")),
        partial=format_html("{}", gettext("partial")),
        constant=format_html("{}", gettext("one letter:")),
        verified=format_html(
            ' <span class="verified" title="{}">{}</span>',
            gettext("Verified: reproduced by the organizers"),
            _spoken("✓", gettext("verified")),
        ),
        under_review=format_html("{}", gettext("under review")),
        tied=gettext("tied with the first"),
        pick=format_html("{}", gettext("Compare")),
        _undeclared=tuple(
            format_html("{}", ngettext("%(count)s not declared", "%(count)s not declared", n) % {"count": n})
            for n in range(21)
        ),
    )


def _spoken(sign: str, words: str) -> SafeString:
    return format_html(
        '<span aria-hidden="true">{}</span><span class="visually-hidden">{}</span>', sign, words
    )


def notation() -> Notation:
    """The active language's."""
    return _notation(get_language())


def missing() -> SafeString:
    """An en dash, spoken as "no figure"."""
    return notation().missing


def score(value: float | None, decimals: int = 1) -> SafeString:
    """A score in percent without its sign: one decimal on the board, two on an entry's page."""
    return notation().score(value, decimals)


def interval(ends: Sequence[float] | None, decimals: int = 1) -> SafeString:
    """Both ends of a figure's 95 % interval: "73.6–74.8"; empty for none."""
    return notation().interval(ends, decimals)


def share(value: float | None) -> SafeString:
    """A fraction from 0 to 1 as percent. Only the whole reads as 100 % and only nothing as 0 %."""
    return notation().share(value)


def count(value: int | None) -> SafeString:
    """A whole number with its thousands set apart: "39,672"."""
    return notation().count(value)


def percent(value: float) -> str:
    """A fraction that somebody has set, from 0 to 1, in percent: "95 %"."""
    return f"{100 * value:g}{THIN}%"


def asked(number: int, *, images: bool) -> str:
    """How many questions there are: "39,672 questions"; of boxes each is an image: "5,996 images"."""
    if images:
        return ngettext("{count} image", "{count} images", number).format(count=count(number))
    return ngettext("{count} question", "{count} questions", number).format(count=count(number))


def rank(value: int | None, low: int | None = None, high: int | None = None) -> SafeString:
    """A rank, or its range where two ends are given; a middle dot, spoken as "no rank", for none."""
    return notation().rank(value, low, high)


def size(octets: int | None) -> SafeString:
    """A file's size in steps of a thousand: "812 B", "1.4 kB", "12.3 MB"."""
    if octets is None:
        return missing()
    if octets < 1000:
        return SafeString(f"{octets}{NO_BREAK}B")
    value, unit = octets / 1000, "kB"
    for larger in ("MB", "GB"):
        if value < 999.95:
            break
        value, unit = value / 1000, larger
    return SafeString(f"{score(value)}{NO_BREAK}{unit}")


def when(moment: datetime | None, *, seconds: bool = False) -> SafeString:
    """A moment to the minute, or to the second, with its time zone; to the second in the ``datetime`` attribute."""
    if moment is None:
        return missing()
    local = timezone.localtime(moment)
    return _time(
        local, f"{date_format(local, 'j M Y, H:i:s' if seconds else 'j M Y, H:i')}{NO_BREAK}{local.tzname()}"
    )


def clock(moment: datetime | None) -> SafeString:
    """The time of day to the second."""
    if moment is None:
        return missing()
    local = timezone.localtime(moment)
    return _time(local, date_format(local, "H:i:s"))


def day(moment: datetime | None) -> SafeString:
    """The day alone."""
    if moment is None:
        return missing()
    local = timezone.localtime(moment)
    return _time(local, date_format(local, "j M Y"))


def _time(local: datetime, text: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), text)


def digest(value: str, length: int = 7) -> SafeString:
    """The first characters of a digest; the whole of it in the title."""
    return format_html('<code title="{}">{}</code>', value, value[:length])


def seconds(value: float) -> SafeString:
    """How long something took: "8 ms", "1.4 s", "3 min"."""
    if value < 1:
        return SafeString(f"{max(1, round(1000 * value))}{NO_BREAK}ms")
    if value < 90:
        return SafeString(f"{score(value)}{NO_BREAK}s")
    minutes = round(value / 60)
    return SafeString(ngettext("%(count)s min", "%(count)s min", minutes) % {"count": minutes})


def heat(value: float | None) -> int:
    """The heat class of a score in percent, 1 to 7 on a fixed scale; 0 for a missing one."""
    if value is None:
        return 0
    return 1 + sum(value >= step for step in HEAT_STEPS)
